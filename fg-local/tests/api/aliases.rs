//! Aliases of versions.

use serde_json::{Value, json};

use crate::client::{Platform, URN, path};

async fn platform() -> Platform {
    let platform = Platform::with_function().await;
    platform.publish("v1").await;
    platform.publish("v2").await;
    platform
}

#[tokio::test]
async fn an_alias_is_created_shown_moved_and_deleted() {
    let platform = platform().await;
    let body = json!({"name": "prod", "version": "v1", "description": "live"});
    let created = platform.post(&path("aliases"), body).await.json(200);
    assert_eq!(created["alias_urn"], format!("{URN}:!prod"));
    assert!(created["last_modified"].as_str().expect("a string").ends_with('Z'));
    assert!(created.get("additional_version_weights").is_none());
    let shown = platform.get(&path("aliases/prod")).await.json(200);
    assert_eq!(shown, created);
    let body = json!({"version": "v2", "additional_version_weights": {"v1": 20}});
    let moved = platform.put(&path("aliases/prod"), body).await.json(200);
    assert_eq!((&moved["version"], &moved["description"]), (&json!("v2"), &json!("live")));
    assert_eq!(moved["additional_version_weights"], json!({"v1": 20}));
    assert!(platform.delete(&path("aliases/prod")).await.is_empty(204));
    assert_eq!(platform.get(&path("aliases/prod")).await.code(), "404 FSS.1053");
    assert_eq!(platform.delete(&path("aliases/prod")).await.code(), "404 FSS.1053");
}

#[tokio::test]
async fn aliases_are_a_bare_array() {
    let platform = platform().await;
    assert_eq!(platform.get(&path("aliases")).await.json(200), Value::Array(vec![]));
    platform.post(&path("aliases"), json!({"name": "prod", "version": "v1"})).await.json(200);
    let list = platform.get(&path("aliases")).await.json(200);
    assert_eq!(list[0]["name"], "prod");
}

#[tokio::test]
async fn rules_on_headers_come_back_as_they_were_sent() {
    let platform = platform().await;
    let strategy = json!({"v2": {
        "combine_type": "and",
        "rules": [{"rule_type": "Header", "param": "version", "op": "in", "value": "a,b"}],
    }});
    let body = json!({"name": "beta", "version": "v1", "additional_version_strategy": strategy});
    let created = platform.post(&path("aliases"), body).await.json(200);
    assert_eq!(created["additional_version_strategy"], strategy);
}

#[tokio::test]
async fn a_wrong_alias_has_the_platforms_code() {
    let platform = platform().await;
    for (body, code) in [
        (json!({"name": "1", "version": "v1"}), "400 FSS.1014"),
        (json!({"version": "v1"}), "400 FSS.1014"),
        (json!({"name": "prod"}), "400 FSS.1015"),
        (json!({"name": "prod", "version": "v9"}), "404 FSS.1052"),
        (
            json!({"name": "prod", "version": "v1", "additional_version_weights": {"v9": 1}}),
            "400 FSS.1091",
        ),
        (
            json!({"name": "prod", "version": "v1", "additional_version_weights": {"v2": 101}}),
            "400 FSS.1092",
        ),
        (
            json!({"name": "prod", "version": "v1", "additional_version_weights": {"v2": "a"}}),
            "400 FSS.1092",
        ),
        (
            json!({"name": "prod", "version": "v1", "additional_version_weights": {"v1": 1}}),
            "400 FSS.1093",
        ),
    ] {
        let refused = platform.post(&path("aliases"), body.clone()).await;
        assert_eq!(refused.code(), code, "{body}");
    }
    platform.post(&path("aliases"), json!({"name": "prod", "version": "v1"})).await.json(200);
    let taken = platform.post(&path("aliases"), json!({"name": "prod", "version": "v2"})).await;
    assert_eq!(taken.code(), "409 FSS.1063");
    let second = platform.post(&path("aliases"), json!({"name": "other", "version": "v1"})).await;
    assert_eq!(second.code(), "409 FSS.1066");
}

#[tokio::test]
async fn an_additional_version_cannot_be_deleted() {
    let platform = platform().await;
    let body = json!({"name": "prod", "version": "v1", "additional_version_weights": {"v2": 10}});
    platform.post(&path("aliases"), body).await.json(200);
    let refused = platform.delete(&format!("/fgs/functions/{URN}:v2")).await;
    assert_eq!(refused.code(), "403 FSS.1094");
}

#[tokio::test]
async fn a_urn_with_an_alias_deletes_the_alias() {
    let platform = platform().await;
    platform.post(&path("aliases"), json!({"name": "prod", "version": "v1"})).await.json(200);
    assert!(platform.delete(&format!("/fgs/functions/{URN}:%21prod")).await.is_empty(204));
    platform.get(&format!("/fgs/functions/{URN}:v1/config")).await.json(200);
    assert_eq!(platform.get(&path("aliases/prod")).await.code(), "404 FSS.1053");
}
