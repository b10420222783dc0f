//! The same function with larger events, owned or borrowed from the payload, with responses of the
//! same size, and with log lines.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

#[cfg(feature = "counting")]
mod counting;

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

/// How many lines each invocation logs.
struct Lines(usize);

async fn lines() -> Result<Lines, fg::Error> {
    Ok(Lines(std::env::var("BENCH_LOG_LINES").unwrap_or_default().parse().unwrap_or(0)))
}

#[fg::handler(init = lines)]
async fn owned(event: Owned, ctx: &fg::Context, lines: &Lines) -> Result<Reply, fg::Error> {
    #[cfg(feature = "counting")]
    counting::report_if_asked(&event.name);
    for line in 0..lines.0 {
        ctx.logger().info(format_args!("line {line} for {}", event.name));
    }
    Ok(Reply { message: format!("Hello, {}!", event.name), length: event.text.len() })
}

#[fg::handler(init = lines)]
async fn borrowed(
    event: Borrowed<'_>,
    ctx: &fg::Context,
    lines: &Lines,
) -> Result<Reply, fg::Error> {
    #[cfg(feature = "counting")]
    counting::report_if_asked(&event.name);
    for line in 0..lines.0 {
        ctx.logger().info(format_args!("line {line} for {}", event.name));
    }
    Ok(Reply { message: format!("Hello, {}!", event.name), length: event.text.len() })
}

#[fg::handler]
async fn echo(event: Borrowed<'_>) -> Result<Echo<'_>, fg::Error> {
    #[cfg(feature = "counting")]
    counting::report_if_asked(&event.name);
    Ok(Echo { message: event.text })
}

fn main() -> std::process::ExitCode {
    fg::run::<(owned, borrowed, echo)>()
}
