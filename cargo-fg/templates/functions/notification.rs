use fg::events::notification::AsyncNotification;

/// Returns the error of another function's asynchronous invocation; empty if it succeeded.
#[fg::handler]
async fn handle(event: AsyncNotification, ctx: &fg::Context) -> Result<String, fg::Error> {
    ctx.logger().info(format_args!(
        "{}: {}",
        event.request_context.function_urn, event.response_payload
    ));
    Ok(event.response_context.function_error)
}
