use fg::events::obs::ObsEvent;

/// Finds the objects that were put into the bucket.
#[fg::handler]
async fn handle(event: ObsEvent, ctx: &fg::Context) -> Result<Vec<String>, fg::Error> {
    let mut created = Vec::new();
    for record in event.records.iter().filter(|record| record.is_created()) {
        let key = record.s3.object.decoded_key()?;
        ctx.logger()
            .info(format_args!("{} has {key}", record.s3.bucket.name));
        created.push(key.into_owned());
    }
    Ok(created)
}

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sample_event_is_handled() {
        let event = fg::events::obs::fixture();
        let ctx = fg::Context::default();
        let result = handle(event, &ctx).await.unwrap();
        assert_eq!(result, ["2026/march/sea and sky.jpg"]);
    }
}
