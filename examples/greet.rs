//! The smallest function: a typed event, a typed response.
//!
//! `echo '{"name":"Ada"}' | cargo run -q --example greet`

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Greeting {
    name: String,
}

#[derive(Serialize)]
struct Reply {
    message: String,
}

#[fg::handler]
async fn greet(event: Greeting, ctx: &fg::Context) -> Result<Reply, fg::Error> {
    ctx.logger().info(format_args!("{} has {:?} left", ctx.request_id(), ctx.remaining_time()));
    Ok(Reply { message: format!("Hello, {}!", event.name) })
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
