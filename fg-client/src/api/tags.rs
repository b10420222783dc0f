//! The tags of a function.

use http::Method;
use serde::{Deserialize, Serialize};

use super::list;
use crate::error::Error;
use crate::function::RemoteFunction;

/// A tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Tag {
    /// The key.
    pub key: String,
    /// The value; may be empty.
    pub value: String,
}

impl Tag {
    /// A tag.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

/// The tags of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Tags {
    /// The user's.
    #[serde(deserialize_with = "list")]
    pub tags: Vec<Tag>,
    /// The platform's.
    #[serde(deserialize_with = "list")]
    pub sys_tags: Vec<Tag>,
}

#[derive(Serialize)]
struct Change<'a> {
    action: &'static str,
    tags: &'a [Tag],
}

impl RemoteFunction {
    /// The tags. `GET /functions/{urn}/tags`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn tags(&self) -> Result<Tags, Error> {
        let path = ["functions", &self.name(), "tags"];
        self.send("list the tags of", Method::GET, &path, Ok).await?.json()
    }

    /// Adds tags, or replaces their values. `POST /functions/{urn}/tags/create`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn create_tags(&self, tags: &[Tag]) -> Result<(), Error> {
        let path = ["functions", &self.name(), "tags", "create"];
        let change = Change { action: "create", tags };
        self.send("tag", Method::POST, &path, |call| call.json(&change)).await?;
        Ok(())
    }

    /// Removes tags. `DELETE /functions/{urn}/tags/delete`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn delete_tags(&self, tags: &[Tag]) -> Result<(), Error> {
        let path = ["functions", &self.name(), "tags", "delete"];
        let change = Change { action: "delete", tags };
        self.send("remove tags of", Method::DELETE, &path, |call| call.json(&change)).await?;
        Ok(())
    }
}
