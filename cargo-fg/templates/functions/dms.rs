use fg::events::dms::DmsEvent;
use serde::Deserialize;

#[derive(Deserialize)]
struct Order {
    order: u32,
}

/// Reads the orders from the messages of a queue.
#[fg::handler]
async fn handle(event: DmsEvent, ctx: &fg::Context) -> Result<Vec<u32>, fg::Error> {
    let mut orders = Vec::new();
    for message in &event.messages {
        let order: Order = message.body_as()?;
        ctx.logger().info(format_args!("order {}", order.order));
        orders.push(order.order);
    }
    Ok(orders)
}
