//! The aliases of a function: names that point to versions.

use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};

use super::{answer, request};
use crate::error::Error;
use crate::function::RemoteFunction;

answer! {
    /// An alias.
    pub struct Alias {
        /// Its name.
        name: String,
        /// The version that it points to.
        version: String,
        /// The description.
        description: String,
        /// When it was changed last.
        last_modified: String,
        /// The URN of the function with it.
        alias_urn: String,
        /// The share of another version, in percent.
        additional_version_weights: BTreeMap<String, i64>,
        /// The requests that another version gets.
        additional_version_strategy: BTreeMap<String, VersionStrategy>,
    }
}

/// Which requests a version gets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct VersionStrategy {
    /// `and` or `or`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub combine_type: Option<String>,
    /// The rules.
    pub rules: Vec<VersionRule>,
}

/// A rule of a [`VersionStrategy`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct VersionRule {
    /// `Header`.
    pub rule_type: String,
    /// The name of the header.
    pub param: String,
    /// `=` or `in`.
    pub op: String,
    /// The value, or values with commas between.
    pub value: String,
}

request! {
    /// A new alias, at most 10 for a function, and one for a version.
    pub struct CreateAlias {
        /// 1 to 63 letters, digits, `-` and `_`; the first is a letter.
        name: String,
        /// The version that it points to.
        version: String,
        ..
        /// The description.
        description: String,
        /// The share of another version, in percent: `{"v2": 10}`.
        additional_version_weights: BTreeMap<String, u32>,
        /// The requests that another version gets; not together with weights.
        additional_version_strategy: BTreeMap<String, VersionStrategy>,
    }
}

request! {
    /// What an alias points to from now on.
    pub struct UpdateAlias {
        /// The version that it points to.
        version: String,
        ..
        /// The description.
        description: String,
        /// The share of another version, in percent.
        additional_version_weights: BTreeMap<String, u32>,
        /// The requests that another version gets; not together with weights.
        additional_version_strategy: BTreeMap<String, VersionStrategy>,
    }
}

impl CreateAlias {
    /// An alias that points to one version.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into(), ..Self::default() }
    }
}

impl UpdateAlias {
    /// Leads to this version alone.
    pub fn new(version: impl Into<String>) -> Self {
        Self { version: version.into(), ..Self::default() }
    }
}

impl RemoteFunction {
    /// Creates an alias. `POST .../aliases`.
    ///
    /// # Errors
    ///
    /// [`Error`]; FSS.1063 if there is one of this name, FSS.1066 if the version has another.
    pub async fn create_alias(&self, alias: &CreateAlias) -> Result<Alias, Error> {
        let path = ["fgs", "functions", &self.name(), "aliases"];
        let operation = format!("create the alias {} of", alias.name);
        self.send(&operation, Method::POST, &path, |call| call.json(alias)).await?.json()
    }

    /// The aliases. `GET .../aliases`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn aliases(&self) -> Result<Vec<Alias>, Error> {
        let path = ["fgs", "functions", &self.name(), "aliases"];
        let answer = self.send("list the aliases of", Method::GET, &path, Ok).await?;
        Ok(answer.json::<Option<Vec<Alias>>>()?.unwrap_or_default())
    }

    /// An alias by its name, without `!`. `GET .../aliases/{name}`.
    ///
    /// # Errors
    ///
    /// [`Error`]; FSS.1053 if there is none.
    pub async fn alias(&self, name: &str) -> Result<Alias, Error> {
        let path = ["fgs", "functions", &self.name(), "aliases", name];
        let operation = format!("show the alias {name} of");
        self.send(&operation, Method::GET, &path, Ok).await?.json()
    }

    /// Leads an alias to another version. `PUT .../aliases/{name}`.
    ///
    /// # Errors
    ///
    /// [`Error`]; FSS.1052 if there is no such version.
    pub async fn update_alias(&self, name: &str, alias: &UpdateAlias) -> Result<Alias, Error> {
        let path = ["fgs", "functions", &self.name(), "aliases", name];
        let operation = format!("move the alias {name} of");
        self.send(&operation, Method::PUT, &path, |call| call.json(alias)).await?.json()
    }

    /// Deletes an alias. `DELETE .../aliases/{name}`.
    ///
    /// # Errors
    ///
    /// [`Error`]; FSS.1154 if it has triggers.
    pub async fn delete_alias(&self, name: &str) -> Result<(), Error> {
        let path = ["fgs", "functions", &self.name(), "aliases", name];
        let operation = format!("delete the alias {name} of");
        self.send(&operation, Method::DELETE, &path, Ok).await?;
        Ok(())
    }
}
