//! The smallest function: a typed event, a typed response.

use serde::{Deserialize, Serialize};

#[cfg(feature = "counting")]
mod counting;

#[derive(Deserialize)]
struct Greeting {
    name: String,
}

#[derive(Serialize)]
struct Reply {
    message: String,
}

#[fg::handler]
async fn greet(event: Greeting) -> Result<Reply, fg::Error> {
    #[cfg(feature = "counting")]
    counting::report_if_asked(&event.name);
    Ok(Reply { message: format!("Hello, {}!", event.name) })
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
