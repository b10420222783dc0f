//! Makes the output of a function, and what its callers have sent, safe to show on a terminal.
//!
//! Control characters can change a terminal's title, its clipboard, and lines that it has shown
//! before. So escape sequences are not passed on. Those that set colours are removed, since
//! functions that log in colour are common, and all others are shown as `\u{1b}`.
//!
//! ```
//! use fg_emulator::printable::{Form, printable};
//!
//! assert_eq!(printable("\x1b[31mred\x1b[0m\x1b]0;title\x07", Form::Text), "red\\u{1b}]0;title\\u{7}");
//! ```

use std::borrow::Cow;

/// How a control character is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As `\u{1b}`.
    Text,
    /// As `\u001b`, which keeps JSON equal, since control characters occur in its strings only.
    Json,
}

/// The string without escape sequences. Line breaks and tabs are kept.
#[must_use]
pub fn printable(text: &str, form: Form) -> Cow<'_, str> {
    if !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, character)) =
        rest.char_indices().find(|&(_, character)| is_unprintable(character))
    {
        shown.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(behind) = strip_colour(rest) {
            rest = behind;
            continue;
        }
        match form {
            Form::Text => shown.extend(character.escape_default()),
            // All of them have at most four hexadecimal digits.
            Form::Json => shown.push_str(&format!("\\u{:04x}", u32::from(character))),
        }
        rest = &rest[character.len_utf8()..];
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// The beginning of a string, [printable](Form::Text) and on one line. `..` follows if it was cut.
#[must_use]
pub fn excerpt(text: &str, characters: usize) -> String {
    let cut = text.char_indices().nth(characters).map_or(text, |(at, _)| &text[..at]);
    let shown = printable(cut, Form::Text).replace('\n', "\\n");
    if cut.len() < text.len() { format!("{shown}..") } else { shown }
}

/// What follows a sequence that sets colours, if the string begins with one.
fn strip_colour(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix("\x1b[")?;
    parameters
        .trim_start_matches(|digit: char| digit.is_ascii_digit() || matches!(digit, ';' | ':'))
        .strip_prefix('m')
}

/// Whether this is a control character, a line separator, or a bidirectional mark.
fn is_unprintable(character: char) -> bool {
    match character {
        '\t' | '\n' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        character => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_left_out_and_other_sequences_are_shown() {
        for (text, shown) in [
            ("plain\ttext\né🦀", "plain\ttext\né🦀"),
            ("\x1b[2m2026\x1b[0m \x1b[38;5;1mred\x1b[m", "2026 red"),
            (
                "\x1b]0;title\x07\x1b[2Jgone\r\u{9b}1A\u{202e}",
                "\\u{1b}]0;title\\u{7}\\u{1b}[2Jgone\\r\\u{9b}1A\\u{202e}",
            ),
            ("\x1b[", "\\u{1b}["),
            ("\x1b[3", "\\u{1b}[3"),
        ] {
            assert_eq!(printable(text, Form::Text), shown);
        }
        assert_eq!(printable("{\"a\": \"\u{9b}\"}", Form::Json), "{\"a\": \"\\u009b\"}");
    }
}
