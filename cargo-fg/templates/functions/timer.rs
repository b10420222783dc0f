use fg::events::timer::TimerEvent;

/// Does what the timer is for.
#[fg::handler]
async fn handle(event: TimerEvent, ctx: &fg::Context) -> Result<String, fg::Error> {
    ctx.logger()
        .info(format_args!("the timer says {:?}", event.user_event));
    Ok(format!("{} is done", event.trigger_name))
}

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sample_event_is_handled() {
        let event = fg::events::timer::fixture();
        let ctx = fg::Context::default();
        let result = handle(event, &ctx).await.unwrap();
        assert_eq!(result, "nightly-report is done");
    }
}
