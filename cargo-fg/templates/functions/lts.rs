use fg::events::lts::LtsEvent;

/// Counts the errors among the lines of a log.
#[fg::handler]
async fn handle(event: LtsEvent, ctx: &fg::Context) -> Result<usize, fg::Error> {
    let batch = event.logs()?;
    let errors = batch
        .logs
        .iter()
        .filter(|log| log.message.contains(" ERROR "));
    let count = errors.count();
    ctx.logger().info(format_args!(
        "{count} of {} lines are errors",
        batch.logs.len()
    ));
    Ok(count)
}
