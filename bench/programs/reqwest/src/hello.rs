//! A hand-written loop with a common HTTP client, a typed event and a typed response.

use serde::{Deserialize, Serialize};

#[cfg(feature = "counting")]
mod counting;
mod runtime_api;

#[derive(Deserialize)]
struct Greeting {
    name: String,
}

#[derive(Serialize)]
struct Reply {
    message: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let api = runtime_api::RuntimeApi::new()?;
    loop {
        let (request_id, payload) = api.next()?;
        let event: Greeting = serde_json::from_slice(&payload)?;
        #[cfg(feature = "counting")]
        counting::report_if_asked(&event.name);
        api.answer(
            &request_id,
            serde_json::to_vec(&Reply { message: format!("Hello, {}!", event.name) })?,
        )?;
    }
}
