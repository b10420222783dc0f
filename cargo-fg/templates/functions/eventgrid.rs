use fg::events::eventgrid::CloudEvent;
use serde::Deserialize;

#[derive(Deserialize)]
struct Order {
    order: u32,
}

/// Takes the data of an event of your own source.
#[fg::handler]
async fn handle(event: CloudEvent, ctx: &fg::Context) -> Result<u32, fg::Error> {
    let order: Order = event.data_as()?;
    ctx.logger()
        .info(format_args!("{}: order {}", event.event_type, order.order));
    Ok(order.order)
}

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sample_event_is_handled() {
        let event = fg::events::eventgrid::fixture();
        let ctx = fg::Context::default();
        let result = handle(event, &ctx).await.unwrap();
        assert_eq!(result, 7);
    }
}
