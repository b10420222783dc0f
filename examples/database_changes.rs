//! DDS: documents that were written, as types of your own.
//!
//! `cargo run -q --example database_changes --features events-dds < fg-events/fixtures/dds.json`

use fg::events::dds::DdsEvent;
use serde::Deserialize;

/// A number in MongoDB Extended JSON: an object with a string.
#[derive(Deserialize)]
struct Int<'a> {
    #[serde(rename = "$numberInt")]
    digits: &'a str,
}

#[derive(Deserialize)]
struct Order<'a> {
    item: String,
    #[serde(borrow)]
    pieces: Int<'a>,
}

#[fg::handler]
async fn changes(event: DdsEvent) -> Result<Vec<String>, fg::Error> {
    let mut changes = Vec::new();
    for record in &event.records {
        let namespace = record.namespace()?;
        let order: Order = record.document()?;
        let pieces: u32 = order.pieces.digits.parse()?;
        changes.push(format!(
            "{} into {}.{}: {pieces} x {}",
            record.event_name, namespace.database, namespace.collection, order.item
        ));
    }
    Ok(changes)
}

fn main() -> std::process::ExitCode {
    fg::run::<changes>()
}
