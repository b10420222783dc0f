//! How a log line looks: the platform's own form, or JSON.

use std::io::Write;

use fg_core::Level;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::timestamp::Timestamp;

/// The platform's Node.js and Python runtimes cut a message into pieces of this many bytes, each a line of its own.
const LONGEST_PIECE: usize = 90 * 1024;

/// The form of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LineFormat {
    /// `2026-11-23T03:21:00.123Z <request id> INFO text`.
    #[default]
    Text,
    /// `{"time":"..","requestId":"..","level":"INFO","message":"text"}`.
    Json,
}

/// Appends one message, in as many lines as it needs. A request id that is empty is `-`.
pub(crate) fn write_lines(out: &mut Vec<u8>, format: LineFormat, time: Timestamp, request_id: &str, level: Level, message: &str) {
    let mut rest = message.strip_suffix('\n').unwrap_or(message);
    loop {
        let (piece, next) = rest.split_at(cut(rest));
        match format {
            LineFormat::Text => {
                let request_id = if request_id.is_empty() { "-" } else { request_id };
                write!(out, "{time} {request_id} {level} {piece}").expect("writing to memory cannot fail");
            }
            LineFormat::Json => {
                let line = JsonLine { time: time.to_string(), request_id, level: level.as_str(), message: piece };
                serde_json::to_writer(&mut *out, &line).expect("texts can be written as JSON, and to memory");
            }
        }
        out.push(b'\n');
        rest = next;
        if rest.is_empty() {
            return;
        }
    }
}

struct JsonLine<'a> {
    time: String,
    request_id: &'a str,
    level: &'a str,
    message: &'a str,
}

/// By hand, so that this crate needs no derive.
impl Serialize for JsonLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("time", &self.time)?;
        line.serialize_entry("requestId", self.request_id)?;
        line.serialize_entry("level", self.level)?;
        line.serialize_entry("message", self.message)?;
        line.end()
    }
}

/// Where the first piece ends: on the last character boundary within the limit.
fn cut(text: &str) -> usize {
    if text.len() <= LONGEST_PIECE {
        return text.len();
    }
    (0..=LONGEST_PIECE).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(format: LineFormat, request_id: &str, message: &str) -> Vec<String> {
        let mut out = Vec::new();
        write_lines(&mut out, format, Timestamp::now(), request_id, Level::Info, message);
        let text = String::from_utf8(out).expect("a line is text");
        text.trim_end_matches('\n').split('\n').map(ToOwned::to_owned).collect()
    }

    #[test]
    fn a_line_has_the_platforms_form() {
        let line = &lines(LineFormat::Text, "id-1", "hello\n")[0];
        let (time, rest) = line.split_once(' ').expect("there is a time");
        assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
        assert_eq!(rest, "id-1 INFO hello");
        assert!(lines(LineFormat::Text, "", "hello")[0].ends_with(" - INFO hello"));
    }

    #[test]
    fn a_json_line_keeps_the_text_whatever_is_in_it() {
        let line = &lines(LineFormat::Json, "id-1", "a \"b\"\nc")[0];
        let value: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        assert_eq!(
            (&value["requestId"], &value["level"], &value["message"]),
            (&"id-1".into(), &"INFO".into(), &"a \"b\"\nc".into())
        );
    }

    proptest! {
        #[test]
        fn a_long_message_is_cut_between_characters_and_nothing_is_lost(text in "[aé漢🦀]{0,8}", times in 1_usize..20_000) {
            let message = text.repeat(times);
            let lines = lines(LineFormat::Text, "id", &message);
            let pieces: Vec<&str> = lines.iter().map(|line| line.splitn(4, ' ').nth(3).expect("there is a text")).collect();
            prop_assert!(pieces.iter().all(|piece| piece.len() <= LONGEST_PIECE));
            prop_assert_eq!(pieces.concat(), message);
        }
    }
}
