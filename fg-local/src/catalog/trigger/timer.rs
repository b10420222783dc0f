//! The schedules of timers: a rate, or a cron expression with seconds.

use serde_json::{Map, Value};

pub(super) fn check(data: &Map<String, Value>) -> Result<(), String> {
    let field = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    match field("schedule_type") {
        "Rate" => check_rate(field("schedule")),
        _ => check_cron(field("schedule")),
    }
}

/// A number and a unit: at most 60 minutes, 24 hours or 30 days.
fn check_rate(schedule: &str) -> Result<(), String> {
    let wrong = || "the schedule of a Rate must be 1m to 60m, 1h to 24h, or 1d to 30d".to_owned();
    let unit = schedule.chars().last().ok_or_else(wrong)?;
    let number = &schedule[..schedule.len() - unit.len_utf8()];
    let limit = match unit {
        'm' => 60,
        'h' => 24,
        'd' => 30,
        _ => return Err(wrong()),
    };
    let is_number = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    let is_right = is_number && number.parse().is_ok_and(|n: u32| (1..=limit).contains(&n));
    if is_right { Ok(()) } else { Err(wrong()) }
}

/// `@every` with a duration, or six fields of which the first are the seconds.
fn check_cron(schedule: &str) -> Result<(), String> {
    if let Some(duration) = schedule.strip_prefix("@every ") {
        let duration = duration.trim();
        let is_duration = duration.starts_with(|first: char| first.is_ascii_digit())
            && duration.ends_with(['s', 'm', 'h'])
            && duration.bytes().all(|byte| byte.is_ascii_digit() || b".smh".contains(&byte));
        let wrong = "@every needs a duration such as 30s, 5m or 1h30m";
        return if is_duration { Ok(()) } else { Err(wrong.into()) };
    }
    let fields: Vec<_> =
        schedule.split_whitespace().filter(|field| !field.starts_with("CRON_TZ=")).collect();
    let is_field = |field: &&str| {
        field.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*?,-/#".contains(&byte))
    };
    if !(5..=6).contains(&fields.len()) || !fields.iter().all(is_field) {
        return Err("the schedule of a Cron must have six fields (seconds, minutes, hours, day, \
                    month, weekday), such as 0 15 2 * * ?, or be @every with a duration"
            .into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_of_minutes_hours_or_days() {
        for schedule in ["1m", "60m", "24h", "30d"] {
            assert_eq!(check_rate(schedule), Ok(()), "{schedule}");
        }
        for schedule in ["", "m", "0m", "61m", "25h", "31d", "3s", "3", "+3m", "3 m", "3µ"] {
            assert!(check_rate(schedule).is_err(), "{schedule}");
        }
    }

    #[test]
    fn a_cron_expression_begins_with_seconds() {
        for schedule in [
            "0 15 2 * * ?",
            "@every 1h30m",
            "CRON_TZ=Asia/Shanghai 0 0 0 1-5 * MON-FRI",
            "0 */5 * * * *",
        ] {
            assert_eq!(check_cron(schedule), Ok(()), "{schedule}");
        }
        for schedule in
            ["", "* * *", "@every", "@every x", "@daily", "0 15 2 * * ? *", "0 0 0 $ * *"]
        {
            assert!(check_cron(schedule).is_err(), "{schedule}");
        }
    }
}
