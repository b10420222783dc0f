//! A stream of server-sent events: each is sent to the caller as soon as it is produced.
//!
//! `echo '{"question":"Why is the sky blue?"}' | cargo run -q --example server_sent_events`

use std::time::Duration;

use fg::sse;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;

#[derive(Deserialize)]
struct Prompt {
    question: String,
}

#[fg::handler]
async fn answer(prompt: Prompt) -> Result<fg::StreamResponse, fg::Error> {
    if prompt.question.is_empty() {
        return Err("ask something".into());
    }
    let events = fg::stream::from_writer(|mut out| async move {
        for word in ["Because", "of", "Rayleigh", "scattering."] {
            let event = sse::Event::new().event("word").data(word);
            out.write_all(event.to_string().as_bytes()).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        out.write_all(sse::Event::new().event("done").data("").to_string().as_bytes()).await
    });
    Ok(events.with_content_type("text/event-stream"))
}

fn main() -> std::process::ExitCode {
    fg::run::<answer>()
}
