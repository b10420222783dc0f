//! Who reads the error of an invocation: the owner of the function, or an HTTP client.
//!
//! An event function is called by its owner or by the platform, which get the whole error. An HTTP
//! request comes from anyone, and an error may name a password, an address or a line of the source.
//! So an HTTP client gets the request id, under which the log has the rest.

use std::borrow::Cow;

use fg_core::{Failure, limits};

/// Who reads an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorAudience {
    /// The owner, or the platform on the owner's behalf: gets all of it.
    Owner,
    /// An HTTP client: gets the id of its request.
    HttpClient,
}

/// The `errorType` of everything that went wrong inside, for an HTTP client.
const TYPE: &str = "InternalServerError";

impl ErrorAudience {
    /// The audience of a function of HTTP requests: `FG_HTTP_ERRORS=full` shows errors to clients,
    /// for development.
    pub(crate) fn of_http(setting: Option<&str>) -> Result<Self, String> {
        match setting {
            None | Some("bare") => Ok(Self::HttpClient),
            Some("full") => Ok(Self::Owner),
            Some(other) => Err(format!(
                "FG_HTTP_ERRORS is `{other}`; it can be `bare` or `full`, and is taken for `bare`"
            )),
        }
    }

    /// The error as this audience gets it.
    pub(crate) fn shown<'f>(self, failure: &'f Failure, request_id: &str) -> Cow<'f, Failure> {
        match self {
            Self::Owner => Cow::Borrowed(failure),
            Self::HttpClient => {
                let request_id = shortened(request_id);
                let message = format!(
                    "the request could not be served; the log says why, under its id {request_id}"
                );
                Cow::Owned(Failure::new(TYPE, message))
            }
        }
    }
}

/// As much of an id as is sent back.
pub(crate) fn shortened(request_id: &str) -> &str {
    let end =
        request_id.char_indices().nth(limits::REQUEST_ID).map_or(request_id.len(), |(end, _)| end);
    &request_id[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_client_gets_the_id_and_nothing_of_the_error() {
        let failure =
            Failure::new("sqlx::Error", "cannot connect to postgres://app:hunter2@10.0.0.5")
                .with_cause(["refused".to_owned()])
                .with_stack_trace(["main (src/main.rs:1:1)".to_owned()]);
        assert_eq!(*ErrorAudience::Owner.shown(&failure, "r-1"), failure);
        let told = ErrorAudience::HttpClient.shown(&failure, "r-1").to_json();
        assert_eq!(
            String::from_utf8_lossy(&told),
            r#"{"errorMessage":"the request could not be served; the log says why, under its id r-1","errorType":"InternalServerError"}"#
        );
        assert!(
            ErrorAudience::HttpClient.shown(&failure, &"\u{e9}".repeat(5000)).message().len() < 400
        );
    }

    #[test]
    fn nothing_but_the_word_full_shows_errors() {
        assert_eq!(ErrorAudience::of_http(None), Ok(ErrorAudience::HttpClient));
        assert_eq!(ErrorAudience::of_http(Some("bare")), Ok(ErrorAudience::HttpClient));
        assert_eq!(ErrorAudience::of_http(Some("full")), Ok(ErrorAudience::Owner));
        assert!(
            ErrorAudience::of_http(Some("1"))
                .is_err_and(|text| text.contains("FG_HTTP_ERRORS is `1`"))
        );
    }
}
