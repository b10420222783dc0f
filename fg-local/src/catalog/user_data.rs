//! The variables of a function, which the API transports as a JSON object in a string.

use serde_json::{Map, Value};

use crate::error::ApiError;

/// How many variables a function may have (FSS.1017).
const MAX_PAIRS: usize = 20;

/// How long the string may be, in bytes: 4 KB in the API reference, although the text of FSS.1018
/// says 2 KB.
const MAX_BYTES: usize = 4096;

/// Checks `user_data` or `encrypted_user_data`. A message has names of variables, and no values.
pub(crate) fn check_user_data(field: &str, user_data: &str) -> Result<(), ApiError> {
    if user_data.is_empty() {
        return Ok(());
    }
    if user_data.len() > MAX_BYTES {
        return Err(ApiError::bad_request(
            "FSS.1018",
            format!(
                "The total size of the UserData field exceeds the maximum allowed limit: {field} \
                 has {} bytes, and may have {MAX_BYTES}",
                user_data.len()
            ),
        ));
    }
    let Ok(object) = serde_json::from_str::<Map<String, Value>>(user_data) else {
        return Err(invalid(&format!(
            "{field} must be a JSON object as a string, such as \"{{\\\"key\\\":\\\"value\\\"}}\""
        )));
    };
    if object.len() > MAX_PAIRS {
        return Err(ApiError::bad_request(
            "FSS.1017",
            format!(
                "The number of items in the UserData field exceeds the maximum allowed limit \
                 ({MAX_PAIRS}): {field} has {}",
                object.len()
            ),
        ));
    }
    for (name, value) in &object {
        check_pair(field, name, value)?;
    }
    Ok(())
}

fn check_pair(field: &str, name: &str, value: &Value) -> Result<(), ApiError> {
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        return Err(invalid(&format!(
            "in {field}, {name:?} is no name of a variable: it must have letters, digits and \
             underscores, and start with a letter"
        )));
    }
    match value {
        Value::String(value) if !value.contains('\0') => Ok(()),
        Value::String(_) => {
            Err(invalid(&format!("in {field}, the value of {name} has a null character")))
        }
        _ => Err(invalid(&format!("in {field}, the value of {name} must be a string"))),
    }
}

/// The same names without values: how the platform returns `encrypted_user_data`.
pub(crate) fn without_values(user_data: &str) -> String {
    let Ok(mut object) = serde_json::from_str::<Map<String, Value>>(user_data) else {
        return String::new();
    };
    object.values_mut().for_each(|value| *value = Value::String(String::new()));
    Value::Object(object).to_string()
}

fn invalid(message: &str) -> ApiError {
    ApiError::bad_request("FSS.1009", format!("Invalid function UserData: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(user_data: &str) -> &'static str {
        check_user_data("user_data", user_data).expect_err("it is refused").code
    }

    #[test]
    fn user_data_is_a_json_object_of_strings_in_a_string() {
        for user_data in ["", "{}", r#"{"key":"value"}"#, r#"{"A_1":""}"#] {
            assert!(check_user_data("user_data", user_data).is_ok(), "{user_data}");
        }
        for user_data in
            ["x", "[]", "null", r#"{"1":"x"}"#, r#"{"a-b":"x"}"#, r#"{"a":1}"#, r#"{"a":"\u0000"}"#]
        {
            assert_eq!(code_of(user_data), "FSS.1009", "{user_data}");
        }
    }

    #[test]
    fn user_data_has_at_most_20_pairs_and_4_kb() {
        let pairs = |count: usize| {
            let pairs: Map<_, _> = (0..count).map(|n| (format!("k{n}"), "v".into())).collect();
            Value::Object(pairs).to_string()
        };
        assert!(check_user_data("user_data", &pairs(20)).is_ok());
        assert_eq!(code_of(&pairs(21)), "FSS.1017");
        assert_eq!(code_of(&format!(r#"{{"a":"{}"}}"#, "x".repeat(4096))), "FSS.1018");
    }

    #[test]
    fn a_message_has_no_value() {
        let error = check_user_data("encrypted_user_data", r#"{"pass-word":"hush"}"#)
            .expect_err("it is refused");
        assert!(error.message.contains("pass-word") && !error.message.contains("hush"), "{error}");
    }

    #[test]
    fn encrypted_user_data_comes_back_with_its_names() {
        assert_eq!(without_values(r#"{"password":"hush"}"#), r#"{"password":""}"#);
        assert_eq!(without_values(""), "");
    }
}
