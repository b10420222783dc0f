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

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sample_event_is_handled() {
        let event = fg::events::lts::fixture();
        let ctx = fg::Context::default();
        let result = handle(event, &ctx).await.unwrap();
        assert_eq!(result, 1);
    }
}
