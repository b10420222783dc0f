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
