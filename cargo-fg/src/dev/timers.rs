//! Timers that fire while functions are served.

use std::str::FromStr;
use std::sync::Arc;
use std::thread;

use fg_emulator::{Event, LocalGateway};
use fg_local::{Schedule, timer_event};
use jiff::ZonedDateTime;

use crate::dev::DevArguments;
use crate::failure::Failure;
use crate::names::{list_of, split};
use crate::project::Function;
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
        // `CRON_TZ=` contains an equals sign, too.
        let begins_with_function = text.starts_with(|first: char| first.is_ascii_alphabetic())
            && !text.starts_with("CRON_TZ=");
        let (function, schedule) = match text.split_once('=') {
            Some((function, schedule)) if begins_with_function => {
                (Some(function.trim().to_owned()), schedule.trim())
            }
            _ => (None, text.trim()),
        };
        let text = schedule.to_owned();
        let schedule = Schedule::parse(schedule).map_err(|error| error.to_string())?;
        Ok(Self { function, schedule, text })
    }
}

/// A timer with the function that it invokes.
#[derive(Debug)]
pub(super) struct FunctionTimer {
    name: String,
    /// The function's label.
    function: String,
    timer: Timer,
    user_event: Option<String>,
}

/// All timers: those of `--timer`, and those in the manifests.
pub(super) fn resolve(
    arguments: &DevArguments,
    functions: &[Function],
) -> Result<Vec<FunctionTimer>, Failure> {
    let mut timers = Vec::new();
    for timer in &arguments.timer {
        let name = format!("timer-{}", timers.len() + 1);
        let function = function_of(timer, functions)?;
        timers.push(FunctionTimer {
            name,
            function,
            timer: timer.clone(),
            user_event: arguments.timer_text.clone(),
        });
    }
    if arguments.no_timers {
        return Ok(timers);
    }
    for (at, function) in functions.iter().enumerate() {
        let is_first =
            !functions[..at].iter().any(|before| before.package_id == function.package_id);
        let of_package: Vec<_> =
            functions.iter().filter(|other| other.package_id == function.package_id).collect();
        for timer in function.metadata.timers.iter().filter(|_| is_first) {
            let wrong = |reason: String| {
                Failure::usage(format!(
                    "[package.metadata.fg] of `{}`: timers: {reason}",
                    function.package
                ))
            };
            let target = match (&timer.function, of_package.as_slice()) {
                (Some(name), all) => all.iter().find(|function| function.name == *name).copied(),
                (None, [only]) => Some(*only),
                (None, all) => {
                    let names: Vec<_> = all.iter().map(|function| function.name.as_str()).collect();
                    return Err(wrong(format!("{:?} does not name its function", timer.schedule))
                        .advise(format!("add function = \"{}\"", names.join("|"))));
                }
            };
            let schedule =
                Schedule::parse(&timer.schedule).map_err(|error| wrong(error.to_string()))?;
            let Some(target) = target else {
                if arguments.wanted().is_all() {
                    let names: Vec<_> =
                        of_package.iter().map(|function| function.name.as_str()).collect();
                    let missing = timer.function.as_deref().unwrap_or_default();
                    return Err(wrong(format!("there is no function `{missing}`"))
                        .advise(list_of(missing, &names)));
                }
                // Its function is not among those that are served.
                continue;
            };
            timers.push(FunctionTimer {
                name: timer.name.clone().unwrap_or_else(|| format!("timer-{}", timers.len() + 1)),
                function: target.label.clone(),
                timer: Timer { function: None, schedule, text: timer.schedule.clone() },
                user_event: timer.text.clone(),
            });
        }
    }
    Ok(timers)
}

fn function_of(timer: &Timer, functions: &[Function]) -> Result<String, Failure> {
    let labels =
        || functions.iter().map(|function| function.label.as_str()).collect::<Vec<_>>().join("|");
    let advise =
        |failure: Failure| failure.advise(format!("--timer '{}={}'", labels(), timer.text));
    let Some(name) = &timer.function else {
        return match functions {
            [only] => Ok(only.label.clone()),
            _ => Err(advise(Failure::usage(format!(
                "--timer {:?} does not name its function",
                timer.text
            )))),
        };
    };
    let (package, bare) = split(name);
    let is_match = |function: &&Function| {
        function.name == bare && package.is_none_or(|package| function.package == package)
    };
    let mut found = functions.iter().filter(is_match);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only.label.clone()),
        (None, _) => Err(advise(Failure::usage(format!("--timer: there is no function `{name}`")))),
        (Some(_), Some(_)) => Err(advise(Failure::usage(format!(
            "--timer: there is more than one function `{name}`"
        )))),
    }
}

/// Starts a thread for each timer.
pub(super) fn start(
    timers: Vec<FunctionTimer>,
    gateway: &Arc<LocalGateway>,
    screen: Screen,
) -> Result<(), Failure> {
    for timer in timers {
        screen.step(
            "Timer",
            format_args!("{} ({}) for {}", timer.name, timer.timer.text, timer.function),
        );
        let gateway = Arc::clone(gateway);
        let started =
            thread::Builder::new().name("timer".into()).spawn(move || timer.run(&gateway, screen));
        started.map_err(|error| Failure::machine("the timer could not be started", &error))?;
    }
    Ok(())
}

impl FunctionTimer {
    fn run(&self, gateway: &LocalGateway, screen: Screen) {
        let name = &self.name;
        while let Some(wait) = self.timer.schedule.wait(&ZonedDateTime::now()) {
            thread::sleep(wait);
            // Before the first build there is no function to invoke.
            let Some(emulator) = gateway.function(&self.function) else { continue };
            match emulator.invoke_async(Event::new(timer_event(
                name,
                self.user_event.as_deref(),
                &ZonedDateTime::now(),
            ))) {
                Ok(invocation) => screen.line(
                    name,
                    &format!("fired: asynchronous invocation {}", invocation.request_id()),
                ),
                Err(error) => screen.error(format_args!("{name}: {error}")),
            }
        }
        screen.note(format_args!("{name} ({}) will not fire again", self.timer.text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_may_name_its_function() {
        let function = |text: &str| text.parse::<Timer>().map(|timer| (timer.function, timer.text));
        assert_eq!(function("@every 30s"), Ok((None, "@every 30s".into())));
        assert_eq!(function("clean=@every 30s"), Ok((Some("clean".into()), "@every 30s".into())));
        assert_eq!(
            function("CRON_TZ=UTC 0 0 0 * * *"),
            Ok((None, "CRON_TZ=UTC 0 0 0 * * *".into()))
        );
        assert_eq!(
            function("clean=CRON_TZ=UTC 0 0 0 * * *"),
            Ok((Some("clean".into()), "CRON_TZ=UTC 0 0 0 * * *".into()))
        );
        assert!(function("clean=sometimes").is_err());
    }
}
