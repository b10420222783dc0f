//! The errors of functions that were invoked.

use std::fmt;

use serde_json::Value;

use crate::printable::printable;

/// A function ended with an error: what it returned, a panic, a time-out.
///
/// Platform: the error JSON `{"errorMessage", "errorType", "stackTrace"}`.
#[derive(Clone, Debug)]
pub struct FunctionError {
    urn: String,
    status: i64,
    error_type: Option<String>,
    message: String,
    stack_trace: Vec<String>,
    request_id: Option<String>,
    log: String,
}

impl FunctionError {
    pub(crate) fn new(
        urn: String,
        status: i64,
        result: &str,
        request_id: Option<String>,
        log: String,
    ) -> Self {
        let parsed: Value = serde_json::from_str(result).unwrap_or(Value::Null);
        let text = |name: &str| Some(printable(parsed.get(name)?.as_str()?));
        let stack_trace = parsed.get("stackTrace").and_then(Value::as_array);
        let lines = stack_trace.into_iter().flatten().filter_map(Value::as_str);
        Self {
            urn,
            status,
            error_type: text("errorType").filter(|error_type| !error_type.is_empty()),
            message: text("errorMessage").unwrap_or_else(|| printable(result)),
            stack_trace: lines.map(printable).collect(),
            request_id,
            log,
        }
    }

    /// The status of the invocation, not of HTTP: 500, or a code of the runtime.
    #[must_use]
    pub fn status(&self) -> i64 {
        self.status
    }

    /// `errorType`: the code or type of the error in the function.
    #[must_use]
    pub fn error_type(&self) -> Option<&str> {
        self.error_type.as_deref()
    }

    /// `errorMessage`, one line; the whole result if it has no such field.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// `stackTrace`, by line.
    #[must_use]
    pub fn stack_trace(&self) -> &[String] {
        &self.stack_trace
    }

    /// The id of the invocation, which is in the function's log.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The end of the log, if it was asked for, as it came: escape it before a terminal sees it.
    #[must_use]
    pub fn log(&self) -> &str {
        &self.log
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ended with an error", self.urn)?;
        if let Some(error_type) = &self.error_type {
            write!(f, ", {error_type}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.request_id {
            Some(id) => write!(f, " (request id {id})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FunctionError {}
