//! The message for JSON that cannot be deserialized: in full for the caller who sent it, without
//! values from it for the log.

use std::any::type_name;
use std::fmt::Write;

use serde::Deserialize;
use serde_path_to_error::{Path, Segment};

use crate::bounded;
use crate::error_details::bare_name;
use crate::failure::Failure;
use crate::limits::{MESSAGE, QUOTE};

/// Why JSON cannot be deserialized: the path, the reason, the line and the column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// For the caller; quotes the beginning of the value that does not fit.
    pub message: String,
    /// For the log; quotes no value.
    pub logged: String,
}

impl JsonError {
    /// Explains the error that deserializing `json` as a `T` returned.
    #[must_use]
    pub fn new<'de, T: Deserialize<'de>>(json: &'de [u8], error: &serde_json::Error) -> Self {
        Self::with_path(find_path::<T>(json).as_ref(), error)
    }

    #[cold]
    #[inline(never)]
    fn with_path(located: Option<&PathError>, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let reason = without_position(&text);
        let reason = if error.is_data() {
            Reason::parse(reason)
        } else {
            Reason { kind: reason, quoted: None, expected: "" }
        };
        // The name of an unknown field comes from the payload, and is a segment of the path.
        let is_unknown =
            |key: &str| reason.quoted.is_some_and(|quoted| quoted.trim_matches('`') == key);
        let (mut message, mut logged) = (String::new(), String::new());
        if let Some(path) = located.map(PathError::path).filter(|path| path.iter().next().is_some())
        {
            write_path(&mut message, path, &|_| true);
            write_path(&mut logged, path, &|key| is_field_name(key) && !is_unknown(key));
        }
        reason.write(&mut message, &mut logged);
        let position = format!(" at line {} column {}", error.line(), error.column());
        message.push_str(&position);
        logged.push_str(&position);
        Self { message, logged }
    }

    /// A failure whose message is `intro` followed by this error.
    #[must_use]
    pub fn into_failure(self, error_type: &'static str, intro: &str) -> Failure {
        let Self { message, logged } = self;
        Failure::new(error_type, [intro, &message].concat()).logged_as([intro, &logged].concat())
    }
}

/// Deserializes the JSON a second time to find the path of the error; on the error path only.
#[cold]
#[inline(never)]
fn find_path<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Option<PathError> {
    serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_slice(json)).err()
}

type PathError = serde_path_to_error::Error<serde_json::Error>;

/// The failure for a payload that cannot be deserialized as the event.
#[cold]
#[inline(never)]
pub(crate) fn invalid_payload<'de, T: Deserialize<'de>>(
    payload: &[u8],
    json: &'de [u8],
    error: &serde_json::Error,
) -> Failure {
    let located = if payload.is_empty() { None } else { find_path::<T>(json) };
    to_failure(payload, located.as_ref(), error, type_name::<T>())
}

/// Byte order marks, which some editors and shells write, and the advice for each.
const BYTE_ORDER_MARKS: [(&[u8], &str); 3] = [
    (
        b"\xef\xbb\xbf",
        "; it begins with a byte order mark, which JSON does not allow: save the event as UTF-8 without one",
    ),
    (b"\xff\xfe", UTF_16),
    (b"\xfe\xff", UTF_16),
];

const UTF_16: &str =
    "; it is in UTF-16, and JSON is UTF-8: save the event as UTF-8 without a byte order mark";

/// Not generic, so that it is compiled once and not for each event type.
#[inline(never)]
fn to_failure(
    payload: &[u8],
    located: Option<&PathError>,
    error: &serde_json::Error,
    event: &'static str,
) -> Failure {
    let event =
        bare_name(event).map_or_else(|| "the event".to_owned(), |name| ["`", name, "`"].concat());
    if payload.is_empty() {
        let text = error.to_string();
        let intro =
            ["the payload is empty and was read as `null`, which is not ", &event, ": "].concat();
        return Failure::new(Failure::INVALID_PAYLOAD, intro + without_position(&text));
    }
    let intro = if error.is_data() {
        ["the payload does not fit ", &event, ": "].concat()
    } else {
        "the payload is not valid JSON: ".to_owned()
    };
    let mut json_error = JsonError::with_path(located, error);
    if let Some((_, advice)) = BYTE_ORDER_MARKS.iter().find(|(mark, _)| payload.starts_with(mark)) {
        json_error.message.push_str(advice);
        json_error.logged.push_str(advice);
    }
    json_error.into_failure(Failure::INVALID_PAYLOAD, &intro)
}

/// The message of a serde error without the position at its end. A quoted value before it may
/// contain the same words.
fn without_position(text: &str) -> &str {
    rfind(text, " at line ").map_or(text, |at| &text[..at])
}

/// [`str::rfind`], in less code.
#[inline(never)]
fn rfind(text: &str, pattern: &str) -> Option<usize> {
    (0..text.len()).rev().find(|&at| text.as_bytes()[at..].starts_with(pattern.as_bytes()))
}

/// The parts of a message of `serde::de::Error`.
struct Reason<'t> {
    kind: &'t str,
    /// A value from the payload.
    quoted: Option<&'t str>,
    expected: &'t str,
}

impl<'t> Reason<'t> {
    #[inline(never)]
    fn parse(text: &'t str) -> Self {
        // What is expected comes last, and from the program.
        let (found, expected) = match rfind(text, ", expected ").max(rfind(text, ", there are no "))
        {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        for kind in ["unknown field ", "unknown variant "] {
            if let Some(quoted) = found.strip_prefix(kind) {
                return Self { kind: kind.trim_end(), quoted: Some(quoted), expected };
            }
        }
        for kind in ["invalid type: ", "invalid value: "] {
            if let Some(unexpected) = found.strip_prefix(kind) {
                // `string "a"` and `floating point `1.5`` quote a value; `null` and `map` do not.
                let quote = unexpected.find(['"', '`']).unwrap_or(unexpected.len());
                let (what, quoted) = unexpected.split_at(quote);
                let kind = &found[..kind.len() + what.trim_end().len()];
                return Self { kind, quoted: (!quoted.is_empty()).then_some(quoted), expected };
            }
        }
        let is_static = [
            "missing field `",
            "duplicate field `",
            "invalid length ",
            "data did not match any variant of untagged enum ",
        ];
        if is_static.iter().any(|start| text.starts_with(start)) {
            return Self { kind: text, quoted: None, expected: "" };
        }
        // A message of the type's own `Deserialize`: any part of it may come from the payload.
        Self { kind: "", quoted: Some(text), expected: "" }
    }

    fn write(&self, message: &mut String, logged: &mut String) {
        let Self { kind, quoted, expected } = *self;
        match quoted {
            Some(text) if kind.is_empty() => {
                message.push_str(&bounded::display(&text, MESSAGE / 2));
                logged.push_str(
                    "its `Deserialize` implementation rejects it; only the caller gets the message",
                );
                return;
            }
            quoted => {
                message.push_str(kind);
                if let Some(value) = quoted {
                    message.push(' ');
                    message.push_str(&bounded::display(&value, QUOTE));
                }
            }
        }
        message.push_str(expected);
        logged.push_str(kind);
        logged.push_str(expected);
    }
}

/// Writes the path, followed by a colon. A key that `is_shown` rejects is `*`.
#[inline(never)]
fn write_path(text: &mut String, path: &Path, is_shown: &dyn Fn(&str) -> bool) {
    /// `serde_json` accepts a nesting of 128.
    const MAX_SEGMENTS: usize = 32;
    text.push('`');
    for (at, segment) in path.iter().enumerate() {
        if at == MAX_SEGMENTS {
            text.push_str("..");
            break;
        }
        if let Segment::Seq { index } = segment {
            // Writing to memory cannot fail.
            let _ = write!(text, "[{index}]");
            continue;
        }
        text.push_str(if at == 0 { "" } else { "." });
        match segment {
            Segment::Map { key } | Segment::Enum { variant: key } if is_shown(key) => {
                text.push_str(&bounded::display(key, QUOTE));
            }
            _ => text.push('*'),
        }
    }
    text.push_str("`: ");
}

/// Whether a key looks like the name of a field, which comes from the program. The key of a map may
/// be any string.
fn is_field_name(key: &str) -> bool {
    const MAX_LENGTH: usize = 40;
    key.len() <= MAX_LENGTH
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-$".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FromPayload;
    use std::collections::HashMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "it is only read")]
    struct Event {
        #[serde(default)]
        number: u8,
        #[serde(default)]
        colour: Option<Colour>,
        #[serde(default)]
        by_name: HashMap<String, u8>,
        #[serde(default)]
        address: Option<std::net::Ipv4Addr>,
        #[serde(default)]
        own: Option<Own>,
    }

    #[derive(Debug, Deserialize)]
    enum Colour {
        Red,
    }

    #[derive(Debug)]
    struct Own;
    impl<'de> Deserialize<'de> for Own {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            Err(serde::de::Error::custom(format_args!("no `{text}` here, expected better")))
        }
    }

    fn both(payload: &str) -> (String, String) {
        let failure = Event::from_payload(payload.as_bytes()).expect_err("it does not fit");
        (failure.message().to_owned(), failure.to_string())
    }

    #[test]
    fn the_caller_gets_the_value_that_does_not_fit_and_the_log_only_the_path_and_the_reason() {
        for (payload, message, logged) in [
            (
                r#"{"number":"s3cr3t"}"#,
                "`number`: invalid type: string \"s3cr3t\", expected u8",
                "`number`: invalid type: string, expected u8",
            ),
            (
                r#"{"number":777}"#,
                "`number`: invalid value: integer `777`, expected u8",
                "`number`: invalid value: integer, expected u8",
            ),
            (
                r#"{"number":null}"#,
                "`number`: invalid type: null, expected u8",
                "`number`: invalid type: null, expected u8",
            ),
            (
                r#"{"s3cr3t":1}"#,
                "`s3cr3t`: unknown field `s3cr3t`, expected one of `number`,",
                "`*`: unknown field, expected one of `number`,",
            ),
            (
                r#"{"colour":"s3cr3t"}"#,
                "`colour`: unknown variant `s3cr3t`, expected `Red`",
                "`colour`: unknown variant, expected `Red`",
            ),
            (
                r#"{"by_name":{"a@b c":"x"}}"#,
                "`by_name.a@b c`: invalid type",
                "`by_name.*`: invalid type: string, expected u8",
            ),
            (
                r#"{"own":"s3cr3t"}"#,
                "`own`: no `s3cr3t` here, expected better",
                "`own`: its `Deserialize` implementation rejects it",
            ),
            (
                r#"{"number":"a\", expected b"}"#,
                "`number`: invalid type: string \"a\\\", expected b\", expected u8",
                "`number`: invalid type: string, expected u8",
            ),
        ] {
            let (in_response, in_log) = both(payload);
            assert!(
                in_response.starts_with(&format!("the payload does not fit `Event`: {message}")),
                "{in_response}"
            );
            assert!(
                in_log.starts_with(&format!(
                    "InvalidPayload: the payload does not fit `Event`: {logged}"
                )),
                "{in_log}"
            );
        }
    }

    #[test]
    fn a_byte_order_mark_is_explained() {
        let (in_response, in_log) = both("\u{feff}{\"number\":1}");
        let expected = "the payload is not valid JSON: expected value at line 1 column 1; it begins with a byte order mark, which JSON \
                        does not allow: save the event as UTF-8 without one";
        assert_eq!(
            (in_response.as_str(), in_log),
            (expected, format!("InvalidPayload: {expected}"))
        );
        let failure = Event::from_payload(b"\xff\xfe{\0}\0").expect_err("no UTF-8").to_string();
        assert!(failure.contains("; it is in UTF-16, and JSON is UTF-8"), "{failure}");
        assert!(!both("{").0.contains("byte order mark"));
    }

    #[test]
    fn a_value_is_quoted_by_its_beginning() {
        for filler in ["k", "\u{ad}", "\\\"", "\\u0001"] {
            let long = filler.repeat(1_000_000);
            for payload in [
                format!("\"{long}\""),
                format!("{{\"number\":\"{long}\"}}"),
                format!("{{\"{long}\":1}}"),
                format!("{{\"by_name\":{{\"{long}\":[]}}}}"),
            ] {
                let (in_response, in_log) = both(&payload);
                assert!(
                    in_response.len() < 600 && in_response.contains(" bytes cut)"),
                    "{in_response}"
                );
                assert!(in_log.len() < 300, "{in_log}");
            }
        }
    }
}
