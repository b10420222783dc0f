//! An error that the function itself has reported.

use serde_json::Value;

/// An error that the function has reported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionError {
    /// `errorType`; empty if there is none.
    pub error_type: String,
    /// `errorMessage`; the whole body if it does not have the platform's form.
    pub error_message: String,
    /// The body as it was posted.
    pub body: Vec<u8>,
}

impl FunctionError {
    pub(crate) fn from_body(body: Vec<u8>) -> Self {
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let string = |key: &str| json[key].as_str().map(str::to_owned);
        Self {
            error_type: string("errorType").unwrap_or_default(),
            error_message: string("errorMessage")
                .unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned()),
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_the_platforms_form_is_parsed_and_another_one_is_kept() {
        let error = FunctionError::from_body(
            br#"{"errorMessage":"no stock","errorType":"OutOfStock"}"#.to_vec(),
        );
        assert_eq!(
            (error.error_type.as_str(), error.error_message.as_str()),
            ("OutOfStock", "no stock")
        );
        let error = FunctionError::from_body(b"it broke".to_vec());
        assert_eq!((error.error_type.as_str(), error.error_message.as_str()), ("", "it broke"));
    }
}
