use fg::events::cts::CtsEvent;

/// Says who did what.
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

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sample_event_is_handled() {
        let event = fg::events::cts::fixture();
        let ctx = fg::Context::default();
        let result = handle(event, &ctx).await.unwrap();
        assert_eq!(result, "ada did createServer to web-1");
    }
}
