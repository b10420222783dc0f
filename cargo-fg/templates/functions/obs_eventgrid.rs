use fg::events::obs_eventgrid::ObsGridEvent;

/// Says which object of which bucket the event is about.
#[fg::handler]
async fn handle(event: ObsGridEvent, ctx: &fg::Context) -> Result<String, fg::Error> {
    let key = event.data.obs.object.decoded_key()?;
    ctx.logger()
        .info(format_args!("{}: {key}", event.data.event_name));
    Ok(format!("{}/{key}", event.data.obs.bucket.name))
}

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sample_event_is_handled() {
        let event = fg::events::obs_eventgrid::fixture();
        let ctx = fg::Context::default();
        let result = handle(event, &ctx).await.unwrap();
        assert_eq!(result, "photos/march/sea.jpg");
    }
}
