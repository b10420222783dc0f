//! Real payloads of the platform through the raw entry point, and one of them through a real poll
//! and a real POST.
//!
//! They are in a folder that only some checkouts have beside them; without it these tests say that
//! they are skipped.

use std::path::{Path, PathBuf};

use fg_emulator::{AnswerKind, Event, RuntimeApi};
use serde_json::Value;

#[fg::handler]
async fn mirror(event: Value) -> Result<Value, fg::Error> {
    Ok(event)
}

#[fg::handler]
async fn pass(event: fg::Raw<'_>) -> Result<fg::RawResponse, fg::Error> {
    Ok(fg::RawResponse::new(event.to_vec()))
}

/// All payloads there are: none, with a word about it, where the folder is absent.
fn payloads() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/events");
    let Ok(triggers) = std::fs::read_dir(&folder) else {
        println!("SKIPPED: no payloads of the platform at {}", folder.display());
        return Vec::new();
    };
    let files = triggers
        .flatten()
        .filter_map(|trigger| std::fs::read_dir(trigger.path()).ok())
        .flatten()
        .flatten();
    let paths = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.map(|path| (path.clone(), std::fs::read(path).expect("it can be read"))).collect()
}

#[tokio::test]
async fn every_payload_goes_through_the_raw_entry_point() {
    for (path, payload) in payloads() {
        let reply = fg::testing::invoke(fg::Function::of::<pass>(), &payload)
            .await
            .expect("bytes are bytes");
        assert_eq!(reply, payload, "{}", path.display());
        let sent: Value = serde_json::from_slice(&payload).expect("the platform sends JSON");
        let reply = fg::testing::invoke(fg::Function::of::<mirror>(), &payload)
            .await
            .expect("JSON is JSON");
        assert_eq!(
            serde_json::from_slice::<Value>(&reply).expect("the reply is JSON"),
            sent,
            "{}",
            path.display()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_payload_goes_through_a_poll_and_a_post() {
    let api = RuntimeApi::start().expect("loopback has a free port");
    let environment = fg::Environment::from_variables([("RUNTIME_API_ADDR", api.address())]);
    let function = tokio::spawn(fg::Function::of::<pass>().environment(environment).run_async());
    for (path, payload) in payloads() {
        let pending = api.invoke(Event::new(payload.clone()));
        let answer =
            tokio::task::spawn_blocking(move || pending.wait(std::time::Duration::from_secs(20)));
        let answer = answer.await.expect("waiting does not panic").expect("it is answered");
        assert_eq!(
            (answer.kind, answer.body),
            (AnswerKind::Response, payload),
            "{}",
            path.display()
        );
    }
    function.abort();
}
