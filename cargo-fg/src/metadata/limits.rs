//! Single settings with the limits that the platform has for them.

use super::entry::Entry;
use super::mistake::Mistake;
use crate::desired::Runtime;
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

/// The runtime, without images.
pub(super) fn runtime(entry: &Entry<'_>) -> Result<Runtime, Mistake> {
    let is_http = entry.one_of(&["custom", "http"])? == "http";
    Ok(if is_http { Runtime::Http } else { Runtime::Custom })
}

/// The address of an image in SWR.
pub(super) fn image(entry: &Entry<'_>) -> Result<String, Mistake> {
    let image = entry.text(255)?;
    if image.contains(char::is_whitespace) || image.contains("://") || !image.contains('/') {
        return Err(entry
            .wrong("it is not the address of an image")
            .advise("for example \"swr.cn-north-4.myhuaweicloud.com/shop/greet:1.0.0\""));
    }
    Ok(image.to_owned())
}

/// In MB.
pub(super) fn ephemeral_storage(entry: &Entry<'_>) -> Result<u32, Mistake> {
    match entry.count(0..=u32::MAX, "MB")? {
        storage @ (512 | 10_240) => Ok(storage),
        _ => Err(entry.wrong("it has to be 512 or 10240 MB")),
    }
}

/// The most instances: -1 without a limit, 0 switched off.
pub(super) fn max_instances(entry: &Entry<'_>) -> Result<i32, Mistake> {
    let number = entry.number(-1..=1000, "")?;
    i32::try_from(number).map_err(|_| entry.wrong("it is too large"))
}
