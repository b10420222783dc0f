//! LTS: the errors among the lines of a log topic.
//!
//! `cargo run -q --example lts_alarm --features events-lts < fg-events/fixtures/lts.json`

use fg::events::lts::LtsEvent;
use serde::Serialize;

#[derive(Serialize)]
struct Alarm {
    host: String,
    place: String,
    message: String,
}

#[fg::handler]
async fn alarms(event: LtsEvent, ctx: &fg::Context) -> Result<Vec<Alarm>, fg::Error> {
    let batch = event.logs()?;
    let lines = batch.logs.len();
    let errors = batch.logs.into_iter().filter(|log| log.message.contains(" ERROR "));
    let alarms: Vec<_> = errors
        .map(|log| Alarm {
            host: log.host_name,
            place: format!("{}:{}", log.path, log.line_no.unwrap_or_default()),
            message: log.message,
        })
        .collect();
    ctx.logger().info(format_args!("{} of {lines} lines are errors", alarms.len()));
    Ok(alarms)
}

fn main() -> std::process::ExitCode {
    fg::run::<alarms>()
}
