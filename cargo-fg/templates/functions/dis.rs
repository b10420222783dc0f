use fg::events::dis::DisEvent;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reading {
    kwh: f64,
}

/// Lists the meters whose reading is too high.
#[fg::handler]
async fn handle(event: DisEvent, ctx: &fg::Context) -> Result<Vec<String>, fg::Error> {
    let mut high = Vec::new();
    for record in event.message.records {
        let reading: Reading = record.json()?;
        ctx.logger()
            .info(format_args!("{}: {}", record.partition_key, reading.kwh));
        if reading.kwh > 1.8 {
            high.push(record.partition_key);
        }
    }
    Ok(high)
}
