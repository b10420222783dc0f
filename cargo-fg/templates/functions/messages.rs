use fg::events::{{module}}::{{type}};

/// Logs the messages of all topics, and counts them.
#[fg::handler]
async fn handle(event: {{type}}, ctx: &fg::Context) -> Result<usize, fg::Error> {
    for message in event.messages() {
        ctx.logger()
            .info(format_args!("{}: {}", message.topic(), message.text()));
    }
    Ok(event.messages().count())
}
