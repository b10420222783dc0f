//! Deserializes JSON, with the path of the value that does not fit in the error.

use fg_core::__private::JsonError;
use serde::Deserialize;

pub(crate) fn from_json<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, JsonError> {
    serde_json::from_slice(json).map_err(|error| {
        if json.is_empty() {
            let message = "it is empty".to_owned();
            return JsonError { logged: message.clone(), message };
        }
        JsonError::new::<T>(json, &error)
    })
}
