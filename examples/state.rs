//! State: created once by `init`, borrowed by every invocation, closed by `pre_stop`.
//!
//! `echo '{"item":"tea"}' | GREETING=Welcome cargo run -q --example state`

use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};

/// What would be a connection pool in a real function.
struct Shop {
    greeting: String,
    orders: AtomicU32,
}

async fn open(ctx: &fg::Context) -> Result<Shop, fg::Error> {
    let greeting = ctx.user_data("GREETING").ok_or("the variable GREETING is not set")?.to_owned();
    ctx.logger().info("open");
    Ok(Shop { greeting, orders: AtomicU32::new(0) })
}

async fn close(shop: &Shop) {
    eprintln!("closed after {} orders", shop.orders.load(Ordering::Relaxed));
}

#[derive(Deserialize)]
struct Order {
    item: String,
}

#[derive(Serialize)]
struct Receipt {
    text: String,
    number: u32,
}

#[fg::handler(init = open, pre_stop = close)]
async fn order(event: Order, _ctx: &fg::Context, shop: &Shop) -> Result<Receipt, fg::Error> {
    let number = shop.orders.fetch_add(1, Ordering::Relaxed) + 1;
    Ok(Receipt { text: format!("{}! One {}.", shop.greeting, event.item), number })
}

fn main() -> std::process::ExitCode {
    fg::run::<order>()
}
