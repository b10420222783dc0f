//! What an SDK asks IAM, and what is not there.

use bytes::Bytes;
use hyper::Method;
use serde_json::json;

use crate::client::{PROJECT, Platform};

#[tokio::test]
async fn a_region_has_exactly_one_project() {
    let platform = Platform::start().await;
    // The SDK for Node sends a body with this GET.
    let answer = platform.send(Method::GET, "/v3/projects?name=cn-north-4", "{}".into()).await;
    let projects = answer.json(200);
    assert_eq!(projects["projects"].as_array().expect("an array").len(), 1);
    assert_eq!(projects["projects"][0]["id"], PROJECT);
    for field in ["is_domain", "description", "links", "enabled", "parent_id", "domain_id", "name"]
    {
        assert!(!projects["projects"][0][field].is_null(), "{field}");
    }
    let other = platform.send(Method::GET, "/v3/projects?name=eu-de", Bytes::new()).await;
    assert_eq!(other.json(200)["projects"], json!([]));
}

#[tokio::test]
async fn there_is_one_account() {
    let platform = Platform::start().await;
    let domains = platform.send(Method::GET, "/v3/auth/domains", Bytes::new()).await.json(200);
    assert!(domains["domains"][0]["id"].is_string());
    assert!(domains["domains"][0]["links"]["self"].is_string());
}

#[tokio::test]
async fn what_is_not_emulated_says_so_with_501() {
    let platform = Platform::start().await;
    for (method, path) in [
        (Method::POST, "/v3/auth/tokens".to_owned()),
        (Method::GET, "/v3/auth/catalog".to_owned()),
        (Method::GET, format!("/v2/{PROJECT}/fgs/workflows")),
        (Method::PATCH, format!("/v2/{PROJECT}/fgs/functions")),
        (Method::GET, format!("/v2/{PROJECT}/anything/at/all")),
    ] {
        let answer = platform.send(method, &path, Bytes::new()).await;
        assert_eq!(answer.code(), "501 FSS.0501", "{path}");
        assert!(path.ends_with("/tokens") || answer.error().2.contains(&path), "{path}");
    }
}
