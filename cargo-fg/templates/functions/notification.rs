use fg::events::notification::AsyncNotification;

/// Looks at what came of another function's asynchronous invocation.
#[fg::handler]
async fn handle(event: AsyncNotification, ctx: &fg::Context) -> Result<bool, fg::Error> {
    ctx.logger().info(format_args!(
        "{}: {}",
        event.request_context.function_urn, event.response_payload
    ));
    Ok(event.is_success())
}

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sample_event_is_handled() {
        let event = fg::events::notification::fixture();
        let ctx = fg::Context::default();
        assert!(!handle(event, &ctx).await.unwrap());
    }
}
