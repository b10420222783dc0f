//! `anyhow` as the error type: its message becomes `errorMessage`, its chain becomes `cause`.
//!
//! `echo '{"port":"http"}' | cargo run -q --example anyhow_error`

use anyhow::Context as _;
use serde::Deserialize;

#[derive(Deserialize)]
struct Settings {
    port: String,
}

#[fg::handler]
async fn check(event: Settings) -> anyhow::Result<u16> {
    event.port.parse().with_context(|| format!("`{}` is not a port", event.port))
}

fn main() -> std::process::ExitCode {
    fg::run::<check>()
}
