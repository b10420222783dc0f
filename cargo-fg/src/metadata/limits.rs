//! Single settings with the limits that the platform has for them.

use super::entry::Entry;
use super::mistake::Mistake;
use crate::settings::{check_memory, of_log_level};

/// The name of a function.
pub(super) fn name(entry: &Entry<'_>) -> Result<String, Mistake> {
    let name = entry.string()?;
    check_name(name).map_err(|reason| entry.wrong(format!("it {reason}")))?;
    Ok(name.to_owned())
}

/// The reason why the platform does not accept this as the name of a function.
pub(super) fn check_name(name: &str) -> Result<(), &'static str> {
    if !(2..=60).contains(&name.chars().count()) {
        return Err("has to have 2 to 60 characters");
    }
    check_letters(name)
}

fn check_letters(name: &str) -> Result<(), &'static str> {
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if !name.chars().all(is_fine) {
        return Err("has to have letters, digits, `-` and `_` only");
    }
    if !name.starts_with(|first: char| first.is_ascii_alphabetic())
        || !name.ends_with(|last: char| last.is_ascii_alphanumeric())
    {
        return Err("has to begin with a letter, and to end with a letter or a digit");
    }
    Ok(())
}

/// The app that a function is in.
pub(super) fn app(entry: &Entry<'_>) -> Result<String, Mistake> {
    let name = entry.text(60)?;
    check_letters(name).map_err(|reason| entry.wrong(format!("it {reason}")))?;
    Ok(name.to_owned())
}

pub(super) fn description(entry: &Entry<'_>) -> Result<String, Mistake> {
    let text = entry.string()?;
    match text.chars().count() {
        length if length > 512 => {
            Err(entry
                .wrong(format!("it has {length} characters, and 512 are the most there can be")))
        }
        _ => Ok(text.to_owned()),
    }
}

/// In MB.
pub(super) fn memory(entry: &Entry<'_>) -> Result<u32, Mistake> {
    let memory = entry.count(1..=u32::MAX, "MB")?;
    check_memory(memory).map_err(|reason| entry.wrong(reason))?;
    Ok(memory)
}

pub(super) fn log_level(entry: &Entry<'_>) -> Result<String, Mistake> {
    let text = entry.string()?;
    of_log_level(text).map_err(|_| {
        entry.wrong("it is not a level").advise(
            "off, error, warn, info, debug, trace, or levels for targets as in \"info,hyper=warn\"",
        )
    })?;
    Ok(text.to_owned())
}
