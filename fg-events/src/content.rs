//! Decodes the contents of fields: JSON in a string, base64, URL-encoded keys; and the error of all
//! of them.

use std::fmt;

/// The content of a field could not be decoded.
///
/// The event itself is valid, but the base64, the JSON or the time in one of its fields is not. The
/// message may quote a value that does not fit. It is truncated to about 1,000 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentError {
    field: &'static str,
    reason: String,
}

impl ContentError {
    pub(crate) fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: bounded(reason.into()) }
    }

    /// The path of the field in the payload, such as `lts.data`.
    #[must_use]
    pub const fn field(&self) -> &str {
        self.field
    }
}

impl fmt::Display for ContentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` {}", self.field, self.reason)
    }
}

impl std::error::Error for ContentError {}

/// Cuts the middle of a long reason, which is where a value is quoted.
fn bounded(mut reason: String) -> String {
    const MAX: usize = 1000;
    const BEGINNING: usize = 600;
    const END: usize = 300;
    if reason.len() > MAX {
        let boundary =
            |at: usize| (0..=at).rev().find(|&at| reason.is_char_boundary(at)).unwrap_or(0);
        let cut = boundary(BEGINNING)..boundary(reason.len() - END);
        let length = cut.len();
        reason.replace_range(cut, &format!(".. ({length} bytes cut) .."));
    }
    reason
}

/// JSON in a string of the event.
#[cfg(any(
    feature = "apig",
    feature = "cts",
    feature = "dds",
    feature = "dis",
    feature = "dms",
    feature = "eventgrid",
    feature = "iotda",
    feature = "kafka",
    feature = "kafka-open-source",
    feature = "lts",
    feature = "notification",
    feature = "rabbitmq",
    feature = "rocketmq",
    feature = "smn",
    feature = "timer",
))]
#[allow(dead_code, reason = "some triggers have only strings, some only values")]
pub(crate) mod json {
    use serde::Deserialize;
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::ContentError;

    /// Deserializes it. On an error, deserializes it again to find the JSON path.
    pub(crate) fn parse<'a, T: Deserialize<'a>>(
        field: &'static str,
        json: &'a [u8],
    ) -> Result<T, ContentError> {
        serde_json::from_slice(json).map_err(|error| {
            let located = serde_path_to_error::deserialize::<_, T>(
                &mut serde_json::Deserializer::from_slice(json),
            );
            let path = match located {
                Err(located) if located.path().iter().next().is_some() => {
                    format!("`{}`: ", located.path())
                }
                Ok(_) | Err(_) => String::new(),
            };
            let problem = if json.is_empty() {
                "is empty, not JSON"
            } else if error.is_data() {
                "does not fit"
            } else {
                "is not JSON"
            };
            ContentError::new(field, format!("{problem}: {path}{error}"))
        })
    }

    /// Deserializes a value that is an object in some payloads and a string with its JSON in
    /// others.
    pub(crate) fn open<T: DeserializeOwned>(
        field: &'static str,
        value: &Value,
    ) -> Result<T, ContentError> {
        if let Value::String(text) = value {
            if let Ok(opened) = serde_json::from_str(text) {
                return Ok(opened);
            }
        }
        serde_path_to_error::deserialize(value).map_err(|located| {
            let path = if located.path().iter().next().is_some() {
                format!("`{}`: ", located.path())
            } else {
                String::new()
            };
            ContentError::new(field, format!("does not fit: {path}{}", located.inner()))
        })
    }
}

/// base64, with or without padding, in the standard or the URL-safe alphabet.
#[cfg(any(feature = "apig", feature = "dis", feature = "eventgrid", feature = "lts"))]
#[allow(dead_code, reason = "EventGrid only decodes")]
pub(crate) mod base64 {
    use base64::Engine as _;
    use base64::alphabet::{STANDARD, URL_SAFE};
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

    use super::ContentError;

    const TOLERANT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD_ENGINE: GeneralPurpose = GeneralPurpose::new(&STANDARD, TOLERANT);
    const URL_SAFE_ENGINE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, TOLERANT);

    pub(crate) fn decode(field: &'static str, text: &str) -> Result<Vec<u8>, ContentError> {
        let text = text.trim();
        let engine = if text.contains(['-', '_']) { URL_SAFE_ENGINE } else { STANDARD_ENGINE };
        // Some encoders wrap lines.
        let decoded = if text.contains(char::is_whitespace) {
            engine.decode(text.split_whitespace().collect::<String>())
        } else {
            engine.decode(text)
        };
        decoded.map_err(|error| ContentError::new(field, format!("is not base64: {error}")))
    }

    pub(crate) fn encode(bytes: &[u8]) -> String {
        STANDARD_ENGINE.encode(bytes)
    }
}

/// URL-encoded keys of objects.
#[cfg(any(feature = "obs", feature = "obs-eventgrid"))]
pub(crate) mod url {
    use std::borrow::Cow;

    use percent_encoding::percent_decode;

    use super::ContentError;

    /// Decodes a key: `%2F` is a slash, `+` is a space.
    pub(crate) fn decode<'a>(
        field: &'static str,
        key: &'a str,
    ) -> Result<Cow<'a, str>, ContentError> {
        if !key.contains(['%', '+']) {
            return Ok(Cow::Borrowed(key));
        }
        let spaced: Vec<u8> =
            key.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
        let decoded = percent_decode(&spaced).decode_utf8().map(Cow::into_owned);
        decoded
            .map(Cow::Owned)
            .map_err(|error| ContentError::new(field, format!("is not URL-encoded UTF-8: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_in_the_middle() {
        for filler in ["x", "é", "🦀", "\\\""] {
            let reason = format!(
                "does not fit: string \"{}\", expected u32 at line 1 column 7",
                filler.repeat(500_000)
            );
            let text = ContentError::new("body", reason).to_string();
            assert!(
                text.len() < 1000 && text.starts_with("`body` does not fit: string \""),
                "{text}"
            );
            assert!(
                text.contains(" bytes cut) ..")
                    && text.ends_with("\", expected u32 at line 1 column 7"),
                "{text}"
            );
        }
    }
}
