//! Why a payload does not fit the type of the event: in full for the caller who has sent it,
//! without its contents for the log.

use std::any::type_name;
use std::fmt::Write;

use serde::Deserialize;
use serde_path_to_error::{Path, Segment};

use crate::bounded;
use crate::error_details::bare_name;
use crate::failure::Failure;
use crate::limits::{MESSAGE, QUOTE};

/// Why JSON does not fit, and where: a path, a reason, a line and a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// For the caller, with the beginning of the value that does not fit.
    pub told: String,
    /// For the log, without that.
    pub logged: String,
}

impl Misfit {
    /// What this error says of JSON.
    #[must_use]
    pub fn of<'de, T: Deserialize<'de>>(json: &'de [u8], error: &serde_json::Error) -> Self {
        Self::at(locate::<T>(json).as_ref(), error)
    }

    #[cold]
    #[inline(never)]
    fn at(located: Option<&Located>, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let reason = without_place(&text);
        let reason = if error.is_data() {
            Reason::read(reason)
        } else {
            Reason { kind: reason, quoted: None, expected: "" }
        };
        // A field that is unknown is a part of the path.
        let is_unknown =
            |key: &str| reason.quoted.is_some_and(|quoted| quoted.trim_matches('`') == key);
        let (mut told, mut logged) = (String::new(), String::new());
        if let Some(path) = located.map(Located::path).filter(|path| path.iter().next().is_some()) {
            write_path(&mut told, path, &|_| true);
            write_path(&mut logged, path, &|key| is_a_name(key) && !is_unknown(key));
        }
        reason.write(&mut told, &mut logged);
        let place = format!(" at line {} column {}", error.line(), error.column());
        told.push_str(&place);
        logged.push_str(&place);
        Self { told, logged }
    }

    /// A failure whose message begins with this.
    #[must_use]
    pub fn into_failure(self, error_type: &'static str, intro: &str) -> Failure {
        let Self { told, logged } = self;
        Failure::new(error_type, [intro, &told].concat()).logged_as([intro, &logged].concat())
    }
}

/// Reads the JSON a second time to learn at which path it does not fit. Only JSON that failed pays
/// for this.
#[cold]
#[inline(never)]
fn locate<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Option<Located> {
    serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_slice(json)).err()
}

type Located = serde_path_to_error::Error<serde_json::Error>;

/// Why a payload is not the event.
#[cold]
#[inline(never)]
pub(crate) fn explain<'de, T: Deserialize<'de>>(
    payload: &[u8],
    json: &'de [u8],
    error: &serde_json::Error,
) -> Failure {
    let located = if payload.is_empty() { None } else { locate::<T>(json) };
    describe(payload, located.as_ref(), error, type_name::<T>())
}

/// What some editors and shells put before a text, and what they leave where they write UTF-16.
const MARKS: [(&[u8], &str); 3] = [
    (
        b"\xef\xbb\xbf",
        "; it begins with a byte order mark, which JSON does not allow: save the event as UTF-8 without one",
    ),
    (b"\xff\xfe", UTF_16),
    (b"\xfe\xff", UTF_16),
];

const UTF_16: &str =
    "; it is in UTF-16, and JSON is UTF-8: save the event as UTF-8 without a byte order mark";

/// Not generic, so that it is compiled once and not for each event.
#[inline(never)]
fn describe(
    payload: &[u8],
    located: Option<&Located>,
    error: &serde_json::Error,
    event: &'static str,
) -> Failure {
    let event =
        bare_name(event).map_or_else(|| "the event".to_owned(), |name| ["`", name, "`"].concat());
    if payload.is_empty() {
        let text = error.to_string();
        let intro =
            ["the payload is empty and was read as `null`, which is not ", &event, ": "].concat();
        return Failure::new(Failure::INVALID_PAYLOAD, intro + without_place(&text));
    }
    let intro = if error.is_data() {
        ["the payload does not fit ", &event, ": "].concat()
    } else {
        "the payload is not valid JSON: ".to_owned()
    };
    let mut misfit = Misfit::at(located, error);
    if let Some((_, advice)) = MARKS.iter().find(|(mark, _)| payload.starts_with(mark)) {
        misfit.told.push_str(advice);
        misfit.logged.push_str(advice);
    }
    misfit.into_failure(Failure::INVALID_PAYLOAD, &intro)
}

/// What an error of serde's says without the place, which stands at the end whatever is quoted
/// before it.
fn without_place(text: &str) -> &str {
    last(text, " at line ").map_or(text, |at| &text[..at])
}

/// Where the last one of these words begins.
#[inline(never)]
fn last(text: &str, words: &str) -> Option<usize> {
    (0..text.len()).rev().find(|&at| text.as_bytes()[at..].starts_with(words.as_bytes()))
}

/// What serde says, in its parts: the messages of `serde::de::Error`.
struct Reason<'t> {
    kind: &'t str,
    /// What stands in the payload.
    quoted: Option<&'t str>,
    expected: &'t str,
}

impl<'t> Reason<'t> {
    #[inline(never)]
    fn read(text: &'t str) -> Self {
        // What is expected is written in the program, and stands last.
        let (found, expected) = match last(text, ", expected ").max(last(text, ", there are no ")) {
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
                // Such as `string "a"` and `floating point `1.5``; `null` and `map` quote nothing.
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
        // In the words of the type's own `Deserialize`: which of them come from the payload is
        // unknown.
        Self { kind: "", quoted: Some(text), expected: "" }
    }

    fn write(&self, told: &mut String, logged: &mut String) {
        let Self { kind, quoted, expected } = *self;
        match quoted {
            Some(words) if kind.is_empty() => {
                told.push_str(&bounded::display(&words, MESSAGE / 2));
                logged
                    .push_str("its own check refuses it, with words that only the caller is told");
                return;
            }
            quoted => {
                told.push_str(kind);
                if let Some(value) = quoted {
                    told.push(' ');
                    told.push_str(&bounded::display(&value, QUOTE));
                }
            }
        }
        told.push_str(expected);
        logged.push_str(kind);
        logged.push_str(expected);
    }
}

/// Writes the path with a colon behind it. A key that may not be shown is `*`.
#[inline(never)]
fn write_path(text: &mut String, path: &Path, is_shown: &dyn Fn(&str) -> bool) {
    /// A payload can be nested 128 deep.
    const MOST_SEGMENTS: usize = 32;
    text.push('`');
    for (at, segment) in path.iter().enumerate() {
        if at == MOST_SEGMENTS {
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

/// Whether a key looks like the name of a field: those stand in the program. A key of a map may be
/// anything.
fn is_a_name(key: &str) -> bool {
    const LONGEST: usize = 40;
    key.len() <= LONGEST
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
    fn the_caller_is_told_what_does_not_fit_and_the_log_only_where_and_why() {
        for (payload, told, logged) in [
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
                "`own`: its own check refuses it",
            ),
            (
                r#"{"number":"a\", expected b"}"#,
                "`number`: invalid type: string \"a\\\", expected b\", expected u8",
                "`number`: invalid type: string, expected u8",
            ),
        ] {
            let (in_answer, in_log) = both(payload);
            assert!(
                in_answer.starts_with(&format!("the payload does not fit `Event`: {told}")),
                "{in_answer}"
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
    fn a_byte_order_mark_is_named_as_what_it_is() {
        let (in_answer, in_log) = both("\u{feff}{\"number\":1}");
        let expected = "the payload is not valid JSON: expected value at line 1 column 1; it begins with a byte order mark, which JSON \
                        does not allow: save the event as UTF-8 without one";
        assert_eq!((in_answer.as_str(), in_log), (expected, format!("InvalidPayload: {expected}")));
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
                let (in_answer, in_log) = both(&payload);
                assert!(in_answer.len() < 600 && in_answer.contains(" bytes cut)"), "{in_answer}");
                assert!(in_log.len() < 300, "{in_log}");
            }
        }
    }
}
