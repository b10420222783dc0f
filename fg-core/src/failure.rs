//! The error response that the caller gets: `errorType`, `errorMessage`, causes and stack trace.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::limits::{CAUSE, CAUSES, ERROR_TYPE, FRAME, FRAMES, MESSAGE};
use crate::{bounded, printable};

/// An error response, as the platform's own runtimes send it.
///
/// As JSON it is `{"errorMessage": "..", "errorType": "..", "cause": [".."], "stackTrace":
/// [".."]}`; `cause` and `stackTrace` are omitted if empty. The first two keys are the platform's;
/// its Go and Node.js runtimes add `stackTrace`; `cause` is the chain of
/// [`source`](std::error::Error::source)s, outermost first.
///
/// All strings are truncated on construction, see [`limits`](crate::limits), so that the error
/// response always stays small enough to be delivered.
///
/// A handler rarely creates one: it returns its own error type, or [`fg::Error`](crate::Error),
/// which the runtime converts.
///
/// ```
/// let failure = fg_core::Failure::new("Order.NotFound", "there is no order 17");
/// assert_eq!(
///     failure.to_json(),
///     br#"{"errorMessage":"there is no order 17","errorType":"Order.NotFound"}"#,
/// );
/// ```
///
/// Two failures are equal if the caller sees the same.
#[derive(Clone, Debug)]
pub struct Failure(Box<Parts>);

/// Boxed, so that a `Result<T, Failure>` stays small.
#[derive(Clone, Debug)]
struct Parts {
    message: String,
    error_type: Cow<'static, str>,
    cause: Vec<String>,
    stack_trace: Vec<String>,
    /// What is logged instead of the message.
    logged: Option<String>,
}

impl Failure {
    /// The handler returned an error without a code and without a specific type name. The name is
    /// that of the platform's Go runtime.
    pub const FUNCTION_RETURN_ERROR: &'static str = "FunctionReturnError";
    /// The handler panicked. The name is that of the platform's Go runtime.
    pub const PANIC: &'static str = "panic";
    /// The response is larger than `RUNTIME_MAX_RESP_BODY_SIZE`. The name is that of the platform's
    /// Go runtime.
    pub const RESPONSE_TOO_LARGE: &'static str = "FunctionResponseTooLarge";
    /// The payload is not JSON, or does not fit the type of the event. A retry with the same event
    /// fails again.
    pub const INVALID_PAYLOAD: &'static str = "InvalidPayload";
    /// The handler was still running at its deadline.
    pub const TIMEOUT: &'static str = "FunctionTimeout";
    /// The initialisation of the function failed, so the handler was not called.
    pub const INIT_ERROR: &'static str = "InitError";
    /// The response cannot be serialized as JSON, for example because a map has keys that are not
    /// strings.
    pub const INVALID_RESPONSE: &'static str = "InvalidResponse";

    /// Creates a failure with this `errorType` and this `errorMessage`.
    #[cold]
    #[inline(never)]
    pub fn new(error_type: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::make(error_type.into(), message.into())
    }

    #[cold]
    #[inline(never)]
    fn make(error_type: Cow<'static, str>, message: String) -> Self {
        let (message, error_type) = (bounded::text(message, MESSAGE), bounded_type(error_type));
        Self(Box::new(Parts {
            message,
            error_type,
            cause: Vec::new(),
            stack_trace: Vec::new(),
            logged: None,
        }))
    }

    /// Sets what [`Display`](fmt::Display), and so the log, shows instead of the message. For
    /// messages that quote a value that only the caller who sent it may see.
    #[must_use]
    pub fn logged_as(mut self, message: impl Into<String>) -> Self {
        self.0.logged = Some(bounded::text(message.into(), MESSAGE));
        self
    }

    /// Sets the chain of causes, outermost first.
    #[must_use]
    pub fn with_cause(mut self, cause: impl IntoIterator<Item = String>) -> Self {
        self.0.cause = bounded::list(&mut cause.into_iter(), CAUSES, CAUSE);
        self
    }

    /// Sets the stack trace, innermost frame first.
    #[must_use]
    pub fn with_stack_trace(mut self, frames: impl IntoIterator<Item = String>) -> Self {
        self.0.stack_trace = bounded::list(&mut frames.into_iter(), FRAMES, FRAME);
        self
    }

    /// The `errorType`: a code that a caller can match on.
    #[must_use]
    pub fn error_type(&self) -> &str {
        &self.0.error_type
    }

    /// The `errorMessage`, for people to read.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The messages of the causes, outermost first.
    #[must_use]
    pub fn cause(&self) -> &[String] {
        &self.0.cause
    }

    /// The stack trace, innermost frame first. Empty except for panics.
    #[must_use]
    pub fn stack_trace(&self) -> &[String] {
        &self.0.stack_trace
    }

    /// The JSON that the caller gets.
    #[must_use]
    #[allow(
        clippy::missing_panics_doc,
        reason = "strings and lists of strings can always be serialized as JSON"
    )]
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec(self)
            .expect("strings and lists of strings can always be serialized as JSON");
        printable::escape_json(&mut json, 0);
        json
    }

    pub(crate) fn set_error_type(&mut self, error_type: impl Into<Cow<'static, str>>) {
        self.0.error_type = bounded_type(error_type.into());
    }
}

fn bounded_type(error_type: Cow<'static, str>) -> Cow<'static, str> {
    match error_type {
        Cow::Borrowed(text) if text.len() * 6 <= ERROR_TYPE => error_type,
        other => Cow::Owned(bounded::text(other.into_owned(), ERROR_TYPE)),
    }
}

impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        fn visible(failure: &Failure) -> (&str, &str, &[String], &[String]) {
            (&failure.0.message, &failure.0.error_type, &failure.0.cause, &failure.0.stack_trace)
        }
        visible(self) == visible(other)
    }
}

impl Eq for Failure {}

/// Implemented by hand, so that this crate does not depend on serde's derive macros.
impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("errorMessage", &*self.0.message)?;
        map.serialize_entry("errorType", &*self.0.error_type)?;
        if !self.0.cause.is_empty() {
            map.serialize_entry("cause", &*self.0.cause)?;
        }
        if !self.0.stack_trace.is_empty() {
            map.serialize_entry("stackTrace", &*self.0.stack_trace)?;
        }
        map.end()
    }
}

/// One line for the log: the type, the message or what is [logged instead](Failure::logged_as), and
/// the causes.
impl fmt::Display for Failure {
    #[inline(never)]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}",
            self.0.error_type,
            self.0.logged.as_deref().unwrap_or(&self.0.message)
        )?;
        for cause in &self.0.cause {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

/// Gives an error type its own `errorType`, which callers can match on and alarms can count.
///
/// `#[derive(fg::ErrorCode)]` implements this trait. Without it the `errorType` is the bare name of
/// the error's type, or `FunctionReturnError` if that name is not specific (`String`, `Box<dyn
/// Error>`, `anyhow::Error`, a type that is just called `Error`).
pub trait ErrorCode {
    /// The `errorType` of this error, such as `"Order.NotFound"`.
    fn error_code(&self) -> &str;
}

/// The `E` of a handler's `Result<T, E>`: any type that implements [`Display`](fmt::Display).
///
/// That includes [`fg::Error`](crate::Error), `anyhow::Error`, `Box<dyn std::error::Error>`, every
/// `thiserror` type and `String`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a FunctionGraph handler",
    label = "cannot be turned into an error response",
    note = "the `E` of the handler's `Result<T, E>` must implement `std::fmt::Display`",
    note = "use `fg::Error`, `anyhow::Error`, `Box<dyn std::error::Error>` or a `thiserror` type"
)]
pub trait IntoFailure {
    /// Converts the error into the error response.
    fn into_failure(self) -> Failure;
}

impl<E: fmt::Display> IntoFailure for E {
    fn into_failure(self) -> Failure {
        Failure::new(Failure::FUNCTION_RETURN_ERROR, bounded::display(&self, MESSAGE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lists_are_left_out_of_the_json() {
        let failure = Failure::new("panic", "boom").with_stack_trace(["main()".to_owned()]);
        let json = String::from_utf8(failure.to_json()).expect("JSON is text");
        assert_eq!(json, r#"{"errorMessage":"boom","errorType":"panic","stackTrace":["main()"]}"#);
    }

    #[test]
    fn display_reads_from_the_outside_in() {
        let failure = Failure::new("Order.Lost", "cannot ship")
            .with_cause(["no stock".to_owned(), "timeout".to_owned()]);
        assert_eq!(failure.to_string(), "Order.Lost: cannot ship: no stock: timeout");
    }

    #[test]
    fn whatever_an_error_is_made_of_its_json_stays_small() {
        for piece in ["e", "\"", "\u{1}", "\u{9b}", "\u{ad}", "漢", "🦀", "a\nb"] {
            let long = piece.repeat(7_000_000 / piece.len());
            let failure = Failure::new(long.clone(), long.clone())
                .with_cause(std::iter::repeat_n(long.clone(), 20))
                .with_stack_trace(std::iter::repeat_n(
                    long.chars().take(700).collect::<String>(),
                    1_000_000,
                ));
            assert!(
                failure.to_json().len() <= crate::limits::ERROR,
                "{piece:?}: {}",
                failure.to_json().len()
            );
            assert!(failure.message().contains(" bytes cut)"), "{}", failure.message());
            assert!(failure.to_string().len() < crate::limits::ERROR);
        }
    }

    #[test]
    fn an_error_that_displays_megabytes_is_cut_as_it_is_displayed() {
        struct Endless;
        impl fmt::Display for Endless {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (0..7_000_000).try_for_each(|_| f.write_str("e"))
            }
        }
        assert_eq!(
            Endless.into_failure().message(),
            format!("{}.. (6996416 bytes cut)", "e".repeat(3584))
        );
    }

    #[test]
    fn what_is_logged_need_not_be_what_the_caller_is_told() {
        let failure =
            Failure::new("InvalidPayload", "no colour \"secret\"").logged_as("no such colour");
        assert_eq!(
            (failure.message(), failure.to_string().as_str()),
            ("no colour \"secret\"", "InvalidPayload: no such colour")
        );
        assert!(!String::from_utf8_lossy(&failure.to_json()).contains("such"));
    }
}
