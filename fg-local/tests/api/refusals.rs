//! Requests that are refused, and with which code.

use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};

use crate::client::{PROJECT, Platform, function, package, path};

#[tokio::test]
async fn a_wrong_field_of_a_function_has_the_platforms_code() {
    let platform = Platform::start().await;
    for (field, value, code) in [
        ("func_name", json!("1greet"), "400 FSS.1002"),
        ("func_name", json!("x".repeat(61)), "400 FSS.1002"),
        ("func_name", Value::Null, "400 FSS.1002"),
        ("func_name", json!(7), "400 FSS.1002"),
        ("package", json!("a:b"), "400 FSS.1004"),
        ("runtime", json!("Rust"), "400 FSS.1005"),
        ("runtime", Value::Null, "400 FSS.1005"),
        ("handler", json!(""), "400 FSS.1003"),
        ("handler", Value::Null, "400 FSS.1003"),
        ("memory_size", json!(100), "400 FSS.1007"),
        ("memory_size", json!("128"), "400 FSS.1007"),
        ("memory_size", json!(-128), "400 FSS.1007"),
        ("timeout", json!(2), "400 FSS.1008"),
        ("timeout", json!(3.5), "400 FSS.1008"),
        ("timeout", json!(1e30), "400 FSS.1008"),
        ("user_data", json!({"a": "b"}), "400 FSS.1009"),
        ("user_data", json!("{\"a\":{}}"), "400 FSS.1009"),
        ("description", json!("x".repeat(513)), "400 FSS.1019"),
        ("code_type", json!("tar"), "400 FSS.1006"),
        ("code_type", json!("obs"), "501 FSS.0501"),
        ("code_filename", json!("../code.zip"), "400 FSS.1013"),
        ("func_code", Value::Null, "400 FSS.1012"),
        ("func_code", json!([]), "400 FSS.1011"),
        ("func_code", json!({"file": "%%%"}), "400 FSS.1011"),
        ("func_code", json!({"file": "bm90IGEgemlw"}), "400 FSS.1011"),
        ("type", json!("v3"), "400 FSS.0400"),
        ("gpu_memory", json!(1000), "400 FSS.0400"),
        ("enable_lts_log", json!("yes"), "400 FSS.0400"),
        ("strategy_config", json!({"concurrent_num": 2}), "400 FSS.1026"),
        ("initializer_timeout", json!(301), "400 FSS.1405"),
        ("depend_version_list", json!(["x"]), "400 FSS.1024"),
    ] {
        let mut body = function("greet");
        body[field] = value.clone();
        let refused = platform.post("/fgs/functions", body).await;
        assert_eq!(refused.code(), code, "{field} {value}");
    }
    let list = platform.get("/fgs/functions").await.json(200);
    assert_eq!(list["count"], 0);
}

#[tokio::test]
async fn a_taken_name_is_a_conflict() {
    let platform = Platform::with_function().await;
    let (status, code, message) = platform.post("/fgs/functions", function("greet")).await.error();
    assert_eq!((status, &*code), (409, "FSS.1061"));
    assert!(message.starts_with("The function has existed"), "{message}");
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_without_being_quoted() {
    let platform = Platform::start().await;
    for body in ["", "hush", "[]", "\"hush\"", "{\"password\": \"hush\"", "{\"a\": hush}", "\u{0}"]
    {
        let path = format!("/v2/{PROJECT}/fgs/functions");
        let refused = platform.send(Method::POST, &path, Bytes::from(body)).await;
        assert_eq!(refused.code(), "400 FSS.0400", "{body}");
        assert!(!refused.error().2.contains("hush"), "{body}");
    }
}

#[tokio::test]
async fn a_wrong_urn_and_unknown_functions_have_codes_of_their_own() {
    let platform = Platform::with_function().await;
    for (urn, code) in [
        ("a:b:c:d:e", "400 FSS.1309"),
        ("urn:fss:x", "400 FSS.1309"),
        ("%FF", "400 FSS.1309"),
        ("other", "404 FSS.1051"),
        ("..%2F..%2Fetc", "404 FSS.1051"),
        ("greet:v9", "404 FSS.1052"),
        ("greet:!none", "404 FSS.1053"),
    ] {
        let refused = platform.get(&format!("/fgs/functions/{urn}/config")).await;
        assert_eq!(refused.code(), code, "{urn}");
    }
}

#[tokio::test]
async fn a_name_and_a_runtime_cannot_be_changed() {
    let platform = Platform::with_function().await;
    let renamed = platform.put(&path("config"), json!({"func_name": "other"})).await;
    assert_eq!(renamed.code(), "400 FSS.1002");
    let changed = platform.put(&path("config"), json!({"runtime": "http"})).await;
    assert_eq!(changed.code(), "400 FSS.1005");
}

#[tokio::test]
async fn a_refused_update_changes_nothing() {
    let platform = Platform::with_function().await;
    let before = platform.get(&path("config")).await.json(200);
    let refused = platform.put(&path("config"), json!({"timeout": 10, "memory_size": 1})).await;
    assert_eq!(refused.code(), "400 FSS.1007");
    assert_eq!(platform.get(&path("config")).await.json(200), before);
}

#[tokio::test]
async fn large_bodies_are_refused() {
    let platform = Platform::with_function().await;
    let refused = platform.put(&path("config"), json!({"description": "x".repeat(2 << 20)})).await;
    assert_eq!(refused.code(), "413 FSS.0413");
    let inline = json!({"code_type": "inline", "func_code": {"file": "YWJj".repeat(4000)}});
    assert_eq!(platform.put(&path("code"), inline).await.code(), "413 FSS.1072");
    let good = json!({"code_type": "zip", "func_code": {"file": package("after")}});
    platform.put(&path("code"), good).await.json(200);
}
