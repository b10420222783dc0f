//! The result of an invocation in the three parts that the platform's console shows: function
//! return, execution summary, log.

pub(crate) mod log;
pub(crate) mod platform_error;
pub(crate) mod shutdown_report;
pub(crate) mod timestamp;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::execution::log::Log;
use crate::execution::platform_error::PlatformError;

/// What came of one invocation.
///
/// `{}` shows the three parts with the last 4 KB of the log, `{:#}` with all of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Execution {
    /// What the function returned, or why it did not.
    pub outcome: Outcome,
    /// The figures.
    pub summary: Summary,
    /// What was written meanwhile.
    pub log: Log,
}

/// The first part: what the function returned, or why it did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The function's result, as it was posted to `/response/`.
    Reply(Vec<u8>),
    /// The function's result, which the caller has read while the function wrote it, to its last
    /// chunk.
    Streamed {
        /// How many there were.
        bytes: u64,
    },
    /// The function's own error, as it was posted to `/error/`.
    Failure(Failure),
    /// The function did not answer, or was not asked.
    Platform(PlatformError),
}

/// An error that the function has reported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// `errorType`, empty where there is none.
    pub error_type: String,
    /// `errorMessage`, or all of the body where it is not the platform's JSON.
    pub error_message: String,
    /// The body as it was posted.
    pub body: Vec<u8>,
}

impl Failure {
    pub(crate) fn from_body(body: Vec<u8>) -> Self {
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |key: &str| json[key].as_str().map(str::to_owned);
        Self {
            error_type: text("errorType").unwrap_or_default(),
            error_message: text("errorMessage")
                .unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned()),
            body,
        }
    }
}

impl Execution {
    /// The function's result as text, with U+FFFD for what is not UTF-8; nothing where there is an
    /// error, or where it was streamed.
    ///
    /// The whole result is in [`outcome`](Self::outcome).
    #[must_use]
    pub fn reply(&self) -> Option<Cow<'_, str>> {
        match &self.outcome {
            Outcome::Reply(body) => Some(String::from_utf8_lossy(body)),
            Outcome::Streamed { .. } | Outcome::Failure(_) | Outcome::Platform(_) => None,
        }
    }

    /// The function's own error, where there is one.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match &self.outcome {
            Outcome::Failure(failure) => Some(failure),
            Outcome::Reply(_) | Outcome::Streamed { .. } | Outcome::Platform(_) => None,
        }
    }

    /// Why the function did not answer, where it did not.
    #[must_use]
    pub fn platform_error(&self) -> Option<&PlatformError> {
        match &self.outcome {
            Outcome::Platform(error) => Some(error),
            Outcome::Reply(_) | Outcome::Streamed { .. } | Outcome::Failure(_) => None,
        }
    }
}

impl Outcome {
    pub(crate) fn is_reply(&self) -> bool {
        matches!(self, Self::Reply(_) | Self::Streamed { .. })
    }

    /// What a caller of the invoke API gets as the body.
    pub(crate) fn body(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Reply(body) | Self::Failure(Failure { body, .. }) => Cow::Borrowed(body),
            Self::Streamed { .. } => Cow::Borrowed(&[]),
            Self::Platform(error) => {
                let body =
                    json!({"errorCode": error.code(), "errorMessage": error.platform_text()});
                Cow::Owned(body.to_string().into_bytes())
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply(body) => f.write_str(&String::from_utf8_lossy(body)),
            Self::Streamed { bytes } => write!(f, "({bytes} bytes, streamed)"),
            Self::Failure(failure) => {
                writeln!(f, "errorMessage: {}", failure.error_message)?;
                write!(f, "errorType:    {}", failure.error_type)
            }
            Self::Platform(error) => write!(f, "{error}"),
        }
    }
}

/// The second part: the figures of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The request id.
    pub request_id: String,
    /// In MB.
    pub memory_configured: u32,
    /// From the moment when the function had the event to its answer, or to its end. Zero where it
    /// was not asked.
    pub duration: Duration,
    /// The peak of the process so far, in bytes; none where the system does not tell (it does on
    /// Linux), or no process was asked.
    pub memory_used: Option<u64>,
    /// Every started millisecond is billed.
    pub billed_duration: Duration,
}

impl Summary {
    pub(crate) fn new(
        request_id: impl Into<String>,
        memory_configured: u32,
        duration: Duration,
        memory_used: Option<u64>,
    ) -> Self {
        let started = duration.as_nanos().div_ceil(1_000_000);
        let billed_duration = Duration::from_millis(u64::try_from(started).unwrap_or(u64::MAX));
        Self {
            request_id: request_id.into(),
            memory_configured,
            duration,
            memory_used,
            billed_duration,
        }
    }

    /// In MB, for people.
    pub(crate) fn memory_used_in_mb(&self) -> Option<f64> {
        // Precise enough for any memory there is.
        #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
        self.memory_used.map(|bytes| bytes as f64 / (1024.0 * 1024.0))
    }

    pub(crate) fn duration_in_ms(&self) -> f64 {
        self.duration.as_secs_f64() * 1000.0
    }

    /// The value of `X-Cff-Invoke-Summary`: milliseconds and MB.
    pub(crate) fn to_json(&self) -> String {
        json!({
            "duration": (self.duration_in_ms() * 1000.0).round() / 1000.0,
            "billingDuration": u64::try_from(self.billed_duration.as_millis()).unwrap_or(u64::MAX),
            "memorySize": self.memory_configured,
            "memoryUsed": self.memory_used_in_mb().unwrap_or_default(),
        })
        .to_string()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "request id:        {}", self.request_id)?;
        writeln!(f, "configured memory: {} MB", self.memory_configured)?;
        writeln!(f, "duration:          {:.3} ms", self.duration_in_ms())?;
        match self.memory_used_in_mb() {
            Some(used) => writeln!(f, "memory used:       {used:.3} MB")?,
            None => writeln!(f, "memory used:       not known")?,
        }
        write!(f, "billed duration:   {} ms", self.billed_duration.as_millis())
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
    fn an_error_in_the_platforms_shape_is_taken_apart_and_another_one_kept() {
        let failure =
            Failure::from_body(br#"{"errorMessage":"no stock","errorType":"OutOfStock"}"#.to_vec());
        assert_eq!(
            (failure.error_type.as_str(), failure.error_message.as_str()),
            ("OutOfStock", "no stock")
        );
        let failure = Failure::from_body(b"it broke".to_vec());
        assert_eq!((failure.error_type.as_str(), failure.error_message.as_str()), ("", "it broke"));
    }

    #[test]
    fn every_started_millisecond_is_billed() {
        let billed = |micros| {
            Summary::new("r", 128, Duration::from_micros(micros), None).billed_duration.as_millis()
        };
        assert_eq!([0, 1, 1000, 1001, 65_828].map(billed), [0, 1, 1, 2, 66]);
    }

    #[test]
    fn the_three_parts_are_shown() {
        let execution = Execution {
            outcome: Outcome::Reply(b"\"hi\"".to_vec()),
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
