//! What belongs to a function beside its versions: tags, reserved instances, test events,
//! asynchronous configurations.

use hyper::Method;
use serde_json::{Value, json};

use crate::client::{Platform, URN, function, path};

#[tokio::test]
async fn tags_are_created_and_deleted_with_204_below_paths_without_fgs() {
    let platform = Platform::with_function().await;
    let tags = |operation: &str| format!("/functions/{URN}:latest/tags{operation}");
    let two = json!([{"key": "team", "value": "a"}, {"key": "stage", "value": "test"}]);
    let body = json!({"action": "create", "tags": two});
    assert!(platform.post(&tags("/create"), body).await.is_empty(204));
    let list = platform.get(&tags("")).await.json(200);
    assert_eq!(
        list["tags"],
        json!([{"key": "stage", "value": "test"}, {"key": "team", "value": "a"}])
    );
    assert!(list["sys_tags"].is_array());
    let all = platform.get("/functions/tags").await.json(200);
    assert_eq!(all["tags"][1], json!({"key": "team", "values": ["a"]}));
    let body =
        json!({"action": "delete", "tags": [{"key": "team", "value": "a"}, {"key": "none"}]});
    assert!(platform.call(Method::DELETE, &tags("/delete"), Some(body)).await.is_empty(204));
    let list = platform.get(&tags("")).await.json(200);
    assert_eq!(list["tags"], json!([{"key": "stage", "value": "test"}]));
    for body in [
        json!({"tags": []}),
        json!({"action": "delete", "tags": two}),
        json!({"tags": [{"key": "", "value": "x"}]}),
        json!({"tags": [{"key": "x", "value": "x".repeat(256)}]}),
    ] {
        assert_eq!(platform.post(&tags("/create"), body).await.code(), "400 FSS.0400");
    }
    let many: Vec<_> = (0..20).map(|n| json!({"key": format!("k{n}"), "value": ""})).collect();
    assert_eq!(platform.post(&tags("/create"), json!({"tags": many})).await.code(), "400 FSS.0400");
}

#[tokio::test]
async fn functions_are_found_by_their_names_and_tags() {
    let platform = Platform::with_function().await;
    platform.post("/fgs/functions", function("other")).await.json(200);
    let tags = json!({"tags": [{"key": "team", "value": "a"}]});
    platform.post(&format!("/functions/{URN}/tags/create"), tags).await.is_empty(204);
    let find = |body: Value| platform.post("/functions/resource-instances/filter", body);
    let by_tag =
        json!({"tags": [{"key": "team", "values": ["a", "b"]}], "limit": "10", "offset": "0"});
    let found = find(by_tag).await.json(200);
    assert_eq!(found["resources"][0]["resource_name"], "greet");
    assert_eq!(found["resources"][0]["resource_detail"]["detailId"], format!("{URN}:latest"));
    assert_eq!(found["total_count"], 1);
    let without = find(json!({"without_any_tag": true, "limit": 10})).await.json(200);
    assert_eq!(without["resources"][0]["resource_name"], "other");
    let named = json!({"matches": [{"key": "resource_name", "value": "ree"}]});
    let count = platform.post("/functions/resource-instances/count", named).await.json(200);
    assert_eq!(count, json!({"total_count": 1}));
}

#[tokio::test]
async fn the_list_of_reserved_instances_ends() {
    let platform = Platform::with_function().await;
    platform.publish("v1").await;
    platform.post(&path("aliases"), json!({"name": "prod", "version": "v1"})).await.json(200);
    let tactics = json!({"cron_configs": [{
        "name": "morning", "cron": "0 0 8 * * *", "count": 3, "start_time": 1, "expired_time": 2,
    }]});
    let body = json!({"count": 2, "idle_mode": true, "tactics_config": tactics});
    let reserved = |suffix: &str| format!("/fgs/functions/{URN}{suffix}/reservedinstances");
    assert_eq!(platform.put(&reserved(":v1"), body.clone()).await.json(200), body);
    platform.put(&reserved(":!prod"), json!({"count": 1})).await.json(200);
    let list = "/fgs/functions/reservedinstanceconfigs";
    let mut found = Vec::new();
    let mut marker = 0;
    loop {
        let query = format!("{list}?function_urn={URN}&limit=1&marker={marker}");
        let page = platform.get(&query).await.json(200);
        assert_eq!(page["count"], 2);
        let items = page["reserved_instances"].as_array().expect("an array").clone();
        assert_eq!(page["page_info"]["current_count"], items.len());
        if items.is_empty() {
            break;
        }
        found.extend(items);
        marker = page["page_info"]["next_marker"].as_u64().expect("a number");
    }
    assert_eq!(found.len(), 2);
    assert_eq!(
        (&found[0]["qualifier_type"], &found[0]["qualifier_name"]),
        (&json!("alias"), &json!("prod"))
    );
    assert_eq!(
        (&found[1]["qualifier_type"], &found[1]["qualifier_name"]),
        (&json!("version"), &json!("v1"))
    );
    assert_eq!((&found[1]["min_count"], &found[1]["idle_mode"]), (&json!(2), &json!(true)));
    assert_eq!(found[1]["tactics_config"], tactics);
    let counts = platform.get("/fgs/functions/reservedinstances").await.json(200);
    assert_eq!(
        counts["reservedinstances"][1],
        json!({"func_urn": format!("{URN}:v1"), "count": 2})
    );
    let config = platform.get(&format!("/fgs/functions/{URN}:v1/config")).await.json(200);
    assert_eq!(config["reserved_instance_count"], 2);
    for suffix in [":v1", ":!prod"] {
        let body = json!({"count": 0, "idle_mode": false});
        platform.put(&reserved(suffix), body).await.json(200);
    }
    let none = platform.get(list).await.json(200);
    assert_eq!((&none["count"], &none["reserved_instances"]), (&json!(0), &json!([])));
    assert_eq!(platform.put(&reserved(""), json!({"count": 1001})).await.code(), "400 FSS.0400");
}

#[tokio::test]
async fn test_events_are_kept_as_base64_of_json() {
    let platform = Platform::with_function().await;
    let body = json!({"name": "event-1", "content": "eyJrIjoidiJ9"});
    let created = platform.post(&path("events"), body.clone()).await.json(200);
    assert_eq!(created["name"], "event-1");
    let one = path(&format!("events/{}", created["id"].as_str().expect("a string")));
    let shown = platform.get(&one).await.json(200);
    assert_eq!(shown["content"], "eyJrIjoidiJ9");
    assert!(shown["last_modified"].is_u64());
    let list = platform.get(&path("events")).await.json(200);
    assert_eq!((&list["count"], &list["events"][0]["id"]), (&json!(1), &created["id"]));
    let updated = platform.put(&one, json!({"content": "e30="})).await.json(200);
    assert_eq!(updated, created);
    assert_eq!(platform.get(&one).await.json(200)["content"], "e30=");
    assert_eq!(platform.post(&path("events"), body).await.code(), "403 FSS.1073");
    for (content, code) in [
        ("%%%", "400 FSS.1074"),
        ("bm90IGpzb24=", "400 FSS.1074"),
        (&*"MTEx".repeat(1400), "403 FSS.1069"),
    ] {
        let body = json!({"name": "other", "content": content});
        assert_eq!(platform.post(&path("events"), body).await.code(), code);
    }
    assert!(platform.delete(&one).await.is_empty(204));
    assert_eq!(platform.get(&one).await.code(), "404 FSS.1070");
}

#[tokio::test]
async fn an_asynchronous_configuration_belongs_to_a_version() {
    let platform = Platform::with_function().await;
    platform.publish("v1").await;
    let config = |suffix: &str| format!("/fgs/functions/{URN}{suffix}/async-invoke-config");
    assert_eq!(platform.get(&config("")).await.code(), "404 FSS.0404");
    let param = json!({"func_urn": format!("{URN}:latest")}).to_string();
    let body = json!({
        "max_async_event_age_in_seconds": 60,
        "max_async_retry_attempts": 3,
        "destination_config": {
            "on_success": {"destination": "FunctionGraph", "param": param},
            "on_failure": {"destination": "", "param": ""},
        },
        "enable_async_status_log": true,
    });
    let set = platform.put(&config(":v1"), body).await.json(200);
    assert_eq!(set["func_urn"], format!("{URN}:v1"));
    assert_eq!(set["destination_config"]["on_success"]["param"], param);
    assert!(set["destination_config"].get("on_failure").is_none());
    assert!(set["created_time"].is_string() && set["last_modified"].is_string());
    assert_eq!(platform.get(&config(":v1")).await.json(200), set);
    let defaults = platform.put(&config(""), json!({})).await.json(200);
    assert_eq!(defaults["max_async_event_age_in_seconds"], 3600);
    assert_eq!(defaults["destination_config"], json!({}));
    let list = platform.get(&format!("{}s", config(""))).await.json(200);
    assert_eq!((&list["count"], &list["page_info"]["current_count"]), (&json!(2), &json!(2)));
    for body in [
        json!({"max_async_event_age_in_seconds": 0}),
        json!({"max_async_event_age_in_seconds": 86401}),
        json!({"max_async_retry_attempts": 4}),
        json!({"destination_config": {"on_success": {"destination": "Kafka", "param": "{}"}}}),
        json!({"destination_config": {"on_success": {"destination": "OBS", "param": "{}"}}}),
        json!({"destination_config": {"on_success": {"destination": "SMN", "param": "x"}}}),
    ] {
        assert_eq!(platform.put(&config(""), body.clone()).await.code(), "400 FSS.0400", "{body}");
    }
    assert!(platform.delete(&config(":v1")).await.is_empty(204));
    assert_eq!(platform.delete(&config(":v1")).await.code(), "404 FSS.0404");
}
