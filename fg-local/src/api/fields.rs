//! The fields of a request's JSON object, read by name and type.
//!
//! Unknown fields are ignored, and `null` is as good as absent. A wrong type is refused with the
//! code of the field.

use serde_json::{Map, Value};

use crate::error::ApiError;

/// The largest kept object of a request, such as `func_vpc`, in bytes of JSON.
const MAX_OBJECT: usize = 16 << 10;

/// The largest kept string of a request, in bytes.
const MAX_STRING: usize = 8 << 10;

/// The fields of an object. It has no `Debug`, since they may be secrets.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(crate) fn new(object: &'a Map<String, Value>) -> Self {
        Self(object)
    }

    /// The value of a field, of whatever type; `None` if it is absent or `null`.
    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn string(
        self,
        name: &str,
        code: &'static str,
    ) -> Result<Option<&'a str>, ApiError> {
        let read = |value: &'a Value| value.as_str().filter(|value| value.len() <= MAX_STRING);
        self.read(name, code, "a string of at most 8 KB", read)
    }

    /// A string that may be large, such as code.
    pub(crate) fn large_string(
        self,
        name: &str,
        code: &'static str,
    ) -> Result<Option<&'a str>, ApiError> {
        self.read(name, code, "a string", Value::as_str)
    }

    pub(crate) fn required_string(
        self,
        name: &str,
        code: &'static str,
    ) -> Result<&'a str, ApiError> {
        self.string(name, code)?.ok_or_else(|| missing(name, code))
    }

    pub(crate) fn integer(self, name: &str, code: &'static str) -> Result<Option<i64>, ApiError> {
        self.read(name, code, "a whole number", whole_number)
    }

    /// A number that some clients send as a string.
    pub(crate) fn integer_or_string(
        self,
        name: &str,
        code: &'static str,
    ) -> Result<Option<i64>, ApiError> {
        let read = |value: &Value| match value {
            Value::String(value) => value.trim().parse().ok(),
            other => whole_number(other),
        };
        self.read(name, code, "a whole number", read)
    }

    pub(crate) fn flag(self, name: &str, code: &'static str) -> Result<Option<bool>, ApiError> {
        self.read(name, code, "true or false", Value::as_bool)
    }

    pub(crate) fn object(
        self,
        name: &str,
        code: &'static str,
    ) -> Result<Option<Fields<'a>>, ApiError> {
        let small = |value: &'a Value| value.as_object().filter(|_| is_small(value));
        let expected = "an object of at most 16 KB";
        Ok(self.read(name, code, expected, small)?.map(Fields))
    }

    pub(crate) fn list(
        self,
        name: &str,
        code: &'static str,
    ) -> Result<Option<&'a [Value]>, ApiError> {
        let small = |value: &'a Value| value.as_array().filter(|_| is_small(value));
        Ok(self.read(name, code, "an array of at most 16 KB", small)?.map(Vec::as_slice))
    }

    /// A list of objects.
    pub(crate) fn objects(
        self,
        name: &str,
        code: &'static str,
    ) -> Result<Option<Vec<Fields<'a>>>, ApiError> {
        let Some(list) = self.list(name, code)? else { return Ok(None) };
        let objects = list.iter().map(|value| value.as_object().map(Fields));
        let objects: Option<Vec<_>> = objects.collect();
        objects.map(Some).ok_or_else(|| wrong_type(name, code, "an array of objects"))
    }

    /// The fields as they came.
    pub(crate) fn as_map(self) -> &'a Map<String, Value> {
        self.0
    }

    fn read<T>(
        self,
        name: &str,
        code: &'static str,
        expected: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| wrong_type(name, code, expected))
    }
}

fn is_small(value: &Value) -> bool {
    value.to_string().len() <= MAX_OBJECT
}

/// `128`, and `128.0`.
#[allow(clippy::cast_possible_truncation)]
fn whole_number(value: &Value) -> Option<i64> {
    // Beyond 2^53 a floating-point number may not be the one that was meant.
    let is_whole = |number: &f64| number.fract() == 0.0 && number.abs() < 9e15;
    value.as_i64().or_else(|| value.as_f64().filter(is_whole).map(|number| number as i64))
}

fn wrong_type(name: &str, code: &'static str, expected: &str) -> ApiError {
    ApiError::bad_request(code, format!("{}: {name} must be {expected}", words(code)))
}

/// A field that has to be there, and is not.
pub(crate) fn missing(name: &str, code: &'static str) -> ApiError {
    ApiError::bad_request(code, format!("{}: {name} is missing", words(code)))
}

/// What the platform says with a code (error codes of the API reference).
fn words(code: &str) -> &'static str {
    match code {
        "FSS.1002" => "Invalid function name",
        "FSS.1003" => "Invalid function handler",
        "FSS.1004" => "Invalid Package (function app)",
        "FSS.1005" => "Invalid runtime",
        "FSS.1006" => "Invalid function code entry mode",
        "FSS.1007" => "Invalid function memory",
        "FSS.1008" => "Invalid function timeout",
        "FSS.1009" => "Invalid function UserData",
        "FSS.1011" => "Invalid function code",
        "FSS.1012" => "The function code must be configured",
        "FSS.1013" => "Invalid file type",
        "FSS.1014" => "Invalid function alias",
        "FSS.1015" => "Invalid function version",
        "FSS.1026" => "Invalid Concurrency",
        "FSS.1034" => "Invalid image URL",
        "FSS.1074" => "The event field is invalid",
        "FSS.1092" => "The weight of the additional version is invalid",
        "FSS.1101" => "Invalid trigger type",
        "FSS.1102" => "Invalid SMN trigger parameters",
        "FSS.1106" => "Invalid OBS trigger parameters",
        "FSS.1107" | "FSS.1417" => "Invalid APIG trigger parameters",
        "FSS.1109" => "Invalid timer trigger parameters",
        "FSS.1112" => "The Kafka trigger parameters are invalid",
        "FSS.1404" => "Invalid function initializer",
        "FSS.1405" => "Invalid initialization timeout",
        _ => "Invalid parameter",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_is_absent_and_a_wrong_type_has_the_code_of_its_field() {
        let body = json!({"a": null, "b": "x", "c": 128.0, "d": 1.5, "e": "12", "f": 1e300});
        let fields = Fields::new(body.as_object().expect("an object"));
        assert_eq!(fields.integer("a", "FSS.1008"), Ok(None));
        assert_eq!(fields.integer("c", "FSS.1008"), Ok(Some(128)));
        for name in ["b", "d", "e", "f"] {
            assert_eq!(
                fields.integer(name, "FSS.1008").expect_err("it is refused").code,
                "FSS.1008",
                "{name}"
            );
        }
        assert_eq!(fields.integer_or_string("e", "FSS.1008"), Ok(Some(12)));
        let error = fields.integer("b", "FSS.1008").expect_err("it is refused");
        assert_eq!(error.message, "Invalid function timeout: b must be a whole number");
    }

    #[test]
    fn a_string_that_is_kept_is_short() {
        let body = json!({"a": "x".repeat(MAX_STRING + 1), "b": ["x".repeat(MAX_OBJECT)]});
        let fields = Fields::new(body.as_object().expect("an object"));
        assert!(fields.string("a", "FSS.0400").is_err());
        assert!(fields.large_string("a", "FSS.0400").is_ok());
        assert!(fields.list("b", "FSS.0400").is_err());
    }
}
