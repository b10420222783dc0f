//! The function that is on the platform in the tests of `cargo fg`: each event says what it does.

use serde::Deserialize;
use serde_json::{Value, json};

/// One event.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Task {
    /// Written to the log as it is.
    print: Option<String>,
    /// Logged as an error.
    complain: Option<String>,
    /// Makes it fail with this message.
    fail: Option<String>,
}

#[fg::handler]
async fn remote_function(task: Task, ctx: &fg::Context) -> Result<Value, fg::Error> {
    if let Some(line) = task.print {
        println!("{line}");
    }
    if let Some(line) = task.complain {
        ctx.logger().error(format_args!("{line}"));
    }
    match task.fail {
        Some(message) => Err(message.into()),
        None => Ok(json!({"version": ctx.version(), "greeting": ctx.user_data("GREETING")})),
    }
}

fn main() -> std::process::ExitCode {
    fg::run::<remote_function>()
}
