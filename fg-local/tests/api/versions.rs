//! Versions: publish, list, delete.

use hyper::Method;
use serde_json::{Value, json};

use crate::client::{Platform, URN, path};

#[tokio::test]
async fn a_published_version_stays_as_it_was() {
    let platform = Platform::with_function().await;
    let body = json!({"version": "v1", "description": "first"});
    let published = platform.post(&path("versions"), body).await.json(200);
    assert_eq!(published["func_urn"], format!("{URN}:v1"));
    assert_eq!(
        (&published["version"], &published["version_description"]),
        (&json!("v1"), &json!("first"))
    );
    platform.put(&path("config"), json!({"timeout": 30})).await.json(200);
    let version = platform.get(&format!("/fgs/functions/{URN}:v1/config")).await.json(200);
    assert_eq!(version["timeout"], 3);
    let refused =
        platform.put(&format!("/fgs/functions/{URN}:v1/config"), json!({"timeout": 9})).await;
    assert_eq!(refused.code(), "400 FSS.1015");
}

#[tokio::test]
async fn publishing_without_a_body_names_the_version_by_the_time() {
    let platform = Platform::with_function().await;
    let published = platform.call(Method::POST, &path("versions"), None).await.json(200);
    let name = published["version"].as_str().expect("a string");
    assert!(name.starts_with("v20") && name.len() == "v20261127-102030".len(), "{name}");
}

#[tokio::test]
async fn publishing_needs_a_change_and_a_free_name() {
    let platform = Platform::with_function().await;
    platform.post(&path("versions"), json!({"version": "v1"})).await.json(200);
    let refused = platform.post(&path("versions"), json!({"version": "v2"})).await;
    assert_eq!(refused.code(), "400 FSS.1016");
    let empty = json!({"peering_cidr": "", "restore_hook_timeout": 0, "timeout": 3});
    platform.put(&path("config"), empty).await.json(200);
    let refused = platform.post(&path("versions"), json!({"version": "v2"})).await;
    assert_eq!(refused.code(), "400 FSS.1016");
    platform.put(&path("config"), json!({"timeout": 4})).await.json(200);
    let refused = platform.post(&path("versions"), json!({"version": "v1"})).await;
    assert_eq!(refused.code(), "409 FSS.1062");
    let refused = platform.post(&path("versions"), json!({"version": "a b"})).await;
    assert_eq!(refused.code(), "400 FSS.1015");
}

#[tokio::test]
async fn the_list_of_versions_has_latest_and_the_fields_of_the_models() {
    let platform = Platform::with_function().await;
    platform.publish("v1").await;
    platform.publish("v2").await;
    let list = platform.get(&path("versions")).await.json(200);
    let versions: Vec<_> = list["versions"].as_array().expect("an array").iter().collect();
    let names: Vec<_> = versions.iter().map(|version| &version["version"]).collect();
    assert_eq!(names, ["latest", "v2", "v1"]);
    assert_eq!((&list["count"], &list["next_marker"]), (&json!(3), &json!(3)));
    for version in versions {
        let name = version["version"].as_str().expect("a string");
        assert_eq!(version["func_urn"], format!("{URN}:{name}"));
        for field in ["concurrency", "concurrent_num", "cpu", "code_size", "memory_size"] {
            assert!(version[field].is_i64() || version[field].is_u64(), "{field}");
        }
        for field in ["func_vpc_id", "image_name", "digest", "domain_id", "last_modified"] {
            assert!(version[field].is_string(), "{field}");
        }
    }
    let page = platform.get(&format!("{}?marker=1&maxitems=1", path("versions"))).await.json(200);
    assert_eq!(page["versions"][0]["version"], "v2");
}

#[tokio::test]
async fn deleting_a_version_takes_its_alias_along_and_leaves_the_function() {
    let platform = Platform::with_function().await;
    platform.publish("v1").await;
    platform.post(&path("aliases"), json!({"name": "prod", "version": "v1"})).await.json(200);
    assert!(platform.delete(&format!("/fgs/functions/{URN}:v1")).await.is_empty(204));
    assert_eq!(platform.get(&path("aliases")).await.json(200), Value::Array(vec![]));
    let gone = platform.get(&format!("/fgs/functions/{URN}:v1/config")).await;
    assert_eq!(gone.code(), "404 FSS.1052");
    platform.get(&path("config")).await.json(200);
}

#[tokio::test]
async fn latest_cannot_be_deleted_alone() {
    let platform = Platform::with_function().await;
    let refused = platform.delete(&format!("/fgs/functions/{URN}:latest")).await;
    assert_eq!(refused.code(), "400 FSS.1015");
    platform.get(&path("config")).await.json(200);
}
