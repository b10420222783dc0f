use fg::events::cts::CtsEvent;

/// Reports which user did what to which resource.
#[fg::handler]
async fn handle(event: CtsEvent, ctx: &fg::Context) -> Result<String, fg::Error> {
    let trace = event.cts;
    ctx.logger().info(format_args!(
        "{} {}",
        trace.service_type, trace.trace_status
    ));
    Ok(format!(
        "{} did {} to {}",
        trace.user.name, trace.trace_name, trace.resource_name
    ))
}
