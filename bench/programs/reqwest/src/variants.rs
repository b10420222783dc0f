//! The same loop with larger events, owned or borrowed from the payload, with responses of the
//! same size, and with log lines.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

#[cfg(feature = "counting")]
mod counting;
mod runtime_api;

#[derive(Deserialize)]
struct Owned {
    name: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Borrowed<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
}

#[derive(Serialize)]
struct Reply {
    message: String,
    length: usize,
}

#[derive(Serialize)]
struct Echo<'a> {
    message: Cow<'a, str>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let lines: usize = std::env::var("BENCH_LOG_LINES").unwrap_or_default().parse().unwrap_or(0);
    let variant = std::env::var("BENCH_EVENT").unwrap_or_default();
    let api = runtime_api::RuntimeApi::new()?;
    loop {
        let (request_id, payload) = api.next()?;
        let reply = match variant.as_str() {
            "echo" => {
                let event: Borrowed<'_> = serde_json::from_slice(&payload)?;
                #[cfg(feature = "counting")]
                counting::report_if_asked(&event.name);
                serde_json::to_vec(&Echo { message: event.text })?
            }
            "borrowed" => {
                let event: Borrowed<'_> = serde_json::from_slice(&payload)?;
                serde_json::to_vec(&greet(&event.name, &event.text, lines))?
            }
            _ => {
                let event: Owned = serde_json::from_slice(&payload)?;
                serde_json::to_vec(&greet(&event.name, &event.text, lines))?
            }
        };
        api.answer(&request_id, reply)?;
    }
}

fn greet(name: &str, text: &str, lines: usize) -> Reply {
    #[cfg(feature = "counting")]
    counting::report_if_asked(name);
    for line in 0..lines {
        println!("line {line} for {name}");
    }
    Reply { message: format!("Hello, {name}!"), length: text.len() }
}
