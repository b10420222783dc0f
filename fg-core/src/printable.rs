//! Escapes the characters that are not written to a log line or a terminal as they are.
//!
//! A control character could end a line, forge another one, or tell a terminal what to do; a mark
//! for the direction of writing could show a line in another order than it has.

/// Whether a character is escaped: control characters but for the tab, line separators, and marks
/// for the direction of writing.
#[must_use]
pub fn is_unprintable(character: char) -> bool {
    match character {
        '\t' | ' '..='~' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        character => character.is_control(),
    }
}

/// Whether all characters are printable ASCII, or tabs.
#[must_use]
#[inline(never)]
pub fn is_plain(text: &str) -> bool {
    // The inner loop has no early exit, so that the compiler can vectorize it.
    text.as_bytes().chunks(64).all(|chunk| {
        chunk
            .iter()
            .fold(true, |plain, &byte| plain & (matches!(byte, b' '..=b'~') | (byte == b'\t')))
    })
}

/// Finds the first character that is [escaped](is_unprintable).
#[must_use]
pub fn find_unprintable(text: &str) -> Option<(usize, char)> {
    if is_plain(text) {
        return None;
    }
    text.char_indices().find(|&(_, character)| is_unprintable(character))
}

/// Appends a string, with such characters escaped as `\r`, `\n` or `\u{1b}`.
pub fn write_escaped(out: &mut Vec<u8>, text: &str) {
    escape(out, text, |out, character| match character {
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        character => {
            out.extend_from_slice(b"\\u{");
            write_hex(out, character, 2);
            out.push(b'}');
        }
    });
}

/// Appends several lines, each escaped, with `between` in place of the line breaks.
pub fn write_escaped_lines(out: &mut Vec<u8>, text: &str, between: &str) {
    for (number, line) in text.split('\n').enumerate() {
        out.extend_from_slice(if number > 0 { between.as_bytes() } else { b"" });
        write_escaped(out, line);
    }
}

/// Escapes the JSON from `start` on: such characters are written as `\u001b`, except for the line
/// breaks of its layout. A parser reads the same from it.
pub fn escape_json(json: &mut Vec<u8>, start: usize) {
    let Ok(text) = std::str::from_utf8(&json[start..]) else { return };
    if is_plain(text) {
        return;
    }
    let text = text.to_owned();
    json.truncate(start);
    escape(json, &text, |out, character| match character {
        '\n' => out.push(b'\n'),
        character => {
            out.extend_from_slice(b"\\u");
            write_hex(out, character, 4);
        }
    });
}

fn escape(out: &mut Vec<u8>, text: &str, write: fn(&mut Vec<u8>, char)) {
    let mut rest = text;
    while let Some((at, character)) = find_unprintable(rest) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        write(out, character);
        rest = &rest[at + character.len_utf8()..];
    }
    out.extend_from_slice(rest.as_bytes());
}

/// Appends a character's code point in hexadecimal, with at least `least` digits and at most four:
/// no such character is beyond the first plane.
fn write_hex(out: &mut Vec<u8>, character: char, least: u32) {
    let number = u32::from(character);
    for place in (0..4).rev() {
        if place < least || number >> (4 * place) > 0 {
            out.push(b"0123456789abcdef"[(number >> (4 * place) & 0xf) as usize]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        write_escaped(&mut out, text);
        String::from_utf8(out).expect("it is a string")
    }

    #[test]
    fn control_characters_are_shown_and_other_characters_are_left() {
        assert_eq!(escaped("a\tb é漢🦀"), "a\tb é漢🦀");
        assert_eq!(
            escaped("\x1b]0;x\x07\r\n\u{9b}2J\u{2028}\u{202e}\0\x7f"),
            r"\u{1b}]0;x\u{07}\r\n\u{9b}2J\u{2028}\u{202e}\u{00}\u{7f}"
        );
    }

    proptest! {
        #[test]
        fn no_text_leaves_one_behind_and_json_stays_equal(text in any::<String>()) {
            prop_assert_eq!(find_unprintable(&escaped(&text)), None);
            let mut json = b"{\n".to_vec();
            serde_json::to_writer(&mut json, &text).expect("a string is JSON");
            escape_json(&mut json, 2);
            let json = String::from_utf8(json).expect("JSON is a string");
            prop_assert_eq!(find_unprintable(&json[2..]), None);
            prop_assert_eq!(serde_json::from_str::<String>(&json[2..]).expect("it is JSON"), text);
        }
    }
}
