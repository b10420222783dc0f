//! A line of a log, and its form in a file: one JSON object.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The longest line in bytes, as in the platform's runtimes. What is longer becomes several lines.
pub(crate) const MAX_LINE: usize = 90 << 10;

/// A line as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line<'a> {
    /// Greater than that of every line before it in the stream. Usually the time in nanoseconds
    /// since 1970, as in LTS.
    pub(crate) line_num: u64,
    /// In milliseconds since 1970.
    pub(crate) time: i64,
    /// Empty if the line belongs to no request.
    #[serde(borrow)]
    pub(crate) request_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) version: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) content: Cow<'a, str>,
}

/// The parts of a line that are at most [`MAX_LINE`] long and end between characters.
pub(crate) fn parts(content: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(content);
    std::iter::from_fn(move || {
        let content = rest?;
        if content.len() <= MAX_LINE {
            return rest.take();
        }
        let end = (0..=MAX_LINE).rev().find(|at| content.is_char_boundary(*at)).unwrap_or(0);
        let (part, after) = content.split_at(end);
        rest = Some(after);
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_split_between_characters_and_nothing_is_lost() {
        let content = format!("x{}", "图".repeat(MAX_LINE / 2));
        let split: Vec<_> = parts(&content).collect();
        assert_eq!(split.concat(), content);
        assert_eq!(split.len(), 2);
        assert!(split[0].len() <= MAX_LINE && split[0].len() > MAX_LINE - 3);
        assert_eq!(parts("").collect::<Vec<_>>(), [""]);
        assert_eq!(parts(&"a".repeat(MAX_LINE)).count(), 1);
    }

    #[test]
    fn control_characters_are_data() {
        let line = Line {
            line_num: 1,
            time: 2,
            request_id: "r".into(),
            version: "latest".into(),
            content: "\u{1b}[31mred\r\n\0\"".into(),
        };
        let json = serde_json::to_string(&line).expect("it is written");
        assert!(!json.chars().any(char::is_control), "{json}");
        assert_eq!(serde_json::from_str::<Line<'_>>(&json).expect("it is read"), line);
    }
}
