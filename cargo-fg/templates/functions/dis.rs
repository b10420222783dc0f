use fg::events::dis::DisEvent;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reading {
    kwh: f64,
}

/// Adds up what the meters report.
#[fg::handler]
async fn handle(event: DisEvent, ctx: &fg::Context) -> Result<f64, fg::Error> {
    let mut total = 0.0;
    for record in &event.message.records {
        let reading: Reading = record.json()?;
        ctx.logger()
            .info(format_args!("{}: {}", record.partition_key, reading.kwh));
        total += reading.kwh;
    }
    Ok(total)
}
