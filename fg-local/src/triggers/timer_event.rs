//! The event of a timer.

use fg_events::timer::TimerEvent;
use jiff::ZonedDateTime;

/// The event that the platform sends when a timer fires: JSON with the trigger's name, its time
/// with the offset from UTC, and its additional information.
pub(crate) fn timer_event(name: &str, user_event: Option<&str>, at: &ZonedDateTime) -> String {
    let event =
        TimerEvent::new().with_version("v1.0").with_trigger_type("TIMER").with_trigger_name(name);
    let event = user_event.into_iter().fold(event, TimerEvent::with_user_event);
    let mut json = serde_json::to_value(event).unwrap_or_default();
    json["time"] = at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().into();
    json.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_is_a_timer_event() {
        let at = "2018-06-01T08:30:00+08:00[Asia/Shanghai]".parse().expect("a time");
        let event: TimerEvent =
            serde_json::from_str(&timer_event("timer-1", Some("all"), &at)).expect("it is one");
        assert_eq!(
            (event.trigger_type.as_str(), event.trigger_name.as_str()),
            ("TIMER", "timer-1")
        );
        assert_eq!((event.version.as_str(), event.user_event.as_str()), ("v1.0", "all"));
        assert_eq!(event.time.expect("it has one").as_str(), "2018-06-01T08:30:00+08:00");
    }
}
