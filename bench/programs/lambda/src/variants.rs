//! The same function with larger events, and with log lines. Events cannot borrow from the payload.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};

#[cfg(feature = "counting")]
mod counting;
mod threads;

#[derive(Deserialize)]
struct Owned {
    name: String,
    #[serde(default)]
    text: String,
}

#[derive(Serialize)]
struct Reply {
    message: String,
    length: usize,
}

#[derive(Serialize)]
struct Echo {
    message: String,
}

fn main() -> Result<(), Error> {
    let lines: usize = std::env::var("BENCH_LOG_LINES").unwrap_or_default().parse().unwrap_or(0);
    let is_echo = std::env::var("BENCH_EVENT").is_ok_and(|event| event == "echo");
    if lines > 0 {
        lambda_runtime::tracing::init_default_subscriber();
    }
    let greet = |event: LambdaEvent<Owned>| async move {
        #[cfg(feature = "counting")]
        counting::report_if_asked(&event.payload.name);
        for line in 0..lines {
            lambda_runtime::tracing::info!("line {line} for {}", event.payload.name);
        }
        Ok::<_, Error>(Reply {
            message: format!("Hello, {}!", event.payload.name),
            length: event.payload.text.len(),
        })
    };
    let echo = |event: LambdaEvent<Owned>| async move {
        #[cfg(feature = "counting")]
        counting::report_if_asked(&event.payload.name);
        Ok::<_, Error>(Echo { message: event.payload.text })
    };
    let tokio = threads::tokio_runtime()?;
    if is_echo {
        tokio.block_on(lambda_runtime::run(service_fn(echo)))
    } else {
        tokio.block_on(lambda_runtime::run(service_fn(greet)))
    }
}
