//! An event function as a container image: the `Dockerfile` next to `Cargo.toml` builds an image
//! that contains only this program.
//!
//! `cargo run -q -p container-event < /dev/null`, and then
//! `curl -d '{"item":"tea","quantity":2}' localhost:8000/invoke`

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Order {
    item: String,
    quantity: u32,
}

#[derive(Serialize)]
struct Receipt {
    text: String,
    request_id: String,
}

#[fg::handler]
async fn order(order: Order, ctx: &fg::Context) -> Result<Receipt, fg::Error> {
    let text = format!("{} of {}", order.quantity, order.item);
    ctx.logger().info(&text);
    Ok(Receipt { text, request_id: ctx.request_id().to_owned() })
}

fn main() -> std::process::ExitCode {
    fg::run::<order>()
}
