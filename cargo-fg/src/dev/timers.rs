//! The timers of `--timer` and of the manifests, which fire while functions are served.

use std::str::FromStr;

use fg_local::{Schedule, Timer};

use crate::dev::DevArguments;
use crate::failure::Failure;
use crate::metadata::{KeyPath, Mistake};
use crate::names::{list_of, split};
use crate::project::Function;
use crate::screen::Screen;

/// `[FUNCTION=]SCHEDULE`
#[derive(Clone, Debug)]
pub(super) struct TimerFlag {
    function: Option<String>,
    schedule: String,
}

impl FromStr for TimerFlag {
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
        Schedule::parse(schedule).map_err(|error| error.to_string())?;
        Ok(Self { function, schedule: schedule.to_owned() })
    }
}

/// A timer with the function that it invokes.
#[derive(Debug)]
pub(super) struct FunctionTimer {
    /// The function's label.
    pub(super) function: String,
    pub(super) timer: Timer,
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
        let (schedule, user_event) = (timer.schedule.clone(), arguments.timer_text.clone());
        timers.push(FunctionTimer { function, timer: Timer { name, schedule, user_event } });
    }
    if arguments.no_timers {
        return Ok(timers);
    }
    for (at, function) in functions.iter().enumerate() {
        let is_first =
            !functions[..at].iter().any(|before| before.package_id == function.package_id);
        let of_package: Vec<_> =
            functions.iter().filter(|other| other.package_id == function.package_id).collect();
        for (path, timer) in function.metadata.all_timers().into_iter().filter(|_| is_first) {
            let wrong = |path: KeyPath, reason: String, advice: String| {
                function.metadata.failure(&Mistake::new(path, reason).advise(advice))
            };
            let target = match (&timer.function, of_package.as_slice()) {
                (Some(name), all) => all.iter().find(|function| function.name == *name).copied(),
                (None, [only]) => Some(*only),
                (None, all) => {
                    let names: Vec<_> = all.iter().map(|function| function.name.as_str()).collect();
                    return Err(wrong(
                        path,
                        "it does not name its function".to_owned(),
                        format!("add function = \"{}\"", names.join("|")),
                    ));
                }
            };
            let Some(target) = target else {
                if arguments.wanted().is_all() {
                    let names: Vec<_> =
                        of_package.iter().map(|function| function.name.as_str()).collect();
                    let missing = timer.function.as_deref().unwrap_or_default();
                    return Err(wrong(
                        path.key("function"),
                        "there is no such function".to_owned(),
                        list_of(missing, &names),
                    ));
                }
                // Its function is not among those that are served.
                continue;
            };
            let name = timer.name.clone().unwrap_or_else(|| format!("timer-{}", timers.len() + 1));
            let (schedule, user_event) = (timer.schedule.as_cron(), timer.text.clone());
            let function = target.label.clone();
            timers.push(FunctionTimer { function, timer: Timer { name, schedule, user_event } });
        }
    }
    Ok(timers)
}

fn function_of(timer: &TimerFlag, functions: &[Function]) -> Result<String, Failure> {
    let labels =
        || functions.iter().map(|function| function.label.as_str()).collect::<Vec<_>>().join("|");
    let advise =
        |failure: Failure| failure.advise(format!("--timer '{}={}'", labels(), timer.schedule));
    let Some(name) = &timer.function else {
        return match functions {
            [only] => Ok(only.label.clone()),
            _ => Err(advise(Failure::usage(format!(
                "--timer {:?} does not name its function",
                timer.schedule
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

/// Prints the timers.
pub(super) fn announce(timers: &[FunctionTimer], screen: Screen) {
    for FunctionTimer { function, timer } in timers {
        screen.step("Timer", format_args!("{} ({}) for {function}", timer.name, timer.schedule));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_may_name_its_function() {
        let function =
            |text: &str| text.parse::<TimerFlag>().map(|timer| (timer.function, timer.schedule));
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
