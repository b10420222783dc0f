//! An alias of a function's versions, and the version that it stands for in one invocation.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A name for a version, and for a second one that takes a part of the invocations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alias {
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) description: String,
    /// The additional version, and its share in per cent.
    #[serde(default)]
    pub(crate) weights: BTreeMap<String, u32>,
    /// The additional version, and the rules by which it is chosen. Excludes weights.
    #[serde(default)]
    pub(crate) strategy: BTreeMap<String, VersionStrategy>,
    pub(crate) last_modified: Timestamp,
}

/// When an invocation goes to the additional version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct VersionStrategy {
    pub(crate) rules: Vec<HeaderRule>,
    /// `and` or `or`.
    pub(crate) combine_type: String,
}

/// A condition on a header of the invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct HeaderRule {
    /// `Header`
    pub(crate) rule_type: String,
    /// The name of the header.
    pub(crate) param: String,
    /// `=` or `in`, with values separated by commas.
    pub(crate) op: String,
    pub(crate) value: String,
}
