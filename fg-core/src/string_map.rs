//! Texts by their names, few enough to be searched one after the other.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Variables, or the user data. Where a name is there twice, the last one counts.
#[derive(Default)]
pub(crate) struct NamedTexts(Vec<(String, String)>);

impl NamedTexts {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(candidate, _)| candidate == name).map(|(_, text)| text.as_str())
    }
}

impl FromIterator<(String, String)> for NamedTexts {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(texts: I) -> Self {
        Self(texts.into_iter().collect())
    }
}

/// From a JSON object: a text as it is, anything else as its JSON, `null` as nothing.
impl<'de> Deserialize<'de> for NamedTexts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = NamedTexts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<NamedTexts, M::Error> {
                let mut texts = Vec::new();
                while let Some((name, value)) = members.next_entry::<String, &RawValue>()? {
                    if value.get() != "null" {
                        let text = serde_json::from_str(value.get())
                            .unwrap_or_else(|_| value.get().to_owned());
                        texts.push((name, text));
                    }
                }
                Ok(NamedTexts(texts))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
