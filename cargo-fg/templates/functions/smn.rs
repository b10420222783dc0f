use fg::events::smn::SmnEvent;

/// Collects the subjects of the notifications.
#[fg::handler]
async fn handle(event: SmnEvent, ctx: &fg::Context) -> Result<Vec<String>, fg::Error> {
    let mut subjects = Vec::new();
    for record in event.records {
        ctx.logger().info(format_args!("{}", record.smn.message));
        subjects.push(record.smn.subject);
    }
    Ok(subjects)
}

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sample_event_is_handled() {
        let event = fg::events::smn::fixture();
        let ctx = fg::Context::default();
        let result = handle(event, &ctx).await.unwrap();
        assert_eq!(result, ["Disk nearly full"]);
    }
}
