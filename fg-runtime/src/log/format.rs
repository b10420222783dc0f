//! The format of a log line: the platform's own, or JSON.
//!
//! In the platform's format a record is one line. If its message has several lines, each further
//! line has a mark in place of the level:
//!
//! ```text
//! 2026-11-23T03:21:00.123Z r-1 ERROR cannot ship
//! 2026-11-23T03:21:00.124Z r-1 | because of rain
//! ```
//!
//! `|` marks a line break of the message. `+` marks the rest of a line that was longer than the
//! platform allows. So every line has a time and a request id, a search for ` ERROR ` counts
//! records, and a query can join lines of one id whose third word is a mark to the line before.
//!
//! Nothing in a message can imitate another record: control characters, line separators and
//! bidirectional marks are escaped as `\r` or `\u{1b}`, and a request id has no spaces. Only the
//! tab is written as it is. In JSON they are escaped as `\u001b`.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;

use fg_core::__private::{end_within, escape_json, is_plain, is_unprintable, write_escaped};
use fg_core::limits::{LOG_RECORD, LOGGED_ID};
use fg_core::{Environment, Record};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::log::timestamp::Timestamp;

/// The most bytes of a message in one line. The platform's Node.js and Python runtimes split longer
/// messages at this length.
const LINE_LIMIT: usize = 90 * 1024;

/// In place of the level: a line break of the message comes before this line.
const NEXT_LINE: &str = "|";

/// In place of the level: this line continues the one before.
const SAME_LINE: &str = "+";

/// The format of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LineFormat {
    /// `2026-11-23T03:21:00.123Z <request id> INFO message`.
    #[default]
    Text,
    /// `{"time":"..","requestId":"..","level":"INFO","message":"message"}`.
    Json,
}

impl LineFormat {
    /// The format from `FG_LOG_FORMAT`, else from the function's settings.
    pub(crate) fn of(environment: &Environment, is_json: bool) -> Self {
        if environment.is_log_json().unwrap_or(is_json) { Self::Json } else { Self::Text }
    }
}

/// Appends one record, in as many lines as it needs. `length` is the length of the original
/// message, of which `message` is what was kept.
pub(crate) fn write_lines(
    out: &mut Vec<u8>,
    format: LineFormat,
    time: Timestamp,
    record: &Record<'_>,
    message: &str,
    length: usize,
) {
    let cut = length - message.len();
    let message = message.strip_suffix('\n').unwrap_or(message);
    match format {
        LineFormat::Text => write_text(out, time, record, message, cut),
        LineFormat::Json => write_objects(out, time, record, message, cut),
    }
}

fn write_text(
    out: &mut Vec<u8>,
    time: Timestamp,
    record: &Record<'_>,
    message: &str,
    mut cut: usize,
) {
    let (start, id) = (out.len(), printable_id(record.request_id));
    let head = |out: &mut Vec<u8>, mark: &str| {
        // Writing to memory cannot fail.
        let _ = write!(out, "{time} {id} {mark} ");
    };
    head(out, record.level.as_str());
    // Most records are one plain line.
    if message.len() <= LINE_LIMIT && is_plain(message) {
        out.extend_from_slice(message.as_bytes());
        out.push(b'\n');
    } else {
        cut += write_split(out, message, start, head);
    }
    if cut > 0 {
        head(out, SAME_LINE);
        let _ = writeln!(out, ".. ({cut} bytes cut)");
    }
}

/// Writes a message after the head of its first line. Returns the number of bytes that were left
/// out.
#[cold]
fn write_split(
    out: &mut Vec<u8>,
    message: &str,
    start: usize,
    head: impl Fn(&mut Vec<u8>, &str),
) -> usize {
    let mut rest = message;
    loop {
        let end = rest.find('\n').unwrap_or(rest.len());
        let part = &rest[..end_within(&rest[..end], LINE_LIMIT)];
        let is_whole = part.len() == end;
        // The `\r` of a CRLF line break is not written.
        let shown = if is_whole && end < rest.len() {
            part.strip_suffix('\r').unwrap_or(part)
        } else {
            part
        };
        write_escaped(out, shown);
        out.push(b'\n');
        if is_whole && end == rest.len() {
            return 0;
        }
        rest = &rest[part.len() + usize::from(is_whole)..];
        if out.len() - start > LOG_RECORD {
            return rest.len();
        }
        head(out, if is_whole { NEXT_LINE } else { SAME_LINE });
    }
}

fn write_objects(
    out: &mut Vec<u8>,
    time: Timestamp,
    record: &Record<'_>,
    message: &str,
    mut cut: usize,
) {
    let start = out.len();
    let time = time.to_string();
    let request_id = &record.request_id[..end_within(record.request_id, LOGGED_ID)];
    let (mut rest, mut is_continued) = (message, false);
    loop {
        let part = end_within(rest, LINE_LIMIT);
        let (message, next) = rest.split_at(part);
        let is_last = next.is_empty() || out.len() - start + LINE_LIMIT > LOG_RECORD;
        cut += if is_last { next.len() } else { 0 };
        let marked = if is_last && cut > 0 {
            Cow::Owned(format!("{message}.. ({cut} bytes cut)"))
        } else {
            Cow::Borrowed(message)
        };
        let object = JsonLine { time: &time, request_id, record, message: &marked, is_continued };
        let line = out.len();
        serde_json::to_writer(&mut *out, &object)
            .expect("strings can be written as JSON, and to memory");
        if !is_continued {
            let end = out.pop();
            record.write_json_of_details(out);
            out.extend(end);
        }
        escape_json(out, line);
        out.push(b'\n');
        if is_last {
            return;
        }
        is_continued = true;
        rest = next;
    }
}

/// A request id without spaces and control characters. An empty one is `-`.
fn printable_id(id: &str) -> Cow<'_, str> {
    if id.is_empty() {
        return Cow::Borrowed("-");
    }
    if id.len() <= LOGGED_ID && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Cow::Borrowed(id);
    }
    let mut printable = String::new();
    for character in id.chars() {
        if printable.len() >= LOGGED_ID {
            printable.push_str("..");
            break;
        }
        if character.is_whitespace() || is_unprintable(character) {
            let _ = fmt::Write::write_fmt(
                &mut printable,
                format_args!("\\u{{{:x}}}", u32::from(character)),
            );
        } else {
            printable.push(character);
        }
    }
    Cow::Owned(printable)
}

struct JsonLine<'a> {
    time: &'a str,
    request_id: &'a str,
    record: &'a Record<'a>,
    message: &'a str,
    is_continued: bool,
}

/// Written by hand, so that this crate does not need serde's derive.
impl Serialize for JsonLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Record { level, target, .. } = self.record;
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("time", self.time)?;
        line.serialize_entry("requestId", self.request_id)?;
        line.serialize_entry("level", level.as_str())?;
        if let Some(target) = target {
            line.serialize_entry("target", target)?;
        }
        line.serialize_entry("message", self.message)?;
        if self.is_continued {
            line.serialize_entry("continued", "true")?;
        }
        line.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fg_core::__private::find_unprintable;
    use fg_core::{Level, LogDetails, LogField, LogSpan, LogValue};
    use proptest::prelude::*;
    use serde_json::json;

    fn lines(format: LineFormat, request_id: &str, message: &str) -> Vec<String> {
        let mut out = Vec::new();
        let record = Record::new(Level::Info, request_id, format_args!(""));
        write_lines(&mut out, format, Timestamp::now(), &record, message, message.len());
        let text = String::from_utf8(out).expect("a line is a string");
        text.strip_suffix('\n')
            .expect("there is a line")
            .split('\n')
            .map(ToOwned::to_owned)
            .collect()
    }

    fn without_times(lines: &[String]) -> Vec<&str> {
        lines.iter().map(|line| line.split_once(' ').expect("there is a time").1).collect()
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
    fn a_line_break_in_a_message_cannot_begin_another_record() {
        let lines = lines(
            LineFormat::Text,
            "id-1",
            "a\r\n2026-01-01T00:00:00.000Z id-2 INFO forged\rb\n\n\x1b[31mred\u{2028}\tend\n",
        );
        let expected = [
            "id-1 INFO a",
            "id-1 | 2026-01-01T00:00:00.000Z id-2 INFO forged\\rb",
            "id-1 | ",
            "id-1 | \\u{1b}[31mred\\u{2028}\tend",
        ];
        assert_eq!(without_times(&lines), expected);
    }

    #[test]
    fn a_request_id_has_no_spaces_and_no_control_characters_and_is_bounded() {
        let id = |id: &str| lines(LineFormat::Text, id, "hello")[0].clone();
        assert!(
            id("a b\u{9b}c\u{a0}d").ends_with("Z a\\u{20}b\\u{9b}c\\u{a0}d INFO hello"),
            "{}",
            id("a b\u{9b}c\u{a0}d")
        );
        assert!(
            id(&"i".repeat(1000)).ends_with("iii.. INFO hello")
                && id(&"i".repeat(1000)).len() < 200
        );
        let json: serde_json::Value =
            serde_json::from_str(&lines(LineFormat::Json, &"i".repeat(1000), "hello")[0])
                .expect("it is JSON");
        assert_eq!(json["requestId"].as_str().map(str::len), Some(LOGGED_ID));
    }

    #[test]
    fn a_json_line_keeps_any_message() {
        let text = "a \"b\"\nc\x1b\u{9b}\u{202e}é";
        let line = &lines(LineFormat::Json, "id-1", text)[0];
        assert_eq!(find_unprintable(line), None);
        let value: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        assert_eq!(
            (&value["requestId"], &value["level"], &value["message"]),
            (&"id-1".into(), &"INFO".into(), &text.into())
        );
    }

    #[test]
    fn target_fields_and_spans_are_json_of_their_own() {
        let field = |name: &'static str, value| LogField { name: name.into(), value };
        let fields = vec![
            field("port", LogValue::Integer(8000)),
            field("ok", LogValue::Bool(true)),
            field("nan", LogValue::Float(f64::NAN)),
        ];
        let spans = vec![LogSpan {
            name: "order".into(),
            fields: vec![field("id", LogValue::Str("7".into()))],
        }];
        let details = LogDetails { fields, spans };
        let mut record = Record::new(Level::Warn, "id-1", format_args!("")).with_details(&details);
        record.target = Some("shop");
        let mut out = Vec::new();
        write_lines(&mut out, LineFormat::Json, Timestamp::now(), &record, "listening", 9);
        let mut value: serde_json::Value = serde_json::from_slice(&out).expect("it is JSON");
        value.as_object_mut().expect("an object").remove("time");
        let expected = json!({
            "requestId": "id-1", "level": "WARN", "target": "shop", "message": "listening",
            "fields": {"port": 8000, "ok": true, "nan": "NaN"},
            "spans": [{"name": "order", "id": "7"}],
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn the_size_of_a_record_is_bounded_for_any_message() {
        for format in [LineFormat::Text, LineFormat::Json] {
            for message in
                ["\n".repeat(LOG_RECORD), "\x1b".repeat(LOG_RECORD), "x".repeat(LOG_RECORD)]
            {
                let record = Record::new(Level::Info, "id", format_args!(""));
                let mut out = Vec::new();
                write_lines(&mut out, format, Timestamp::now(), &record, &message, 50_000_000);
                assert!(out.len() <= LOG_RECORD + LINE_LIMIT + 1000, "{}", out.len());
                assert!(
                    out.trim_ascii_end()
                        .rsplit(|&byte| byte == b'\n')
                        .next()
                        .is_some_and(|line| String::from_utf8_lossy(line).contains("ytes"))
                );
            }
        }
    }

    proptest! {
        #[test]
        fn a_long_message_is_cut_between_characters_and_nothing_is_lost(text in "[aé漢🦀]{0,8}", times in 1_usize..10_000) {
            let message = text.repeat(times);
            for format in [LineFormat::Text, LineFormat::Json] {
                let lines = lines(format, "id", &message);
                let parts: Vec<String> = lines.iter().map(|line| match format {
                    LineFormat::Text => line.splitn(4, ' ').nth(3).expect("there is a message").to_owned(),
                    LineFormat::Json => serde_json::from_str::<serde_json::Value>(line).expect("it is JSON")["message"].as_str().expect("a string").to_owned(),
                }).collect();
                prop_assert!(parts.iter().all(|part| part.len() <= LINE_LIMIT));
                prop_assert_eq!(parts.concat(), &*message);
            }
        }

        #[test]
        fn each_line_of_any_message_has_its_head_and_shows_no_control_character(id in any::<String>(), message in any::<String>()) {
            for (number, line) in lines(LineFormat::Text, &id, &message).iter().enumerate() {
                let words: Vec<_> = line.splitn(4, ' ').collect();
                prop_assert_eq!(words.len(), 4);
                prop_assert_eq!(words[2], if number == 0 { "INFO" } else { "|" });
                prop_assert_eq!(find_unprintable(line), None);
            }
        }
    }
}
