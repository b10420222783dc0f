//! A function that runs, and invocations of it by a trigger.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::{Answer, Platform, URN, function, path, zip};

/// Long enough for any machine: only a failing test waits so long.
const LIMIT: Duration = Duration::from_secs(60);

/// A server with the function `greet`, whose program is `examples/worker.rs`, and an SMN trigger
/// that is fired by hand.
pub(crate) struct Worker {
    pub(crate) platform: Platform,
    trigger: String,
}

impl Worker {
    pub(crate) async fn start() -> Self {
        let platform = Platform::start().await;
        let mut greet = function("greet");
        // The program itself would be a package of 14 MB.
        let bootstrap = format!("#!/bin/sh\nexec '{}'\n", program().display());
        greet["func_code"]["file"] = STANDARD.encode(zip(&[("bootstrap", &bootstrap)])).into();
        greet["timeout"] = 60.into();
        platform.post("/fgs/functions", greet).await.json(200);
        let data = json!({"topic_urn": "urn:smn:cn-north-4:p:topic"});
        let trigger = create(&platform, "SMN", &data).await;
        Self { platform, trigger }
    }

    /// Queues an invocation, and returns its request id.
    pub(crate) async fn fire(&self, event: &Value) -> String {
        let answer = fire(&self.platform, "SMN", &self.trigger, &event.to_string()).await.json(202);
        answer["request_id"].as_str().expect("a string").to_owned()
    }

    /// The query of the function's stream.
    pub(crate) async fn query_path(&self) -> String {
        let detail = self.platform.get(&path("lts-log-detail")).await.json(200);
        let id = |name: &str| detail[name].as_str().expect("a string").to_owned();
        format!("/groups/{}/streams/{}/content/query", id("group_id"), id("stream_id"))
    }

    /// The lines of the log with a request id, once the invocation has ended.
    pub(crate) async fn lines(&self, request_id: &str) -> Vec<String> {
        self.wait_for_finished(&format!("\"{request_id}\""), 1).await
    }

    /// The lines of the log with these keywords, once so many invocations have ended.
    pub(crate) async fn wait_for_finished(&self, keywords: &str, count: usize) -> Vec<String> {
        let path = self.query_path().await;
        let query = query(&json!({"keywords": keywords}));
        let deadline = Instant::now() + LIMIT;
        loop {
            let answer = self.platform.post(&path, query.clone()).await.json(200);
            let lines = contents(&answer);
            let is_end = |line: &&String| line.contains("Finish invoke request");
            if lines.iter().filter(is_end).count() >= count {
                return lines;
            }
            assert!(Instant::now() < deadline, "{keywords}: {lines:?}");
            tokio::task::yield_now().await;
        }
    }
}

/// Creates a trigger of `greet`, and returns its id.
pub(crate) async fn create(platform: &Platform, type_code: &str, event_data: &Value) -> String {
    let body = json!({
        "trigger_type_code": type_code, "trigger_status": "ACTIVE", "event_data": event_data
    });
    let trigger = platform.post(&format!("/fgs/triggers/{URN}"), body).await.json(201);
    trigger["trigger_id"].as_str().expect("a string").to_owned()
}

/// Fires a trigger of `greet` by hand.
pub(crate) async fn fire(platform: &Platform, type_code: &str, id: &str, event: &str) -> Answer {
    let path = format!("/fg/triggers/{URN}/{type_code}/{id}/fire");
    platform.send(Method::POST, &path, Bytes::from(event.to_owned())).await
}

/// `examples/worker.rs`, which cargo builds with all tests.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let target = test.ancestors().nth(2).expect("a test is in target/<profile>/deps");
    let program = target.join("examples").join(format!("worker{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: build it with `cargo build -p fg-local --examples`, or run all of `cargo test`",
        program.display()
    );
    program
}

/// The body of a query of the last hour, with these fields.
pub(crate) fn query(fields: &Value) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_millis();
    let mut query = json!({
        "start_time": (now - 3_600_000).to_string(),
        "end_time": (now + 60_000).to_string(),
        "highlight": false,
    });
    for (name, value) in fields.as_object().expect("an object") {
        query[name] = value.clone();
    }
    query
}

/// The lines in the answer to a query.
pub(crate) fn contents(answer: &Value) -> Vec<String> {
    let logs = answer["logs"].as_array().expect("a list");
    logs.iter().map(|line| line["content"].as_str().expect("a string").to_owned()).collect()
}
