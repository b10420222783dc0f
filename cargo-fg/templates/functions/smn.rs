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
