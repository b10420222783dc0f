use fg::events::obs_eventgrid::ObsGridEvent;

/// Says which object of which bucket the event is about.
#[fg::handler]
async fn handle(event: ObsGridEvent, ctx: &fg::Context) -> Result<String, fg::Error> {
    let key = event.data.obs.object.decoded_key()?;
    ctx.logger()
        .info(format_args!("{}: {key}", event.data.event_name));
    Ok(format!("{}/{key}", event.data.obs.bucket.name))
}
