//! Who reads the error of an invocation: the owner of the function, or an HTTP client.
//!
//! An event function is called by its owner or by the platform, which get the whole error. An HTTP
//! request may come from any client, and an error may contain a password, an address or a line of
//! the source. So an HTTP client gets only the request id, under which the log has the error.

use std::borrow::Cow;

use fg_core::{Failure, limits};

/// Who reads an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorAudience {
    /// The owner, or the platform on the owner's behalf, gets the whole error.
    Owner,
    /// An HTTP client gets the request id.
    HttpClient,
}

/// The `errorType` of every error that an HTTP client gets.
const ERROR_TYPE: &str = "InternalServerError";

impl ErrorAudience {
    /// The audience of a function that takes HTTP requests. `FG_HTTP_ERRORS=full` shows whole
    /// errors to clients, for development.
    pub(crate) fn of_http(setting: Option<&str>) -> Result<Self, String> {
        match setting {
            None | Some("bare") => Ok(Self::HttpClient),
            Some("full") => Ok(Self::Owner),
            Some(other) => Err(format!(
                "FG_HTTP_ERRORS is `{other}`; it can be `bare` or `full`, and is taken for `bare`"
            )),
        }
    }

    /// The part of the error that this audience may see.
    pub(crate) fn redact<'f>(self, failure: &'f Failure, request_id: &str) -> Cow<'f, Failure> {
        match self {
            Self::Owner => Cow::Borrowed(failure),
            Self::HttpClient => {
                let request_id = truncate_id(request_id);
                let message = format!(
                    "the request could not be served; the log has the error under its id {request_id}"
                );
                Cow::Owned(Failure::new(ERROR_TYPE, message))
            }
        }
    }
}

/// Truncates a request id to the length that is sent to clients.
pub(crate) fn truncate_id(request_id: &str) -> &str {
    let end =
        request_id.char_indices().nth(limits::REQUEST_ID).map_or(request_id.len(), |(end, _)| end);
    &request_id[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_client_gets_only_the_request_id() {
        let failure =
            Failure::new("sqlx::Error", "cannot connect to postgres://app:hunter2@10.0.0.5")
                .with_cause(["refused".to_owned()])
                .with_stack_trace(["main (src/main.rs:1:1)".to_owned()]);
        assert_eq!(*ErrorAudience::Owner.redact(&failure, "r-1"), failure);
        let error = ErrorAudience::HttpClient.redact(&failure, "r-1").to_json();
        assert_eq!(
            String::from_utf8_lossy(&error),
            r#"{"errorMessage":"the request could not be served; the log has the error under its id r-1","errorType":"InternalServerError"}"#
        );
        assert!(
            ErrorAudience::HttpClient.redact(&failure, &"\u{e9}".repeat(5000)).message().len()
                < 400
        );
    }

    #[test]
    fn only_full_shows_errors() {
        assert_eq!(ErrorAudience::of_http(None), Ok(ErrorAudience::HttpClient));
        assert_eq!(ErrorAudience::of_http(Some("bare")), Ok(ErrorAudience::HttpClient));
        assert_eq!(ErrorAudience::of_http(Some("full")), Ok(ErrorAudience::Owner));
        assert!(
            ErrorAudience::of_http(Some("1"))
                .is_err_and(|text| text.contains("FG_HTTP_ERRORS is `1`"))
        );
    }
}
