//! Many invocations of many functions at the same time. `FG_LOAD=full` makes it 1,000 of 50, which
//! is meant for an optimized build, and prints what it has measured:
//!
//! ```sh
//! FG_LOAD=full cargo test --release -p fg-local --test api load:: -- --nocapture --test-threads 1
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fg_emulator::{Emulator, Event};
use hyper::Method;
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::client::{Platform, URN, function, path, zip};
use crate::worker::program;

fn is_full() -> bool {
    std::env::var("FG_LOAD").is_ok_and(|load| load == "full")
}

/// A server with so many functions `load-<n>`, and `greet` for the management API.
async fn with_functions(count: usize) -> Platform {
    let platform = Platform::with_function().await;
    let bootstrap = format!("#!/bin/sh\nexec '{}'\n", program().display());
    let package = STANDARD.encode(zip(&[("bootstrap", &bootstrap)]));
    for number in 0..count {
        let mut body = function(&format!("load-{number}"));
        body["func_code"]["file"] = package.as_str().into();
        body["timeout"] = 60.into();
        body["initializer_handler"] = "worker".into();
        body["initializer_timeout"] = 60.into();
        platform.post("/fgs/functions", body).await.json(200);
    }
    platform
}

async fn invoke(platform: &Platform, function: &str, event: &Value) -> (u16, Value) {
    let urn = URN.replace("greet", function);
    let path = format!("/v2/p/fgs/functions/{urn}/invocations");
    let answer = platform.send(Method::POST, &path, Bytes::from(event.to_string())).await;
    (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap_or_default())
}

/// Calls the management API, which writes to the store, until it is told to stop. On a thread of
/// its own, so that the other callers in this process do not count.
fn manage(platform: Arc<Platform>, stopping: Arc<AtomicBool>) -> JoinHandle<Vec<Duration>> {
    let managing = move || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(manage_on(platform, stopping))
    };
    std::thread::spawn(managing)
}

async fn manage_on(platform: Arc<Platform>, stopping: Arc<AtomicBool>) -> Vec<Duration> {
    let mut times = Vec::new();
    while !stopping.load(Ordering::Relaxed) {
        let body = json!({"description": format!("change {}", times.len())});
        let began = Instant::now();
        platform.put(&path("config"), body).await.json(200);
        times.push(began.elapsed());
        tokio::task::yield_now().await;
    }
    times
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_many_invocations_are_answered_or_refused_and_none_is_lost() {
    let (functions, invocations, rounds) = if is_full() { (50, 1000, 5) } else { (4, 60, 1) };
    let platform = Arc::new(with_functions(functions).await);
    let stopping = Arc::new(AtomicBool::new(false));
    let managing = manage(Arc::clone(&platform), Arc::clone(&stopping));
    let began = Instant::now();
    let (mut answered, mut refused) = (0, 0);
    for _ in 0..rounds {
        let mut running = JoinSet::new();
        for number in 0..invocations {
            let platform = Arc::clone(&platform);
            running.spawn(async move {
                let name = format!("load-{}", number % functions);
                let result = invoke(&platform, &name, &json!({"sleep_ms": 20})).await;
                (name, result)
            });
        }
        while let Some(ended) = running.join_next().await {
            match ended.expect("no panic") {
                (name, (200, answer)) => {
                    assert_eq!(answer["function"], name.as_str(), "{answer}");
                    answered += 1;
                }
                (_, (429, answer)) => {
                    assert_eq!(answer["error_code"], "FSS.0429", "{answer}");
                    refused += 1;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    stopping.store(true, Ordering::Relaxed);
    let joined = tokio::task::spawn_blocking(|| managing.join()).await.expect("no panic");
    let mut times = joined.expect("no panic");
    assert_eq!(answered + refused, rounds * invocations);
    assert!(answered > 0 && !times.is_empty());
    times.sort_unstable();
    eprintln!(
        "{rounds} times {invocations} invocations of {functions} functions: {answered} answered, \
         {refused} refused, in {:.1} s; {} management calls, median {:?}, 99 % within {:?}, longest \
         {:?}; {}",
        began.elapsed().as_secs_f64(),
        times.len(),
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1],
        memory(),
    );
}

/// A warm invocation over the API, beside one by the Runtime API alone, in turn.
#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_over_the_api_returns_what_the_function_returns() {
    let platform = with_functions(1).await;
    let emulator =
        Emulator::builder(program()).name("load-0").init_timeout(Duration::from_secs(60));
    let emulator = Arc::new(emulator.start().expect("it starts"));
    let event = json!({});
    let count = if is_full() { 2000 } else { 20 };
    let (mut over_api, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let began = Instant::now();
        let (status, answer) = invoke(&platform, "load-0", &event).await;
        over_api.push(began.elapsed());
        let emulator = Arc::clone(&emulator);
        let event = event.to_string();
        let (execution, time) = tokio::task::spawn_blocking(move || {
            let began = Instant::now();
            (emulator.invoke(Event::new(event)), began.elapsed())
        })
        .await
        .expect("no panic");
        alone.push(time);
        let response: Value =
            serde_json::from_str(&execution.response().expect("a response")).expect("JSON");
        assert_eq!((status, &answer), (200, &response));
    }
    over_api.sort_unstable();
    alone.sort_unstable();
    eprintln!(
        "{count} warm invocations: median {:?} over the API with a new connection each, {:?} by the \
         Runtime API alone",
        over_api[count / 2],
        alone[count / 2]
    );
}

/// The memory of this process: of the server, and of its callers.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines =
        status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"));
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join(", ")
}
