//! `timers`: the short form of timer triggers, which `dev` fires, too.

use super::entry::Entry;
use super::mistake::Mistake;
use super::schedule::Schedule;

/// A timer of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimerMetadata {
    pub(crate) schedule: Schedule,
    pub(crate) name: Option<String>,
    /// The `user_event` of its events; the console calls it "additional information".
    pub(crate) text: Option<String>,
    /// The program to invoke, if the package has several.
    pub(crate) function: Option<String>,
}

const KEYS: [&str; 4] = ["function", "name", "schedule", "text"];

/// Reads `timers`.
pub(super) fn read(entry: &Entry<'_>) -> Result<Vec<TimerMetadata>, Mistake> {
    entry.list()?.iter().map(timer).collect()
}

fn timer(entry: &Entry<'_>) -> Result<TimerMetadata, Mistake> {
    let table = entry.table()?;
    table.check_keys(&KEYS)?;
    let schedule = table.required("schedule").map_err(|mistake| {
        mistake.advise("{ name = \"nightly\", schedule = \"0 15 2 * * ?\", text = \"all\" }")
    })?;
    Ok(TimerMetadata {
        schedule: Schedule::read(&schedule)?,
        name: table.read("name", timer_name)?,
        text: table.read("text", user_event)?,
        function: table.read("function", |entry| entry.string().map(str::to_owned))?,
    })
}

/// Reads the name of a timer.
pub(super) fn timer_name(entry: &Entry<'_>) -> Result<String, Mistake> {
    let name = entry.text(64)?;
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !name.chars().all(is_fine) {
        return Err(entry.wrong(
            "it has to begin with a letter, and to have letters, digits, `-` and `_` only",
        ));
    }
    Ok(name.to_owned())
}

/// Reads the text that the events of a timer have.
pub(super) fn user_event(entry: &Entry<'_>) -> Result<String, Mistake> {
    let text = entry.string()?;
    match text.chars().count() {
        length if length > 2048 => {
            Err(entry
                .wrong(format!("it has {length} characters, and 2048 are the most there can be")))
        }
        _ => Ok(text.to_owned()),
    }
}
