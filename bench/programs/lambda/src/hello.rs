//! The smallest function: a typed event, a typed response.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};

#[cfg(feature = "counting")]
mod counting;
mod threads;

#[derive(Deserialize)]
struct Greeting {
    name: String,
}

#[derive(Serialize)]
struct Reply {
    message: String,
}

async fn greet(event: LambdaEvent<Greeting>) -> Result<Reply, Error> {
    #[cfg(feature = "counting")]
    counting::report_if_asked(&event.payload.name);
    Ok(Reply { message: format!("Hello, {}!", event.payload.name) })
}

fn main() -> Result<(), Error> {
    threads::tokio_runtime()?.block_on(lambda_runtime::run(service_fn(greet)))
}
