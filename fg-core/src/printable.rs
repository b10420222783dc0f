//! Which characters are not written as they are, to a log line or to a terminal; and JSON without them.
//!
//! A control character could end a line, forge another one, or tell a terminal what to do; a mark for the direction of writing could show a
//! line in another order than it has.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Whether a character is escaped: control characters but for the tab, line separators, and marks for the direction of writing.
#[must_use]
pub fn is_unprintable(character: char) -> bool {
    match character {
        '\t' | ' '..='~' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        character => character.is_control(),
    }
}

/// Where the first of them is, and how long it is.
#[must_use]
pub fn find_unprintable(text: &str) -> Option<(usize, char)> {
    // Most texts are plain, and their bytes are looked at without reading characters.
    let plain = text.bytes().position(|byte| !matches!(byte, b' '..=b'~' | b'\t'))?;
    text[plain..].char_indices().find(|&(_, character)| is_unprintable(character)).map(|(at, character)| (plain + at, character))
}

/// Writes a text with each of them as `\r`, `\n` or `\u{1b}`.
///
/// # Errors
///
/// Those of the writer.
pub fn write_escaped(out: &mut (impl Write + ?Sized), text: &str) -> io::Result<()> {
    let mut rest = text;
    while let Some((at, character)) = find_unprintable(rest) {
        let (plain, escaped) = rest.split_at(at);
        out.write_all(plain.as_bytes())?;
        write!(out, "{}", character.escape_default())?;
        rest = &escaped[character.len_utf8()..];
    }
    out.write_all(rest.as_bytes())
}

/// Writes JSON with each of them as `\u001b`, but for the line breaks of its layout.
///
/// # Errors
///
/// Those of the writer.
pub fn write_escaped_json(out: &mut (impl Write + ?Sized), json: &str) -> io::Result<()> {
    for (number, line) in json.split('\n').enumerate() {
        out.write_all(if number > 0 { b"\n" } else { b"" })?;
        Escaping.write_string_fragment(out, line)?;
    }
    Ok(())
}

/// The JSON of a value, in which each of them is written `\u001b`: the same JSON to whoever reads it.
///
/// # Errors
///
/// Where the value cannot be written as JSON.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut json = Vec::new();
    write_json(&mut json, value)?;
    Ok(json)
}

/// As [`to_json`], behind what is in the buffer.
///
/// # Errors
///
/// Where the value cannot be written as JSON.
pub fn write_json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Escaping))
}

struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, character)) = find_unprintable(rest) {
            let (plain, escaped) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            // None of them is beyond the first plane.
            write!(writer, "\\u{:04x}", u32::from(character))?;
            rest = &escaped[character.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        write_escaped(&mut out, text).expect("memory takes it");
        String::from_utf8(out).expect("it is a string")
    }

    #[test]
    fn control_characters_are_shown_and_other_characters_are_left() {
        assert_eq!(escaped("a\tb é漢🦀"), "a\tb é漢🦀");
        assert_eq!(
            escaped("\x1b]0;x\x07\r\n\u{9b}2J\u{2028}\u{202e}\0\x7f"),
            r"\u{1b}]0;x\u{7}\r\n\u{9b}2J\u{2028}\u{202e}\u{0}\u{7f}"
        );
    }

    proptest! {
        #[test]
        fn no_text_leaves_one_behind_and_json_stays_equal(text in any::<String>()) {
            prop_assert_eq!(find_unprintable(&escaped(&text)), None);
            let json = String::from_utf8(to_json(&text).expect("a text is JSON")).expect("JSON is a string");
            prop_assert_eq!(find_unprintable(&json), None);
            prop_assert_eq!(serde_json::from_str::<String>(&json).expect("it is JSON"), text);
        }
    }
}
