//! The result of an invocation in the three parts that the platform's console shows: function
//! return, execution summary, log.

pub(crate) mod function_error;
pub(crate) mod log;
pub(crate) mod notification;
pub(crate) mod platform_error;
pub(crate) mod shutdown_report;
pub(crate) mod summary;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde_json::json;

use function_error::FunctionError;
use log::Log;
use platform_error::PlatformError;
use summary::Summary;

/// The result of one invocation.
///
/// `{}` shows the three parts with the last 4 KB of the log, `{:#}` with all of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Execution {
    /// What the function returned, or why it did not.
    pub outcome: Outcome,
    /// How long it took, and how much memory it used.
    pub summary: Summary,
    /// What the function wrote.
    pub log: Log,
}

/// What the function returned, or why it did not: the first part of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The function's response, as it was posted to `/response/`.
    Response(Vec<u8>),
    /// The function's response, which the caller has read to its end while the function wrote it.
    Streamed {
        /// The size of the response.
        bytes: u64,
    },
    /// The function's own error, as it was posted to `/error/`.
    Error(FunctionError),
    /// The function did not answer, or did not get the event.
    Platform(PlatformError),
}

impl Execution {
    /// The result of an invocation that reached no instance, of a function with this memory size in
    /// MB.
    #[must_use]
    pub fn refused(request_id: &str, memory: u32, error: PlatformError) -> Self {
        Self {
            outcome: Outcome::Platform(error),
            summary: Summary::new(request_id, memory, Duration::ZERO, None),
            log: Log::refused(),
        }
    }

    /// The function's response as a string, with U+FFFD for invalid UTF-8; `None` if there is an
    /// error, or the response was streamed.
    ///
    /// Its bytes are in [`outcome`](Self::outcome).
    #[must_use]
    pub fn response(&self) -> Option<Cow<'_, str>> {
        match &self.outcome {
            Outcome::Response(body) => Some(String::from_utf8_lossy(body)),
            Outcome::Streamed { .. } | Outcome::Error(_) | Outcome::Platform(_) => None,
        }
    }

    /// The function's own error, if there is one.
    #[must_use]
    pub fn function_error(&self) -> Option<&FunctionError> {
        match &self.outcome {
            Outcome::Error(error) => Some(error),
            Outcome::Response(_) | Outcome::Streamed { .. } | Outcome::Platform(_) => None,
        }
    }

    /// Why the function did not answer, if it did not.
    #[must_use]
    pub fn platform_error(&self) -> Option<&PlatformError> {
        match &self.outcome {
            Outcome::Platform(error) => Some(error),
            Outcome::Response(_) | Outcome::Streamed { .. } | Outcome::Error(_) => None,
        }
    }
}

impl Outcome {
    /// Whether it is the function's response, as a whole or streamed.
    #[must_use]
    pub fn is_response(&self) -> bool {
        matches!(self, Self::Response(_) | Self::Streamed { .. })
    }

    /// The body that a caller of the invoke API gets: the response, the function's own error as it
    /// was posted, or `{"errorCode": .., "errorMessage": ..}` with the platform's code and message.
    /// It is empty if the response was streamed.
    #[must_use]
    pub fn body(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Response(body) | Self::Error(FunctionError { body, .. }) => Cow::Borrowed(body),
            Self::Streamed { .. } => Cow::Borrowed(&[]),
            Self::Platform(error) => {
                let body =
                    json!({"errorCode": error.code(), "errorMessage": error.platform_message()});
                Cow::Owned(body.to_string().into_bytes())
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(body) => f.write_str(&String::from_utf8_lossy(body)),
            Self::Streamed { bytes } => write!(f, "({bytes} bytes, streamed)"),
            Self::Error(error) => {
                writeln!(f, "errorMessage: {}", error.error_message)?;
                write!(f, "errorType:    {}", error.error_type)
            }
            Self::Platform(error) => write!(f, "{error}"),
        }
    }
}

impl fmt::Display for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { outcome, summary, log } = self;
        writeln!(f, "--- function return ---\n{outcome}")?;
        writeln!(f, "--- execution summary ---\n{summary}")?;
        let log = if f.alternate() { log.full() } else { log.tail(Log::SHORT) };
        write!(f, "--- log ---\n{log}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_parts_are_shown() {
        let execution = Execution {
            outcome: Outcome::Response(b"\"hi\"".to_vec()),
            summary: Summary::new("r-1", 128, Duration::from_micros(1913), Some(43_528_192)),
            log: Log::refused(),
        };
        assert_eq!(
            execution.to_string(),
            "--- function return ---\n\"hi\"\n--- execution summary ---\nrequest id:        r-1\nconfigured memory: 128 MB\n\
             duration:          1.913 ms\nmemory used:       41.512 MB\nbilled duration:   2 ms\n--- log ---\n"
        );
        assert_eq!(
            execution.summary.to_json(),
            r#"{"billingDuration":2,"duration":1.913,"memorySize":128,"memoryUsed":41.51171875}"#
        );
    }
}
