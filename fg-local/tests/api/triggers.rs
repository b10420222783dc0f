//! Triggers of all types.

use serde_json::{Value, json};

use crate::client::{Platform, URN, function, path};

fn timer(name: &str) -> Value {
    json!({
        "trigger_type_code": "TIMER",
        "trigger_status": "ACTIVE",
        "event_data": {"name": name, "schedule_type": "Rate", "schedule": "3m"},
    })
}

fn api(path: &str) -> Value {
    json!({
        "trigger_type_code": "DEDICATEDGATEWAY",
        "event_data": {
            "name": "api", "env_id": "DEFAULT_ENVIRONMENT_RELEASE_ID", "env_name": "RELEASE",
            "protocol": "HTTPS", "auth": "NONE", "group_id": "g", "match_mode": "SWA",
            "req_method": "ANY", "type": 1, "path": path, "instance_id": "i",
            "func_info": {"timeout": 5000},
        },
    })
}

fn triggers() -> String {
    format!("/fgs/triggers/{URN}")
}

#[tokio::test]
async fn a_trigger_is_created_shown_disabled_and_deleted() {
    let platform = Platform::with_function().await;
    let created = platform.post(&triggers(), timer("t")).await.json(201);
    assert_eq!(created["trigger_status"], "ACTIVE");
    assert_eq!(created["event_data"]["schedule"], "3m");
    for field in ["created_time", "last_updated_time"] {
        assert!(created[field].as_str().expect("a string").ends_with('Z'), "{field}");
    }
    let one = format!("{}/TIMER/{}", triggers(), created["trigger_id"].as_str().expect("a string"));
    assert_eq!(platform.get(&one).await.json(200), created);
    let disabled = platform.put(&one, json!({"trigger_status": "DISABLED"})).await.json(200);
    assert_eq!(disabled["trigger_status"], "DISABLED");
    assert_eq!(platform.get(&one).await.json(200)["trigger_status"], "DISABLED");
    assert!(platform.delete(&one).await.is_empty(204));
    assert_eq!(platform.get(&one).await.code(), "404 FSS.1140");
    assert_eq!(platform.delete(&one).await.code(), "404 FSS.1140");
    assert_eq!(platform.get(&triggers()).await.json(200), json!([]));
}

#[tokio::test]
async fn an_update_takes_an_object_and_an_array() {
    let platform = Platform::with_function().await;
    let body = json!({
        "trigger_type_code": "DIS",
        "event_data": {
            "stream_name": "s", "sharditerator_type": "LATEST", "polling_interval": 30,
            "polling_unit": "s", "is_serial": "true", "max_fetch_bytes": 1_048_576,
        },
    });
    let created = platform.post(&triggers(), body).await.json(201);
    let one = format!("{}/DIS/{}", triggers(), created["trigger_id"].as_str().expect("a string"));
    let body = json!({"event_data": {"polling_interval": 40}});
    let updated = platform.put(&one, body).await.json(200);
    assert_eq!(updated["event_data"]["polling_interval"], 40);
    let body = json!({"event_data": [{"is_serial": false}, {"polling_unit": "ms"}]});
    let updated = platform.put(&one, body).await.json(200);
    let data = &updated["event_data"];
    assert_eq!((&data["is_serial"], &data["polling_unit"]), (&json!("false"), &json!("ms")));
    assert_eq!((&data["polling_interval"], &data["stream_name"]), (&json!(40), &json!("s")));
    let refused = platform.put(&one, json!({"event_data": [1]})).await;
    assert_eq!(refused.code(), "400 FSS.0400");
}

#[tokio::test]
async fn an_api_has_the_fields_of_the_gateway() {
    let platform = Platform::with_function().await;
    let created = platform.post(&triggers(), api("/greet")).await.json(201);
    let data = &created["event_data"];
    for field in ["api_id", "api_name", "group_name", "roma_app_id", "sl_domain"] {
        assert!(data[field].is_string(), "{field}");
    }
    assert_eq!(data["triggerid"], created["trigger_id"]);
    let url = data["invoke_url"].as_str().expect("a string");
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/greet"), "{url}");
    let info = &data["func_info"];
    assert_eq!((&info["version"], &info["invocation_type"]), (&json!("latest"), &json!("sync")));
    assert_eq!((&info["function_urn"], &info["timeout"]), (&json!(URN), &json!(5000)));
    let taken = platform.post(&triggers(), api("/greet")).await;
    assert_eq!(taken.code(), "409 FSS.1147");
}

#[tokio::test]
async fn a_secret_is_never_returned() {
    let platform = Platform::with_function().await;
    let body = json!({
        "trigger_type_code": "KAFKA",
        "event_data": {
            "instance_id": "i", "topic_ids": ["t"], "batch_size": 10, "kafka_user": "u",
            "kafka_password": "hush",
        },
    });
    let created = platform.post(&triggers(), body).await;
    let created = created.json(201);
    assert_eq!(created["trigger_status"], "DISABLED");
    assert_eq!(created["event_data"]["kafka_password"], "");
    let list = platform.get(&triggers()).await;
    assert!(!String::from_utf8_lossy(&list.body).contains("hush"));
}

#[tokio::test]
async fn triggers_belong_to_the_version_or_alias_of_their_urn() {
    let platform = Platform::with_function().await;
    platform.publish("v1").await;
    platform.post(&path("aliases"), json!({"name": "prod", "version": "v1"})).await.json(200);
    for (suffix, name) in [("", "a"), (":v1", "b"), (":!prod", "c")] {
        let path = format!("{}{suffix}", triggers());
        platform.post(&path, timer(name)).await.json(201);
    }
    for (suffix, names) in [("", "abc"), (":latest", "a"), (":v1", "b"), (":!prod", "c")] {
        let list = platform.get(&format!("{}{suffix}", triggers())).await.json(200);
        let found: String = list
            .as_array()
            .expect("an array")
            .iter()
            .map(|trigger| trigger["event_data"]["name"].as_str().expect("a string"))
            .collect();
        assert_eq!(found, names, "{suffix}");
    }
    let bound = platform.delete(&path("aliases/prod")).await;
    assert_eq!(bound.code(), "403 FSS.1154");
    let bound = platform.delete(&format!("/fgs/functions/{URN}:v1")).await;
    assert_eq!(bound.code(), "403 FSS.1154");
    assert!(platform.delete(&format!("{}:!prod", triggers())).await.is_empty(204));
    assert!(platform.delete(&path("aliases/prod")).await.is_empty(204));
    assert!(platform.delete(&triggers()).await.is_empty(204));
    assert_eq!(platform.get(&triggers()).await.json(200), json!([]));
}

#[tokio::test]
async fn all_triggers_of_the_project_are_listed_in_pages() {
    let platform = Platform::with_function().await;
    platform.post("/fgs/functions", function("other")).await.json(200);
    platform.post(&triggers(), timer("a")).await.json(201);
    let other = format!("/fgs/triggers/{}", URN.replace("greet", "other"));
    platform.post(&other, timer("a")).await.json(201);
    platform.post(&other, api("/other")).await.json(201);
    let list = platform.get("/fgs/triggers?maxitems=500").await.json(200);
    assert_eq!((&list["count"], &list["next_marker"]), (&json!(3), &json!(3)));
    assert_eq!(list["triggers"][0]["func_urn"], format!("{URN}:latest"));
    let timers =
        platform.get("/fgs/triggers?trigger_type=TIMER&maxitems=1&marker=1").await.json(200);
    assert_eq!(timers["triggers"].as_array().expect("an array").len(), 1);
    let past = platform.get("/fgs/triggers?marker=3").await.json(200);
    assert_eq!(past["triggers"], json!([]));
}

#[tokio::test]
async fn wrong_triggers_have_the_codes_of_their_types() {
    let platform = Platform::with_function().await;
    platform.post(&triggers(), timer("t")).await.json(201);
    for (body, code) in [
        (timer("t"), "409 FSS.1148"),
        (json!({"event_data": {}}), "400 FSS.1101"),
        (json!({"trigger_type_code": "HTTP", "event_data": {}}), "400 FSS.1101"),
        (json!({"trigger_type_code": "TIMER"}), "400 FSS.1109"),
        (json!({"trigger_type_code": "TIMER", "event_data": []}), "400 FSS.1109"),
        (json!({"trigger_type_code": "OBS", "event_data": {"bucket": "b"}}), "400 FSS.1106"),
        (
            json!({"trigger_type_code": "SMN", "trigger_status": "DISABLED",
                "event_data": {"topic_urn": "urn:smn:r:p:t"}}),
            "400 FSS.1318",
        ),
    ] {
        assert_eq!(platform.post(&triggers(), body.clone()).await.code(), code, "{body}");
    }
    let missing = platform.get(&format!("{}/KAFKA/none", triggers())).await;
    assert_eq!(missing.code(), "404 FSS.1174");
    let missing = platform.get(&format!("{}/NONE/none", triggers())).await;
    assert_eq!(missing.code(), "404 FSS.1137");
}

#[tokio::test]
async fn two_triggers_of_a_bucket_exclude_each_other_if_an_event_is_for_both() {
    let platform = Platform::with_function().await;
    platform.post("/fgs/functions", function("other")).await.json(200);
    let obs = |event: &str, prefix: &str| {
        let data = json!({"bucket": "b", "events": [event], "prefix": prefix});
        json!({"trigger_type_code": "OBS", "event_data": data})
    };
    let created = platform.post(&triggers(), obs("s3:ObjectCreated:*", "in/")).await.json(201);
    let other = format!("/fgs/triggers/{}", URN.replace("greet", "other"));
    assert_eq!(platform.post(&other, obs("Put", "in/images/")).await.code(), "403 FSS.1108");
    platform.post(&other, obs("Put", "out/")).await.json(201);
    let one = format!("{}/OBS/{}", triggers(), created["trigger_id"].as_str().expect("a string"));
    let moved = platform.put(&one, json!({"event_data": {"bucket": "c"}})).await;
    assert_eq!(moved.code(), "400 FSS.1106");
}
