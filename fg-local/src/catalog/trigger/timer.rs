//! The schedules of timers.

use serde_json::{Map, Value};

use crate::triggers::Schedule;

/// `schedule_type` is one of two, which the table of fields has checked.
pub(super) fn check(data: &Map<String, Value>) -> Result<(), String> {
    let field = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    let schedule = match field("schedule_type") {
        "Rate" => Schedule::rate(field("schedule")),
        _ => Schedule::parse(field("schedule")),
    };
    schedule.map(drop).map_err(|error| format!("schedule: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schedule_is_read_as_its_type_says() {
        let check = |kind: &str, schedule: &str| {
            let data = json!({"schedule_type": kind, "schedule": schedule});
            check(data.as_object().expect("an object")).is_ok()
        };
        assert!(check("Rate", "3m"));
        assert!(!check("Rate", "0 15 2 * * ?"));
        assert!(check("Cron", "0 15 2 * * ?"));
        assert!(check("Cron", "@every 1h30m"));
        assert!(!check("Cron", "3m"));
    }
}
