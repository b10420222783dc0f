//! Timers that go off while functions are served.

use std::str::FromStr;
use std::sync::Arc;
use std::thread;

use fg_emulator::{Event, Gateway};
use fg_events::timer::TimerEvent;
use jiff::ZonedDateTime;

use crate::dev::schedule::Schedule;
use crate::failure::Failure;
use crate::screen::Screen;

/// `[FUNCTION=]SCHEDULE`
#[derive(Clone, Debug)]
pub(super) struct Timer {
    function: Option<String>,
    schedule: Schedule,
    text: String,
}

impl FromStr for Timer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The zone of a cron expression has such a sign, too.
        let begins_with_function = text.starts_with(|first: char| first.is_ascii_alphabetic()) && !text.starts_with("CRON_TZ=");
        let (function, schedule) = match text.split_once('=') {
            Some((function, schedule)) if begins_with_function => (Some(function.trim().to_owned()), schedule.trim()),
            _ => (None, text.trim()),
        };
        Ok(Self { function, schedule: Schedule::parse(schedule)?, text: schedule.to_owned() })
    }
}

/// Starts a thread for each timer.
pub(super) fn start(timers: &[Timer], functions: &[String], gateway: &Arc<Gateway>, screen: Screen) -> Result<(), Failure> {
    for (at, timer) in timers.iter().enumerate() {
        let function = match (&timer.function, functions) {
            (Some(function), _) if functions.contains(function) => function.clone(),
            (None, [only]) => only.clone(),
            (named, _) => {
                let failure = match named {
                    Some(name) => Failure::usage(format!("--timer: there is no function `{name}` here")),
                    None => Failure::usage(format!("--timer {:?}: which function is it for?", timer.text)),
                };
                return Err(failure.advise(format!("--timer '{}={}'", functions.join("|"), timer.text)));
            }
        };
        let (timer, gateway, name) = (timer.clone(), Arc::clone(gateway), format!("timer-{}", at + 1));
        screen.step("Timer", format_args!("{} for {function}", timer.text));
        let started = thread::Builder::new().name(name.clone()).spawn(move || timer.run(&name, &function, &gateway, screen));
        started.map_err(|error| Failure::machine("the timer could not be started", &error))?;
    }
    Ok(())
}

impl Timer {
    fn run(&self, name: &str, function: &str, gateway: &Gateway, screen: Screen) {
        while let Some(wait) = self.schedule.wait(&ZonedDateTime::now()) {
            thread::sleep(wait);
            // Before the first build there is nobody to call.
            let Some(emulator) = gateway.function(function) else { continue };
            match emulator.invoke_async(Event::new(event(name))) {
                Ok(invocation) => screen.line(name, &format!("goes off: asynchronous invocation {}", invocation.request_id())),
                Err(error) => screen.error(format_args!("{name}: {error}")),
            }
        }
        screen.note(format_args!("{name} ({}) does not go off any more", self.text));
    }
}

/// What the platform sends: the time with its offset from UTC.
fn event(name: &str) -> String {
    let now = ZonedDateTime::now().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let event = TimerEvent::new().with_version("v1.0").with_trigger_type("TIMER").with_trigger_name(name);
    let mut json = serde_json::to_value(event).unwrap_or_default();
    json["time"] = now.into();
    json.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_may_say_which_function_it_is_for() {
        let function = |text: &str| text.parse::<Timer>().map(|timer| (timer.function, timer.text));
        assert_eq!(function("@every 30s"), Ok((None, "@every 30s".into())));
        assert_eq!(function("clean=@every 30s"), Ok((Some("clean".into()), "@every 30s".into())));
        assert_eq!(function("CRON_TZ=UTC 0 0 0 * * *"), Ok((None, "CRON_TZ=UTC 0 0 0 * * *".into())));
        assert_eq!(function("clean=CRON_TZ=UTC 0 0 0 * * *"), Ok((Some("clean".into()), "CRON_TZ=UTC 0 0 0 * * *".into())));
        assert!(function("clean=sometimes").is_err());
    }

    #[test]
    fn the_event_is_one_of_the_platforms() {
        let event: TimerEvent = serde_json::from_str(&event("timer-1")).expect("it is one");
        assert_eq!((event.trigger_type.as_str(), event.trigger_name.as_str()), ("TIMER", "timer-1"));
        assert!(event.time.is_some_and(|time| time.to_system_time().is_ok()));
    }
}
