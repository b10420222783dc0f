//! Kafka: several messages at once, and one error that lists those that failed.
//!
//! `cargo run -q --example kafka_orders --features events-kafka < fg-events/fixtures/kafka.json`

use fg::events::batch;
use fg::events::kafka::{KafkaEvent, Message};
use serde::Deserialize;

#[derive(Deserialize)]
struct Order {
    order: u32,
}

async fn ship(message: Message<'_>, ctx: &fg::Context) -> Result<(), fg::Error> {
    let order: Order = message.json()?;
    ctx.logger().info(format_args!("{}: shipping order {}", message.topic(), order.order));
    Ok(())
}

#[fg::handler]
async fn ship_all(event: KafkaEvent, ctx: &fg::Context) -> Result<(), batch::BatchFailure> {
    batch::for_each(event.messages(), 4, |message| ship(message, ctx)).await
}

fn main() -> std::process::ExitCode {
    fg::run::<ship_all>()
}
