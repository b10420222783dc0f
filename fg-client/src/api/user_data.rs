//! The variables of a function, which the API calls user data.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Variables by name, at most 20, and 4 KB together. In JSON they are a string that holds JSON, as
/// the API has it. `Debug` prints only the names.
///
/// ```
/// use fg_client::functions::UserData;
///
/// let variables: UserData = [("GREETING", "Hello"), ("TOKEN", "s3cr3t")].into_iter().collect();
/// assert_eq!(variables.get("GREETING"), Some("Hello"));
/// assert!(!format!("{variables:?}").contains("s3cr3t"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UserData(pub BTreeMap<String, String>);

impl UserData {
    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether there is no variable.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for UserData {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.names().map(|name| (name, format_args!("***")))).finish()
    }
}

impl Serialize for UserData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = serde_json::to_string(&self.0).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&json)
    }
}

impl<'de> Deserialize<'de> for UserData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = match Value::deserialize(deserializer)? {
            Value::String(json) if json.trim().is_empty() => Value::Null,
            // The message must not quote a value.
            Value::String(json) => serde_json::from_str(&json)
                .map_err(|_| D::Error::custom("the variables are not a JSON object"))?,
            other => other,
        };
        let variables = match value {
            Value::Null => return Ok(Self::default()),
            Value::Object(variables) => variables,
            _ => return Err(D::Error::custom("the variables are not a JSON object")),
        };
        let variables = variables.into_iter().map(|(name, value)| match value {
            Value::String(value) => (name, value),
            other => (name, other.to_string()),
        });
        Ok(variables.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_a_string_that_holds_json() {
        let variables: UserData = [("B", "2"), ("A", "\"1\"")].into_iter().collect();
        let json = serde_json::to_string(&variables).unwrap();
        assert_eq!(json, r#""{\"A\":\"\\\"1\\\"\",\"B\":\"2\"}""#);
        assert_eq!(serde_json::from_str::<UserData>(&json).unwrap(), variables);
    }

    #[test]
    fn what_the_platform_sends_is_read() {
        let read = |json: &str| serde_json::from_str::<UserData>(json).unwrap();
        assert!(read(r#""""#).is_empty() && read("null").is_empty() && read(r#""{}""#).is_empty());
        assert_eq!(read(r#""{\"A\":1}""#).get("A"), Some("1"));
        assert_eq!(read(r#"{"A":"b"}"#).get("A"), Some("b"));
        let error = serde_json::from_str::<UserData>(r#""s3cr3t""#).unwrap_err();
        assert!(!error.to_string().contains("s3cr3t"), "{error}");
    }
}
