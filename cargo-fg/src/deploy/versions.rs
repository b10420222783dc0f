//! Which version is published, and where the alias leads.

use std::collections::BTreeMap;

use fg_client::aliases::{Alias, CreateAlias, UpdateAlias};
use fg_client::functions::{Function, PublishVersion};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::deploy::plan::Goal;
use crate::deploy::rows::{Change, Comparison};
use crate::deploy::state::Existing;
use crate::deploy::step::{Action, Step};
use crate::failure::{Exit, Failure};

/// The longest name of a version.
const LONGEST: usize = 42;

/// The version that the deployment leads to.
#[derive(Debug, PartialEq)]
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) is_new: bool,
}

/// The name of a version made of its content: the same code and settings have the same name, so
/// that a run after an interruption finds what was published.
pub(crate) fn name(goal: &Goal<'_>, comparison: &Comparison, resent: Option<&str>) -> String {
    let mut hash = Sha256::new();
    hash.update(goal.code.identity());
    hash.update(json!(comparison.then).to_string());
    // The values of secrets are not told by the platform, and must not be guessed from the name.
    hash.update(resent.unwrap_or_default());
    let hash = format!("{:x}", hash.finalize());
    let allowed = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' };
    let version: String = goal.package_version.chars().map(allowed).take(LONGEST - 9).collect();
    format!("{version}-{}", &hash[..8])
}

/// Finds the version that has this code and these settings already, or names a new one.
pub(crate) fn choose(
    goal: &Goal<'_>,
    existing: Option<&Existing>,
    comparison: &Comparison,
    is_latest_changed: bool,
) -> Result<Version, Failure> {
    let alias = goal.options.alias.as_deref();
    let wanted = goal.options.publish.as_ref().and_then(Option::as_deref);
    let resent = goal.resent.as_deref();
    let make = |salt: Option<&str>| match wanted {
        Some(name) => name.to_owned(),
        None => name(goal, comparison, salt),
    };
    let mut name = make(resent);
    let Some(existing) = existing else { return Ok(Version { name, is_new: true }) };
    while let Some(version) = existing.versions.iter().find(|version| is_named(version, &name)) {
        if is_as_sent(version, goal) && (wanted.is_none() || resent.is_none()) {
            check_alias(existing, &name, alias)?;
            return Ok(Version { name, is_new: false });
        }
        if wanted.is_some() {
            return Err(Failure::new(
                Exit::Failed,
                format!("the version {name} is there already, with other code or settings"),
            )
            .advise("a version cannot be changed: choose another name for --publish"));
        }
        // Another deployment changed `latest` before it was published under this name.
        name = make(Some(&name));
    }
    let same: Vec<_> = existing
        .versions
        .iter()
        .filter(|version| resent.is_none() && has_content(version, goal, comparison))
        .filter_map(|version| version.version.as_deref())
        .collect();
    let Some(first) = same.first() else { return Ok(Version { name, is_new: true }) };
    if let Some(wanted) = wanted {
        if is_latest_changed {
            return Ok(Version { name, is_new: true });
        }
        return Err(Failure::new(
            Exit::Failed,
            format!(
                "nothing has changed since the version {first}, so that there is no version \
                 {wanted} to publish"
            ),
        )
        .advise("omit the name: --publish then takes the version that is there"));
    }
    let free = same.iter().find(|version| check_alias(existing, version, alias).is_ok());
    let Some(free) = free else {
        check_alias(existing, first, alias)?;
        return Ok(Version { name, is_new: true });
    };
    Ok(Version { name: (*free).to_owned(), is_new: false })
}

fn is_named(version: &Function, name: &str) -> bool {
    version.version.as_deref() == Some(name)
}

/// Whether a version has the code and the settings that are wanted.
fn has_content(version: &Function, goal: &Goal<'_>, comparison: &Comparison) -> bool {
    goal.code.digest().is_none_or(|digest| version.digest.as_deref() == Some(digest))
        && Comparison::new(Some(version), goal.desired, goal.options.prune).now == comparison.then
}

/// Whether a version has the code that was sent, and the settings without which it is another: not
/// all settings are told of a version.
pub(crate) fn is_as_sent(version: &Function, goal: &Goal<'_>) -> bool {
    let Comparison { now, then } = Comparison::new(Some(version), goal.desired, goal.options.prune);
    let is_told = |field: &str| {
        field.starts_with("environment.")
            || ["handler", "image", "memory", "timeout"].contains(&field)
    };
    let is_equal = |field: &String| !is_told(field) || now.get(field) == then.get(field);
    let told = version.digest.as_deref().filter(|digest| !digest.is_empty());
    goal.code.digest().is_none_or(|digest| told.is_none_or(|told| told == digest))
        && now.keys().chain(then.keys()).all(is_equal)
}

/// The platform lets only one alias point to a version (FSS.1066).
fn check_alias(existing: &Existing, version: &str, alias: Option<&str>) -> Result<(), Failure> {
    let Some(alias) = alias else { return Ok(()) };
    let other = existing.aliases.iter().find(|other| {
        other.version.as_deref() == Some(version) && other.name.as_deref() != Some(alias)
    });
    // As an additional version it may have another.
    let Some(other) = other.and_then(|other| other.name.as_deref()) else { return Ok(()) };
    Err(Failure::new(
        Exit::Failed,
        format!(
            "the alias {alias} cannot point to the version {version}: the alias {other} points to \
             it, and the platform lets a version have one"
        ),
    )
    .advise(format!(
        "move or delete the alias {other}, or deploy with a difference, such as another \
         `description` or version of the package"
    )))
}

/// The step for the alias, if it does not lead there yet, with a note.
pub(crate) fn lead(
    alias: &str,
    traffic: Option<u32>,
    version: &str,
    existing: Option<&Alias>,
) -> (Option<Step>, Option<String>) {
    let Some(existing) = existing else {
        let step = Step {
            action: Action::CreateAlias(CreateAlias::new(alias, version)),
            changes: vec![changed("version", None, Some(version.into()))],
        };
        let note = traffic.filter(|percent| *percent < 100).map(|percent| {
            format!("the alias {alias} is new: {version} gets all, not {percent} %")
        });
        return (Some(step), note);
    };
    let current = existing.version.as_deref().unwrap_or_default();
    let weights = existing.additional_version_weights.clone().unwrap_or_default();
    let has_rules =
        existing.additional_version_strategy.as_ref().is_some_and(|all| !all.is_empty());
    let partial = traffic.filter(|percent| *percent < 100 && current != version);
    let mut body = UpdateAlias::new(if partial.is_some() { current } else { version });
    body.description = existing.description.clone().filter(|text| !text.is_empty());
    let then: BTreeMap<_, _> =
        partial.map(|percent| (version.to_owned(), i64::from(percent))).into_iter().collect();
    if body.version == current && weights == then && !has_rules {
        return (None, None);
    }
    body.additional_version_weights = partial
        .map(|percent| [(version.to_owned(), percent)].into())
        // Nothing of before stays.
        .or_else(|| (!weights.is_empty()).then(BTreeMap::new));
    let mut changes = Vec::new();
    if body.version != current {
        changes.push(changed("version", Some(current.into()), Some(version.into())));
    }
    if weights != then {
        changes.push(changed("traffic", share(&weights), share(&then)));
    }
    let note = has_rules
        .then(|| format!("the alias {alias} chooses a version by headers now, which this ends"));
    let action = Action::MoveAlias { name: alias.to_owned(), body };
    (Some(Step { action, changes }), note)
}

/// The body that publishes. It has no `digest`, since documents disagree about which one that is;
/// the version is compared once it is published.
pub(crate) fn publish(name: &str) -> PublishVersion {
    let mut body = PublishVersion::default();
    body.version = Some(name.to_owned());
    body
}

fn changed(field: &str, old: Option<Value>, new: Option<Value>) -> Change {
    Change { field: field.to_owned(), old, new }
}

/// `10 % to VERSION`.
fn share(weights: &BTreeMap<String, i64>) -> Option<Value> {
    let shares: Vec<_> =
        weights.iter().map(|(version, percent)| format!("{percent} % to {version}")).collect();
    (!shares.is_empty()).then(|| shares.join(", ").into())
}
