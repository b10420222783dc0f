//! What the API tells of invocations: asynchronous ones, and metrics. A trigger that is fired by
//! hand makes them.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};

use crate::client::{Platform, URN, function, path, zip};

/// A server with a function whose program is this script.
async fn with_script(script: &str) -> Platform {
    let platform = Platform::start().await;
    let mut body = function("greet");
    body["func_code"] = json!({"file": STANDARD.encode(zip(&[("bootstrap", script)]))});
    body["initializer_handler"] = "greet".into();
    body["initializer_timeout"] = 60.into();
    platform.post("/fgs/functions", body).await.json(200);
    platform
}

/// Invokes the function asynchronously, and returns the request id.
async fn fire(platform: &Platform) -> String {
    let body = json!({
        "trigger_type_code": "SMN",
        "event_data": {"topic_urn": "urn:smn:cn-north-4:p:topic"},
    });
    let trigger = platform.post(&format!("/fgs/triggers/{URN}"), body).await.json(201);
    let id = trigger["trigger_id"].as_str().expect("a string");
    let path = format!("/fg/triggers/{URN}/SMN/{id}/fire");
    let fired = platform.send(Method::POST, &path, Bytes::new()).await.json(202);
    fired["request_id"].as_str().expect("a string").to_owned()
}

/// The invocation with this id, as soon as it has this status.
async fn wait_for(platform: &Platform, id: &str, status: &str) -> Value {
    let query = path(&format!("async-invocations?request_id={id}"));
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let list = platform.get(&query).await.json(200);
        let invocation = list["invocations"][0].clone();
        if invocation["status"] == status {
            return invocation;
        }
        assert!(Instant::now() < end, "{invocation} is not {status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_failed_invocation_is_listed_and_measured() {
    let platform = with_script("#!/bin/sh\nexit 7\n").await;
    let id = fire(&platform).await;
    let failed = wait_for(&platform, &id, "FAIL").await;
    assert!(failed["error_code"].is_i64() && failed["error_code"] != 0, "{failed}");
    assert!(!failed["error_message"].as_str().expect("a string").is_empty(), "{failed}");
    for field in ["start_time", "end_time"] {
        assert!(failed[field].as_str().expect("a string").ends_with('Z'), "{failed}");
    }
    let listed = platform.get(&path("async-invocations?status=FAIL")).await.json(200);
    assert_eq!((&listed["count"], &listed["invocations"][0]), (&json!(1), &failed));
    let active = platform.get(&path("active-async-invocations")).await.json(200);
    assert_eq!(active["invocations"], json!([]));
    let report = platform.get(&path("slareports/5")).await.json(200);
    let sum = |name: &str| {
        let values = report[name].as_array().expect("an array").iter();
        values.filter_map(|one| one["value"].as_u64()).sum::<u64>()
    };
    assert_eq!((sum("count"), sum("fail_count")), (1, 1));
    let listed = platform.get("/fgs/functions").await.json(200);
    assert_eq!(listed["functions"][0]["fail_count"], 1);
}

#[tokio::test]
async fn an_event_may_be_larger_than_other_bodies() {
    let platform = with_script("#!/bin/sh\nexit 7\n").await;
    let event = json!({"padding": "x".repeat(4 << 20)});
    let answer = platform.post(&path("invocations"), event).await;
    assert_ne!(answer.status, 413, "{}", String::from_utf8_lossy(&answer.body));
    let event = json!({"padding": "x".repeat(7 << 20)});
    assert_eq!(platform.post(&path("invocations"), event).await.status, 413);
}

#[tokio::test]
async fn an_invocation_that_runs_can_be_cancelled_once() {
    let platform = with_script("#!/bin/sh\nexec sleep 60\n").await;
    let id = fire(&platform).await;
    wait_for(&platform, &id, "RUNNING").await;
    let query = path(&format!("active-async-invocations?requests={id},other"));
    let active = platform.get(&query).await.json(200);
    assert_eq!(active["invocations"][0]["request_id"], id);
    let wrong = platform.post(&path("cancel"), json!({"request_id": id, "type": "soft"})).await;
    assert_eq!(wrong.code(), "400 FSS.0400");
    let body = json!({"request_id": id, "type": "force"});
    assert_eq!(platform.post(&path("cancel"), body.clone()).await.json(200), json!({}));
    let cancelled = wait_for(&platform, &id, "DISCARD").await;
    assert!(!cancelled["end_time"].as_str().expect("a string").is_empty());
    assert_eq!(platform.post(&path("cancel"), body).await.code(), "400 FSS.0400");
}
