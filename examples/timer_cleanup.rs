//! A timer: finds objects older than the number of days in the timer's payload.
//!
//! `cargo run -q --example timer_cleanup --features events-timer < fg-events/fixtures/timer.json`

use std::time::Duration;

use fg::events::Time;
use fg::events::timer::TimerEvent;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Job {
    keep_days: u32,
}

#[derive(Serialize)]
struct Cleaned {
    older_than: Time,
}

#[fg::handler]
async fn clean_up(event: TimerEvent, ctx: &fg::Context) -> Result<Cleaned, fg::Error> {
    let job: Job = event.user_event_json()?;
    // The time of the event and not of the clock: a second attempt then does the same as the first.
    let now = event.time.ok_or("the timer sent no time")?.to_system_time()?;
    let limit = now
        .checked_sub(Duration::from_secs(86_400) * job.keep_days)
        .ok_or("nothing is that old")?;
    let older_than = Time::from(limit);
    ctx.logger()
        .info(format_args!("{}: removing what is older than {older_than}", event.trigger_name));
    Ok(Cleaned { older_than })
}

fn main() -> std::process::ExitCode {
    fg::run::<clean_up>()
}
