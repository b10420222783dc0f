//! The function that the tests of fg-local run: each event says what it does.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One event.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Task {
    /// How long it takes.
    sleep_ms: u64,
    /// Written to the log.
    say: Option<String>,
    /// Makes it fail with this message.
    fail: Option<String>,
    /// How many bytes the response has beside its other parts.
    bytes: usize,
    /// Ends the process instead of a response.
    exit: bool,
}

/// What the function knows about itself.
#[derive(Serialize)]
struct Done {
    function: String,
    version: String,
    memory: u32,
    greeting: Option<String>,
    padding: String,
}

#[fg::handler]
async fn worker(task: Task, ctx: &fg::Context) -> Result<Done, fg::Error> {
    if let Some(text) = task.say {
        ctx.logger().info(format_args!("{text}"));
    }
    tokio::time::sleep(Duration::from_millis(task.sleep_ms)).await;
    if task.exit {
        std::process::exit(7);
    }
    if let Some(message) = task.fail {
        return Err(message.into());
    }
    Ok(Done {
        function: ctx.function_name().into(),
        version: ctx.version().into(),
        memory: ctx.memory_size(),
        greeting: ctx.user_data("GREETING").map(Into::into),
        padding: "x".repeat(task.bytes),
    })
}

fn main() -> std::process::ExitCode {
    fg::run::<worker>()
}
