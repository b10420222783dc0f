//! Secrets of a function appear in nothing that it sends or writes, unless it exposes them
//! explicitly.

use std::hash::{BuildHasher, RandomState};

use fg_emulator::Event;
use serde_json::json;

use crate::function::{LIMIT, act, api, failure};

/// The headers whose values are secret.
const SECRET_HEADERS: [&str; 7] = [
    "X-CFF-Security-Access-Key",
    "X-CFF-Security-Secret-Key",
    "X-CFF-Security-Token",
    "X-CFF-Auth-Token",
    "X-CFF-Access-Key",
    "X-CFF-Secret-Key",
    "X-Stream-Token",
];

fn random_secret(name: &str) -> String {
    format!("secret{:016x}", RandomState::new().hash_one(name))
}

#[test]
fn no_secret_leaves_the_process() {
    let secrets: Vec<_> = SECRET_HEADERS.iter().map(|name| (*name, random_secret(name))).collect();
    let user_secret = random_secret("PASSWORD");
    let variable = random_secret("DATABASE");
    let api = api();
    let function = act()
        .with("RUNTIME_USERDATA", &json!({"PASSWORD": user_secret}).to_string())
        .with("DATABASE", &variable)
        .with("RUNTIME_LOG_LEVEL", "DEBUG")
        .start(&api);
    let mut failures = 0;
    let events = [
        "\"leak\"",
        "\"fail\"",
        "{\"panic\":\"plain\"}",
        "{\"echo\":",
        "\"unserialisable\"",
        "",
        "{\"echo\":\"good\"}",
    ];
    for body in events {
        // Header names are case-insensitive.
        for change_case in [str::to_owned, str::to_ascii_lowercase, str::to_ascii_uppercase] {
            let event = Event::new(body);
            let event = secrets
                .iter()
                .fold(event, |event, (name, secret)| event.header(change_case(name), secret));
            let answer = api.invoke(event).wait(LIMIT).expect("there is an answer");
            if !body.contains("good") {
                failures += 1;
                assert_ne!(failure(&answer)["errorType"], "");
            }
        }
    }
    let ended = function.stop();
    assert_eq!((ended.code, failures, ended.count(" ERROR Leak: ")), (0, 18, 3), "{ended:#?}");
    assert!(ended.count("Secret(***)") >= 3, "the handler has printed its credentials: {ended:#?}");
    let written = format!("{ended:?}");
    let sent: Vec<_> =
        api.raw_requests().iter().map(|raw| String::from_utf8_lossy(raw).into_owned()).collect();
    let all = secrets.iter().map(|(_, secret)| secret).chain([&user_secret, &variable]);
    for secret in all {
        assert!(!written.contains(secret.as_str()), "{secret} is in {written}");
        assert!(!sent.iter().any(|raw| raw.contains(secret.as_str())), "{secret} is in {sent:#?}");
    }
}
