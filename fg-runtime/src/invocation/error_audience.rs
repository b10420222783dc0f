//! Who reads the error of an invocation: the platform, or a stranger behind it.
//!
//! An event function is called by its owner or by the platform, which get the whole error. An HTTP
//! request comes from anyone, and an error may name a password, an address or a line of the source.
//! So an HTTP client is told that there was an error, and the id under which the log has the rest.

use std::borrow::Cow;

use fg_core::{Failure, limits};

/// Who reads an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The owner, or the platform on the owner's behalf: gets all of it.
    Platform,
    /// An HTTP client: gets the id of its request.
    Stranger,
}

/// The `errorType` of everything that went wrong inside, for a stranger.
const TYPE: &str = "InternalServerError";

impl Caller {
    /// Who calls a function of HTTP requests; `FG_HTTP_ERRORS` is `full` where its clients are its
    /// developers.
    pub(crate) fn of_http(setting: Option<&str>) -> Result<Self, String> {
        match setting {
            None | Some("bare") => Ok(Self::Stranger),
            Some("full") => Ok(Self::Platform),
            Some(other) => Err(format!(
                "FG_HTTP_ERRORS is `{other}`; it can be `bare` or `full`, and is taken for `bare`"
            )),
        }
    }

    /// The error as this caller gets it.
    pub(crate) fn told<'f>(self, failure: &'f Failure, request_id: &str) -> Cow<'f, Failure> {
        match self {
            Self::Platform => Cow::Borrowed(failure),
            Self::Stranger => {
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
    fn a_stranger_gets_the_id_and_nothing_of_the_error() {
        let failure =
            Failure::new("sqlx::Error", "cannot connect to postgres://app:hunter2@10.0.0.5")
                .with_cause(["refused".to_owned()])
                .with_stack_trace(["main (src/main.rs:1:1)".to_owned()]);
        assert_eq!(*Caller::Platform.told(&failure, "r-1"), failure);
        let told = Caller::Stranger.told(&failure, "r-1").to_json();
        assert_eq!(
            String::from_utf8_lossy(&told),
            r#"{"errorMessage":"the request could not be served; the log says why, under its id r-1","errorType":"InternalServerError"}"#
        );
        assert!(Caller::Stranger.told(&failure, &"\u{e9}".repeat(5000)).message().len() < 400);
    }

    #[test]
    fn nothing_but_the_word_full_shows_errors() {
        assert_eq!(Caller::of_http(None), Ok(Caller::Stranger));
        assert_eq!(Caller::of_http(Some("bare")), Ok(Caller::Stranger));
        assert_eq!(Caller::of_http(Some("full")), Ok(Caller::Platform));
        assert!(
            Caller::of_http(Some("1")).is_err_and(|text| text.contains("FG_HTTP_ERRORS is `1`"))
        );
    }
}
