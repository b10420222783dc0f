//! `log` records of the function and of its dependencies, as lines with the request id.
//!
//! `echo '{"id":7}' | cargo run -q --features log --example log_lines`

use serde::Deserialize;

#[derive(Deserialize)]
struct Order {
    id: u32,
}

#[fg::handler]
async fn order(event: Order) -> Result<(), fg::Error> {
    log::info!("order {} accepted", event.id);
    Ok(())
}

fn main() -> std::process::ExitCode {
    fg::run::<order>()
}
