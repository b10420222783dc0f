//! The published versions of a function.

use http::Method;
use serde::Deserialize;

use super::functions::Function;
use super::{list, request};
use crate::error::Error;
use crate::function::RemoteFunction;

request! {
    /// A version to publish from what is latest.
    pub struct PublishVersion {
        ..
        /// The name, 1 to 42 letters, digits, `-`, `_` and `.`; the platform makes one of the time
        /// if there is none.
        version: String,
        /// The description.
        description: String,
        /// The digest that the latest code has to have.
        digest: String,
    }
}

#[derive(Deserialize)]
struct Versions {
    #[serde(default, deserialize_with = "list")]
    versions: Vec<Function>,
}

impl RemoteFunction {
    /// Publishes what is latest as a version, which does not change any more. `POST .../versions`.
    ///
    /// # Errors
    ///
    /// [`Error`]; FSS.1016 if nothing has changed since the last one, FSS.1062 if the name is
    /// taken.
    pub async fn publish(&self, version: &PublishVersion) -> Result<Function, Error> {
        let path = ["fgs", "functions", &self.name(), "versions"];
        self.send("publish a version of", Method::POST, &path, |call| call.json(version))
            .await?
            .json()
    }

    /// The versions, `latest` among them. `GET .../versions`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn versions(&self) -> Result<Vec<Function>, Error> {
        let path = ["fgs", "functions", &self.name(), "versions"];
        let answer = self.send("list the versions of", Method::GET, &path, Ok).await?;
        Ok(answer.json::<Versions>()?.versions)
    }
}
