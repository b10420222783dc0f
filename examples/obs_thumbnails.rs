//! OBS: which thumbnails to create for the pictures that were uploaded to a bucket.
//!
//! `cargo run -q --example obs_thumbnails --features events-obs < fg-events/fixtures/obs.json`

use fg::events::obs::ObsEvent;
use serde::Serialize;

#[derive(Serialize)]
struct Thumbnail {
    bucket: String,
    from: String,
    to: String,
}

fn is_picture(key: &str) -> bool {
    key.rsplit_once('.').is_some_and(|(_, ending)| {
        ["jpg", "jpeg", "png"].iter().any(|known| ending.eq_ignore_ascii_case(known))
    })
}

#[fg::handler]
async fn thumbnails(event: ObsEvent) -> Result<Vec<Thumbnail>, fg::Error> {
    let mut thumbnails = Vec::new();
    for record in event.records.iter().filter(|record| record.is_created()) {
        let key = record.s3.object.decoded_key()?;
        // A thumbnail is a new object, too; without this the function would call itself for ever.
        if is_picture(&key) && !key.starts_with("thumbnails/") {
            let to = format!("thumbnails/{key}");
            thumbnails.push(Thumbnail {
                bucket: record.s3.bucket.name.clone(),
                from: key.into_owned(),
                to,
            });
        }
    }
    Ok(thumbnails)
}

fn main() -> std::process::ExitCode {
    fg::run::<thumbnails>()
}
