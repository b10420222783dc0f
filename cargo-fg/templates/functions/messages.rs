use fg::events::{{module}}::{{type}};

/// Takes the messages of all topics.
#[fg::handler]
async fn handle(event: {{type}}, ctx: &fg::Context) -> Result<usize, fg::Error> {
    for message in event.messages() {
        ctx.logger()
            .info(format_args!("{}: {}", message.topic(), message.text()));
    }
    Ok(event.messages().count())
}

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sample_event_is_handled() {
        let event = fg::events::{{module}}::fixture();
        let ctx = fg::Context::default();
        let result = handle(event, &ctx).await.unwrap();
        assert_eq!(result, 3);
    }
}
