//! Converts an error of a service, or a response with an error status, to the failure that the
//! caller of the function sees.

use fg_core::{Error, Failure};
use http::StatusCode;
use serde::Deserialize;

use crate::BoxError;

/// The failure for an error of a body: the failure of the stream inside, if there is one in the
/// chain of sources, as layers wrap errors.
pub(crate) fn failure_of_body(error: impl Into<BoxError>) -> Failure {
    let error = Error::new(error.into());
    let inside =
        chain(error.as_dyn_error()).find_map(|error| error.downcast_ref::<Failure>()).cloned();
    inside.unwrap_or_else(|| error.to_failure())
}

/// The error and its sources, outermost first.
fn chain<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    /// A cyclic chain must not hang the function.
    const MAX_LENGTH: usize = 64;
    std::iter::successors(Some(error), |&error| error.source()).take(MAX_LENGTH)
}

/// The error response, as [`Failure::to_json`] writes it.
#[derive(Deserialize)]
struct ErrorResponse {
    #[serde(rename = "errorType")]
    error_type: String,
    #[serde(rename = "errorMessage")]
    message: String,
    #[serde(default)]
    cause: Vec<String>,
    #[serde(default, rename = "stackTrace")]
    stack_trace: Vec<String>,
}

/// The failure for a response with an error status: the error response in its body, or else an
/// error type of `Http.` and the status, with the body as the message.
pub(crate) fn failure_of_response(status: StatusCode, body: &[u8]) -> Failure {
    if let Ok(error) = serde_json::from_slice::<ErrorResponse>(body) {
        return Failure::new(error.error_type, error.message)
            .with_cause(error.cause)
            .with_stack_trace(error.stack_trace);
    }
    const MAX_CHARACTERS: usize = 1000;
    let text: String = String::from_utf8_lossy(body).trim().chars().take(MAX_CHARACTERS).collect();
    let separator = if text.is_empty() { "" } else { ": " };
    Failure::new(format!("Http.{}", status.as_u16()), format!("{status}{separator}{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_response_is_read_back_whole() {
        let failure = Failure::new("Order.Lost", "it is lost")
            .with_cause(["rain".to_owned()])
            .with_stack_trace(["main".to_owned()]);
        assert_eq!(
            failure_of_response(StatusCode::INTERNAL_SERVER_ERROR, &failure.to_json()),
            failure
        );
    }

    #[test]
    fn any_other_body_is_the_message_after_the_status() {
        let failure = failure_of_response(StatusCode::UNAUTHORIZED, b"who are you?\n");
        assert_eq!(failure, Failure::new("Http.401", "401 Unauthorized: who are you?"));
        assert_eq!(failure_of_response(StatusCode::BAD_GATEWAY, b"").message(), "502 Bad Gateway");
        assert_eq!(
            failure_of_response(StatusCode::BAD_GATEWAY, &[b'x'; 5000]).message().len(),
            "502 Bad Gateway: ".len() + 1000
        );
    }

    #[test]
    fn an_error_keeps_its_type_and_its_causes() {
        #[derive(Debug)]
        struct Shipping(std::num::ParseIntError);
        impl std::fmt::Display for Shipping {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("cannot ship")
            }
        }
        impl std::error::Error for Shipping {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.0)
            }
        }
        let failure = Error::new(Shipping("x".parse::<u8>().expect_err("no number"))).to_failure();
        let expected = Failure::new("Shipping", "cannot ship")
            .with_cause(["invalid digit found in string".to_owned()]);
        assert_eq!(failure, expected);
        assert_eq!(Error::new(expected.clone()).to_failure(), expected);
    }

    #[test]
    fn the_failure_of_a_stream_is_found_in_wrapped_errors() {
        let failure = Failure::new("Export.Lost", "the disk is gone");
        assert_eq!(failure_of_body(axum::Error::new(axum::Error::new(failure.clone()))), failure);
        assert_eq!(failure_of_body("broken"), Failure::new("FunctionReturnError", "broken"));
    }
}
