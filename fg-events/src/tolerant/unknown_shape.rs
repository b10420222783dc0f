//! The error of an object that has none of the fields that it is for, but others.

use std::fmt::Write as _;

use serde::de::Error;
use serde_json::Value;

/// An object has none of the fields that it is for, but others.
#[cold]
pub(crate) fn unknown_shape<E: Error>(
    payload: &[&str],
    unknown: &serde_json::Map<String, Value>,
) -> E {
    /// How many names are told, and how much of each: they are the sender's.
    const NAMES: usize = 8;
    const LENGTH: usize = 64;
    let mut message = String::new();
    for (index, key) in payload.iter().enumerate() {
        let _ = write!(message, "{}`{key}`", if index == 0 { "" } else { " or " });
    }
    message.push_str(" is missing; unknown instead: ");
    for (index, key) in unknown.keys().take(NAMES).enumerate() {
        let end = key.char_indices().nth(LENGTH).map_or(key.len(), |(end, _)| end);
        let cut = if end < key.len() { ".." } else { "" };
        let _ = write!(
            message,
            "{}`{}{cut}`",
            if index == 0 { "" } else { ", " },
            key[..end].escape_debug()
        );
    }
    if unknown.len() > NAMES {
        let _ = write!(message, " and {} more", unknown.len() - NAMES);
    }
    E::custom(message)
}
