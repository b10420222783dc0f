//! The event of `cargo fg invoke`: from a flag, an argument, a file or standard input.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::de::IgnoredAny;

use crate::failure::Failure;
use crate::screen::Screen;
use crate::text_encoding::{Decoded, decode};
use crate::trigger::Trigger;

/// The source of the event; `{}` by default.
#[derive(Args, Debug)]
#[command(next_help_heading = "The event, {} by default")]
pub(super) struct EventSource {
    /// The event, and the name of the function if there are several, or its URN with --remote; both
    /// are optional
    #[arg(value_name = "EVENT|FUNCTION", num_args = 0..=2, help_heading = "Arguments")]
    words: Vec<String>,
    /// The event; `@FILE` reads it from a file, `-` from standard input
    #[arg(long, short, value_name = "JSON", aliases = ["data-ascii", "data-binary", "data-raw", "json"], allow_hyphen_values = true, group = "event")]
    data: Option<String>,
    /// A file with the event; `-` is standard input, as is `< FILE` without this flag
    #[arg(long, short, value_name = "FILE", visible_alias = "data-file", group = "event")]
    file: Option<PathBuf>,
    /// A sample event of a trigger
    #[arg(long, value_name = "TRIGGER", alias = "data-example", group = "event")]
    fixture: Option<Trigger>,
}

impl EventSource {
    /// Reads the event, and returns it with the function that was named next to it.
    pub(super) fn read(&self, screen: Screen) -> Result<(Vec<u8>, Option<&str>), Failure> {
        let mut named = None;
        let mut typed = None;
        for word in &self.words {
            let place = if is_name(word) { &mut named } else { &mut typed };
            if place.replace(word.as_str()).is_some() {
                let what =
                    if is_name(word) { "two functions are given" } else { "two events are given" };
                return Err(
                    Failure::usage(what).advise("cargo fg invoke FUNCTION '{\"name\":\"Ada\"}'")
                );
            }
        }
        let is_given = self.data.is_some() || self.file.is_some() || self.fixture.is_some();
        if is_given && typed.is_some() {
            return Err(Failure::usage("two events are given: one with a flag and one without")
                .advise("remove one of the two"));
        }
        let event = match (self.data.as_deref().or(typed), &self.file, self.fixture) {
            (Some("-"), ..) => read_standard_input()?,
            (Some(data), ..) => match data.strip_prefix('@') {
                Some("-") => read_standard_input()?,
                Some(file) => read_file(Path::new(file))?,
                None => data.as_bytes().to_vec(),
            },
            (_, Some(file), _) if file.as_os_str() == "-" => read_standard_input()?,
            (_, Some(file), _) => read_file(file)?,
            (.., Some(trigger)) => trigger.fixture().as_bytes().to_vec(),
            // Only a redirected file: a pipe may be inherited by accident, and never end.
            (None, None, None) if is_file(io::stdin()) => read_standard_input()?,
            (None, None, None) => b"{}".to_vec(),
        };
        let (event, decoded) = decode(event);
        match decoded {
            Decoded::Unchanged => {}
            Decoded::WithoutMark => screen.note(
                "the event begins with a byte order mark, which JSON does not allow; it was removed. Save the file as UTF-8 without one",
            ),
            Decoded::FromUtf16 => screen.note("the event was converted from UTF-16, because JSON is UTF-8. Save the file as UTF-8"),
        }
        check(&event)?;
        Ok((event, named))
    }
}

/// Whether an argument is the name or the URN of a function, and not JSON, `@FILE` or `-`.
fn is_name(word: &str) -> bool {
    if word.starts_with("urn:") {
        return true;
    }
    let is_made_of_letters =
        word.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '/'));
    is_made_of_letters
        && word.starts_with(char::is_alphanumeric)
        && serde_json::from_str::<IgnoredAny>(word).is_err()
}

fn check(event: &[u8]) -> Result<(), Failure> {
    serde_json::from_slice::<IgnoredAny>(event).map(drop).map_err(|error| {
        let text = String::from_utf8_lossy(event);
        let failure = Failure::usage("the event is not JSON, and the platform accepts only JSON").because(&error);
        let trimmed = text.trim();
        match trimmed.chars().next() {
            None => failure.advise("it is empty. Omit the flag to send {}"),
            // What is left of '{"name":"Ada"}' in a shell of Windows.
            Some('{' | '[') if !trimmed.contains('"') && trimmed.contains(|letter: char| letter.is_alphabetic()) => failure.advise(
                "it has no quotation marks; did the shell remove them? Write the event to a file: cargo fg invoke -d @event.json",
            ),
            Some('{' | '[') => failure,
            // A shell of Windows does not treat single quotes as quotes.
            Some('\'') => {
                failure.advise("this shell does not support single quotes. Write the event to a file: cargo fg invoke -d @event.json")
            }
            _ if Path::new(trimmed).is_file() => failure.advise(format!("to read the event from this file: -d @{trimmed}")),
            _ => failure.advise("a JSON string needs double quotes: -d '\"Ada\"'"),
        }
    })
}

fn read_file(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| {
        Failure::usage(format!("{} cannot be read", file.display())).because(&error)
    })
}

#[cfg(unix)]
fn is_file(input: impl std::os::fd::AsFd) -> bool {
    let file = input.as_fd().try_clone_to_owned().map(fs::File::from);
    file.and_then(|file| file.metadata()).is_ok_and(|about| about.is_file())
}

#[cfg(not(unix))]
fn is_file(_: impl Read) -> bool {
    false
}

fn read_standard_input() -> Result<Vec<u8>, Failure> {
    let mut event = Vec::new();
    io::stdin()
        .read_to_end(&mut event)
        .map_err(|error| Failure::machine("standard input cannot be read", &error))?;
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_not_taken_for_an_event() {
        for name in [
            "greet",
            "take-orders_2",
            "a/bootstrap",
            "grüße",
            "2nd",
            "urn:fss:r:p:function:default:a:!prod",
        ] {
            assert!(is_name(name), "{name}");
        }
        for event in [
            "{}",
            "{name:Ada}",
            "[1]",
            "\"Ada\"",
            "17",
            "-1",
            "true",
            "null",
            "@event.json",
            "-",
            "1e5",
            "",
        ] {
            assert!(!is_name(event), "{event}");
        }
    }

    #[test]
    fn an_event_that_is_not_json_is_an_error_with_advice() {
        for (event, advice) in [
            ("Ada", "a JSON string needs double quotes"),
            ("", "it is empty"),
            ("{name:Ada}", "it has no quotation marks; did the shell remove them?"),
            ("'{name:Ada}'", "this shell does not support single quotes"),
            ("Cargo.toml", "to read the event from this file: -d @Cargo.toml"),
        ] {
            let failure = check(event.as_bytes()).expect_err(event).to_string();
            assert!(failure.contains(&format!("\n  help: {advice}")), "{failure}");
        }
        assert!(!check(b"{\"a\":}").expect_err("no JSON").to_string().contains("help"));
    }
}
