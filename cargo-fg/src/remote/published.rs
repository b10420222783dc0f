//! The published versions of a function, and the aliases that point to them.

use std::cmp::Reverse;

use fg_client::aliases::Alias;
use fg_client::functions::Function;
use serde_json::{Value, json};

use super::output::{columns, one_line, size};
use super::target::Target;
use super::times;
use crate::failure::Failure;

/// The name of the version that is changed by deployments; all others are published.
pub(crate) const LATEST: &str = "latest";

/// What is published of a function.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    /// The newest first, without `latest`.
    pub(crate) versions: Vec<Function>,
    pub(crate) aliases: Vec<Alias>,
}

/// How much of an alias a version gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// In percent.
    Percent(i64),
    /// The requests that the rules of the alias choose.
    Rules,
    /// All other requests.
    Rest,
}

impl Published {
    pub(crate) fn fetch(target: &Target) -> Result<Self, Failure> {
        let versions = target.wait(target.function.versions())?;
        let aliases = target.wait(target.function.aliases())?;
        Ok(Self::new(versions, aliases))
    }

    pub(crate) fn new(mut versions: Vec<Function>, mut aliases: Vec<Alias>) -> Self {
        versions.retain(|version| name_of(version) != LATEST);
        // Stable: versions of the same second stay in the platform's order.
        versions.sort_by_key(|version| {
            Reverse(version.last_modified.as_deref().and_then(times::parse))
        });
        aliases.sort_by(|one, other| one.name.cmp(&other.name));
        Self { versions, aliases }
    }

    pub(crate) fn position(&self, version: &str) -> Option<usize> {
        self.versions.iter().position(|known| name_of(known) == version)
    }

    /// The aliases that point to a version, as `prod 90%`.
    pub(crate) fn aliases_of(&self, version: &str) -> Vec<(&str, Share)> {
        let of = |alias| {
            let found = shares(alias).into_iter().find(|(to, _)| *to == version);
            found.map(|(_, share)| (alias.name.as_deref().unwrap_or_default(), share))
        };
        self.aliases.iter().filter_map(of).collect()
    }

    /// The versions in columns.
    pub(crate) fn table(&self) -> String {
        let heads = ["VERSION", "PUBLISHED", "SIZE", "DIGEST", "ALIASES", "DESCRIPTION"];
        let mut rows = vec![heads.map(str::to_owned)];
        for version in &self.versions {
            let name = name_of(version);
            let aliases = self.aliases_of(name);
            let aliases: Vec<_> = aliases.iter().map(|(alias, share)| share.after(alias)).collect();
            rows.push([
                name.to_owned(),
                version.last_modified.clone().unwrap_or_default(),
                version.code_size.map(size).unwrap_or_default(),
                digest_of(version),
                aliases.join(", "),
                version.version_description.clone().unwrap_or_default(),
            ]);
        }
        columns(&rows)
    }

    pub(crate) fn to_json(&self) -> Value {
        let version = |version: &Function| {
            let name = name_of(version);
            let aliases = self.aliases_of(name);
            let aliases: Vec<_> = aliases
                .iter()
                .map(|(alias, share)| json!({"name": alias, "percent": share.percent()}))
                .collect();
            json!({
                "version": name,
                "description": version.version_description,
                "code_size": version.code_size,
                "digest": version.digest,
                "last_modified": version.last_modified,
                "aliases": aliases,
            })
        };
        self.versions.iter().map(version).collect()
    }

    /// The names of the versions, for a message.
    pub(crate) fn names(&self) -> String {
        self.versions
            .iter()
            .map(|version| one_line(name_of(version)))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl Share {
    pub(crate) fn percent(self) -> Option<i64> {
        match self {
            Self::Percent(percent) => Some(percent),
            Self::Rules | Self::Rest => None,
        }
    }

    /// What is shared, with the share: `prod 90%`.
    pub(crate) fn after(self, what: &str) -> String {
        match self {
            Self::Percent(100) => what.to_owned(),
            Self::Percent(percent) => format!("{what} {percent}%"),
            Self::Rules => format!("{what} by rules"),
            Self::Rest => format!("{what} for the rest"),
        }
    }
}

/// The versions that an alias points to, its own first.
pub(crate) fn shares(alias: &Alias) -> Vec<(&str, Share)> {
    let weights = alias.additional_version_weights.iter().flatten();
    let rules = alias.additional_version_strategy.iter().flatten();
    let mut others: Vec<_> =
        weights.map(|(version, weight)| (version.as_str(), Share::Percent(*weight))).collect();
    others.extend(rules.map(|(version, _)| (version.as_str(), Share::Rules)));
    let additional: i64 = others.iter().filter_map(|(_, share)| share.percent()).sum();
    let own = match others.iter().any(|(_, share)| *share == Share::Rules) {
        true => Share::Rest,
        false => Share::Percent(100 - additional),
    };
    let mut shares = vec![(alias.version.as_deref().unwrap_or_default(), own)];
    shares.extend(others);
    shares
}

/// Where an alias points to: `v2 90%, v1 10%`.
pub(crate) fn route(alias: &Alias) -> String {
    let shares = shares(alias);
    shares.iter().map(|(version, share)| share.after(version)).collect::<Vec<_>>().join(", ")
}

pub(crate) fn name_of(version: &Function) -> &str {
    version.version.as_deref().unwrap_or_default()
}

/// The beginning of the code's digest, which is enough to compare.
pub(crate) fn digest_of(version: &Function) -> String {
    version.digest.as_deref().unwrap_or_default().chars().take(12).collect()
}
