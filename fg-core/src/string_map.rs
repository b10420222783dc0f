//! Strings by their names, few enough to be searched one after the other.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Variables, or the user data. If a name is there twice, the last one counts.
#[derive(Default)]
pub(crate) struct StringMap(Vec<(String, String)>);

impl StringMap {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(candidate, _)| candidate == name)
            .map(|(_, value)| value.as_str())
    }
}

impl FromIterator<(String, String)> for StringMap {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(strings: I) -> Self {
        Self(strings.into_iter().collect())
    }
}

/// From a JSON object: a string as it is, anything else as its JSON; `null` is left out.
impl<'de> Deserialize<'de> for StringMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = StringMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<StringMap, M::Error> {
                let mut strings = Vec::new();
                while let Some((name, value)) = members.next_entry::<String, &RawValue>()? {
                    if value.get() != "null" {
                        let string = serde_json::from_slice(value.get().as_bytes())
                            .unwrap_or_else(|_| value.get().to_owned());
                        strings.push((name, string));
                    }
                }
                Ok(StringMap(strings))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
