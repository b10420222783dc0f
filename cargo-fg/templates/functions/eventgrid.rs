use fg::events::eventgrid::CloudEvent;
use serde::Deserialize;

#[derive(Deserialize)]
struct Order {
    order: u32,
}

/// Handles an event from a custom source.
#[fg::handler]
async fn handle(event: CloudEvent, ctx: &fg::Context) -> Result<u32, fg::Error> {
    let order: Order = event.data_as()?;
    ctx.logger()
        .info(format_args!("{}: order {}", event.event_type, order.order));
    Ok(order.order)
}
