//! Whatever a timer says, it is refused or has a next time, which is later than now and found
//! quickly.

#![no_main]

use std::time::Duration;

use fg_local::Schedule;
use jiff::Timestamp;
use jiff::tz::TimeZone;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((seconds, text)) = input.split_first_chunk::<4>() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let _ = Schedule::rate(text);
    let Ok(schedule) = Schedule::parse(text) else { return };
    let now =
        Timestamp::from_second(u32::from_le_bytes(*seconds).into()).expect("it is before 2107");
    let now = now.to_zoned_datetime(TimeZone::UTC);
    if let Some(wait) = schedule.wait(&now) {
        assert!(wait > Duration::ZERO);
    }
});
