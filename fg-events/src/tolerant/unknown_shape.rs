//! The error for an object that has unknown fields, but none of its essential ones.

use std::fmt::Write as _;

use serde::de::Error;
use serde_json::Value;

/// Names the missing fields and the unknown ones.
#[cold]
pub(crate) fn unknown_shape<E: Error>(
    payload: &[&str],
    unknown: &serde_json::Map<String, Value>,
) -> E {
    /// Unknown names come from the sender, so their number and their length are limited.
    const MAX_NAMES: usize = 8;
    const MAX_LENGTH: usize = 64;
    let mut message = String::new();
    for (index, key) in payload.iter().enumerate() {
        let _ = write!(message, "{}`{key}`", if index == 0 { "" } else { " or " });
    }
    message.push_str(" is missing; unknown fields: ");
    for (index, key) in unknown.keys().take(MAX_NAMES).enumerate() {
        let end = key.char_indices().nth(MAX_LENGTH).map_or(key.len(), |(end, _)| end);
        let cut = if end < key.len() { ".." } else { "" };
        let _ = write!(
            message,
            "{}`{}{cut}`",
            if index == 0 { "" } else { ", " },
            key[..end].escape_debug()
        );
    }
    if unknown.len() > MAX_NAMES {
        let _ = write!(message, " and {} more", unknown.len() - MAX_NAMES);
    }
    E::custom(message)
}
