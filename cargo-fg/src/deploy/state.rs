//! What the platform has now: the function, with its versions, aliases and triggers.

use fg_client::aliases::Alias;
use fg_client::functions::Function;
use fg_client::invocations::AsyncConfig;
use fg_client::triggers::Trigger;
use fg_client::{Client, Error, FunctionUrn};

/// A function on the platform.
#[derive(Clone, Debug, Default)]
pub(crate) struct Existing {
    /// The configuration of `latest`.
    pub(crate) function: Function,
    /// `latest` is not among them. The newest is the first, if the platform tells when they were
    /// published.
    pub(crate) versions: Vec<Function>,
    pub(crate) aliases: Vec<Alias>,
    /// Those of the alias, or else of `latest`.
    pub(crate) triggers: Vec<Trigger>,
    /// Those of `latest`, if there is an alias.
    pub(crate) triggers_of_latest: Vec<Trigger>,
    /// That of the alias, or else of `latest`.
    pub(crate) asynchronous: Option<AsyncConfig>,
}

/// Which parts of the state a plan needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) alias: Option<&'a str>,
    pub(crate) versions: bool,
    pub(crate) asynchronous: bool,
}

/// Reads it; `None` if there is no such function.
pub(crate) async fn read(
    client: &Client,
    urn: &FunctionUrn,
    parts: Parts<'_>,
) -> Result<Option<Existing>, Error> {
    let function = client.function(urn);
    let Some(config) = found(function.config().await)? else { return Ok(None) };
    let mut existing = Existing { function: config, ..Existing::default() };
    if parts.versions {
        let mut versions = function.versions().await?;
        versions.retain(|version| version.version.as_deref() != Some("latest"));
        versions.sort_by(|one, other| other.last_modified.cmp(&one.last_modified));
        existing.versions = versions;
        existing.aliases = function.aliases().await?;
    }
    let latest = client.function(urn.with_version("latest"));
    if parts.alias.is_some() {
        existing.triggers_of_latest = latest.triggers().await?;
    }
    let is_there = |alias: &str| {
        existing.aliases.iter().any(|existing| existing.name.as_deref() == Some(alias))
    };
    let target = match parts.alias {
        // It has nothing yet.
        Some(alias) if !is_there(alias) => return Ok(Some(existing)),
        Some(alias) => client.function(urn.with_alias(alias)),
        None => latest,
    };
    existing.triggers = target.triggers().await?;
    if parts.asynchronous {
        existing.asynchronous = found(target.async_config().await)?;
    }
    Ok(Some(existing))
}

fn found<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
