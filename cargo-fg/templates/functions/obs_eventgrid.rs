use fg::events::obs_eventgrid::ObsGridEvent;

/// Returns the bucket and the key of the object.
#[fg::handler]
async fn handle(event: ObsGridEvent, ctx: &fg::Context) -> Result<String, fg::Error> {
    let key = event.data.obs.object.decoded_key()?;
    ctx.logger()
        .info(format_args!("{}: {key}", event.data.event_name));
    Ok(format!("{}/{key}", event.data.obs.bucket.name))
}
