//! The plan of a deployment: the steps from what the platform has to what the manifest says.

use fg_client::FunctionUrn;
use fg_client::functions::{Function, FunctionCode, UpdateCode};
use fg_client::invocations::{AsyncConfig, Destination, UpdateAsyncConfig};

use crate::deploy::body;
use crate::deploy::code::{Code, Zip};
use crate::deploy::rows::{Change, Comparison, MAX_INSTANCES};
use crate::deploy::state::{Existing, Parts};
use crate::deploy::step::{Action, CodeSource, Step};
use crate::deploy::triggers;
use crate::deploy::versions::{self, Version};
use crate::desired::{Asynchronous, Desired};
use crate::failure::{Exit, Failure};
use crate::package::Size;

/// What is asked for on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Whether a version is published, and its name.
    pub(crate) publish: Option<Option<String>>,
    pub(crate) alias: Option<String>,
    pub(crate) traffic: Option<u32>,
    pub(crate) prune: bool,
    pub(crate) secrets: bool,
    pub(crate) bucket: Option<String>,
}

/// What a deployment leads to.
#[derive(Clone, Debug)]
pub(crate) struct Goal<'a> {
    pub(crate) desired: &'a Desired,
    pub(crate) code: &'a Code,
    pub(crate) urn: &'a FunctionUrn,
    pub(crate) package_version: &'a str,
    pub(crate) options: &'a Options,
    /// When the function was changed before its secrets are sent again: a version with other
    /// secrets needs a name of its own.
    pub(crate) resent: Option<String>,
}

/// The steps, and what is worth knowing besides.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) notes: Vec<String>,
    /// The version that is published, or that is there already.
    pub(crate) version: Option<Version>,
}

impl<'a> Goal<'a> {
    pub(crate) fn new(
        desired: &'a Desired,
        code: &'a Code,
        urn: &'a FunctionUrn,
        package_version: &'a str,
        options: &'a Options,
    ) -> Self {
        Self { desired, code, urn, package_version, options, resent: None }
    }

    /// Whether secrets are sent to a function that may have them already.
    fn resends_secrets(&self) -> bool {
        self.options.secrets && !self.desired.secrets.is_empty()
    }

    /// Notes when the function was changed last, if its secrets are to be sent again.
    pub(crate) fn mark(&mut self, existing: Option<&Existing>) {
        let modified = existing.map(|existing| existing.function.last_modified.clone());
        self.resent = modified.filter(|_| self.resends_secrets()).map(Option::unwrap_or_default);
    }

    fn publishes(&self) -> bool {
        self.options.publish.is_some() || self.options.alias.is_some()
    }

    /// What has to be known of the platform.
    pub(crate) fn parts(&self) -> Parts<'a> {
        Parts {
            alias: self.options.alias.as_deref(),
            versions: self.publishes(),
            asynchronous: self.desired.asynchronous.is_some(),
        }
    }

    /// What triggers belong to: the alias, or the function.
    pub(crate) fn target(&self) -> FunctionUrn {
        self.options
            .alias
            .as_ref()
            .map_or_else(|| self.urn.clone(), |alias| self.urn.with_alias(alias))
    }
}

impl Plan {
    /// Makes the plan.
    ///
    /// What cannot be done is refused here, before anything is sent.
    pub(crate) fn make(goal: &Goal<'_>, existing: Option<&Existing>) -> Result<Self, Failure> {
        let Goal { desired, options, .. } = goal;
        let mut plan = Self::default();
        let function = existing.map(|existing| &existing.function);
        let comparison = Comparison::new(function, desired, options.prune);
        match function {
            None => plan.create(goal, &comparison)?,
            Some(function) => plan.update(goal, function, &comparison)?,
        }
        let limit = comparison.changes(|field| field == MAX_INSTANCES);
        if !limit.is_empty() {
            let number = desired.max_instances.unwrap_or(-1);
            plan.steps.push(Step { action: Action::LimitInstances(number), changes: limit });
        }
        if goal.publishes() {
            plan.publish(goal, existing, &comparison)?;
        }
        if let Some(wanted) = &desired.asynchronous {
            let now = existing.and_then(|existing| existing.asynchronous.as_ref());
            plan.steps.extend(configure_asynchronous(wanted, now, &goal.target()));
        }
        if let Some(existing) = existing.filter(|_| options.alias.is_some()) {
            let latest = goal.urn.with_version("latest");
            let (there, wanted) = (&existing.triggers_of_latest, &desired.triggers);
            plan.steps.extend(triggers::leave_latest(there, wanted, &latest, options.prune)?);
        }
        let none = Vec::new();
        let triggers = existing.map_or(&none, |existing| &existing.triggers);
        let compared =
            triggers::compare(triggers, &desired.triggers, &goal.target(), options.prune);
        plan.steps.extend(compared.steps);
        plan.notes.extend(compared.notes);
        Ok(plan)
    }

    fn create(&mut self, goal: &Goal<'_>, comparison: &Comparison) -> Result<(), Failure> {
        let mut body = Box::new(body::create(goal.desired));
        let code = match goal.code {
            Code::Zip(zip) => Some(self.source(goal, zip)?),
            Code::Image(_) => None,
        };
        match &code {
            Some(CodeSource::Request { .. }) => {
                body.code_type = Some("zip".to_owned());
                body.code_filename = Some(file_name(goal));
            }
            Some(CodeSource::Bucket { .. }) => {
                body.code_type = Some("obs".to_owned());
                body.func_code = Some(FunctionCode::default());
            }
            None => {}
        }
        let later = |change: &Change| {
            body::needs_configuration(&change.field) || change.field == MAX_INSTANCES
        };
        let (late, changes): (Vec<_>, Vec<_>) = comparison.all().into_iter().partition(later);
        self.steps.push(Step { action: Action::Create { body, code }, changes });
        let late: Vec<_> =
            late.into_iter().filter(|change| change.field != MAX_INSTANCES).collect();
        if !late.is_empty() {
            let body = body::configure(goal.desired, &Function::default(), false, true);
            self.steps.push(Step { action: Action::Configure(Box::new(body)), changes: late });
        }
        Ok(())
    }

    fn update(
        &mut self,
        goal: &Goal<'_>,
        function: &Function,
        comparison: &Comparison,
    ) -> Result<(), Failure> {
        let Goal { desired, options, .. } = goal;
        check_runtime(desired, function)?;
        if let Code::Zip(zip) = goal.code {
            if function.digest.as_deref() != Some(&zip.digest) {
                let code = self.source(goal, zip)?;
                let body = match &code {
                    CodeSource::Request { .. } => {
                        let mut body = UpdateCode::default();
                        body.code_type = "zip".to_owned();
                        body.code_filename = Some(file_name(goal));
                        body
                    }
                    CodeSource::Bucket { .. } => UpdateCode::obs(""),
                };
                self.steps.push(Step::new(Action::UpdateCode { body, code }));
            }
        }
        let changes = comparison.changes(|field| field != MAX_INSTANCES);
        if let Code::Image(image) = goal.code {
            if changes.iter().all(|change| change.field != "image") {
                self.notes.push(format!(
                    "the function has the image {image} already; whether its tag leads to another \
                     one now is not compared: push it under a new tag"
                ));
            }
        }
        let sends_secrets = self.secrets(goal, function)?;
        if !changes.is_empty() || goal.resends_secrets() {
            let body = body::configure(desired, function, options.prune, sends_secrets);
            self.steps.push(Step { action: Action::Configure(Box::new(body)), changes });
        } else if !desired.secrets.is_empty() {
            self.notes.push(format!(
                "the platform does not tell the values of secrets, so that they are not compared: \
                 {}; --secrets sends them again",
                list(desired.secrets.keys())
            ));
        }
        let is_kept = |name: &&String| {
            !desired.variables.0.contains_key(*name) && !desired.secrets.contains_key(*name)
        };
        let kept = function.user_data.iter().flat_map(|data| data.0.keys()).filter(is_kept);
        let kept = list(kept);
        if !kept.is_empty() && !options.prune {
            self.notes.push(format!(
                "the function has variables that are not in the manifest, and stay: {kept}; \
                 --prune removes them"
            ));
        }
        Ok(())
    }

    /// Whether a configuration has the secrets. It replaces all that the function has, whose values
    /// the platform does not tell.
    fn secrets(&mut self, goal: &Goal<'_>, function: &Function) -> Result<bool, Failure> {
        let Goal { desired, options, .. } = goal;
        let existing = function.encrypted_user_data.clone().unwrap_or_default();
        let others = existing.names().filter(|name| !desired.secrets.contains_key(*name));
        let others = list(others);
        if others.is_empty() || options.prune {
            return Ok(true);
        }
        let is_new = desired.secrets.keys().any(|name| existing.get(name).is_none());
        if is_new || goal.resends_secrets() {
            return Err(Failure::usage(format!(
                "the function has secrets that are not in the manifest, and would be lost: \
                 {others}"
            ))
            .advise("add them to the manifest, or remove them with --prune: the platform replaces all secrets at once, and does not tell their values"));
        }
        self.notes.push(format!(
            "the function has secrets that are not in the manifest, and stay: {others}; --prune \
             removes them"
        ));
        Ok(false)
    }

    /// How the zip file gets to the platform, with the step that uploads it.
    fn source(&mut self, goal: &Goal<'_>, zip: &Zip) -> Result<CodeSource, Failure> {
        if !zip.is_large() {
            return Ok(CodeSource::request(zip));
        }
        let Some(bucket) = goal.options.bucket.clone() else {
            return Err(Failure::usage(format!(
                "the package has {}, and the platform takes at most 50 MB in a request",
                Size(zip.bytes.len())
            ))
            .advise("name a bucket of the same region, through which it is sent: --bucket NAME"));
        };
        // The same code has the same key, so that a second upload replaces nothing else.
        let key = format!("fg/{}/{}.zip", goal.desired.name, &zip.digest[..32]);
        self.steps.push(Step::new(Action::Upload { bucket: bucket.clone(), key: key.clone() }));
        Ok(CodeSource::Bucket { bucket, key })
    }

    fn publish(
        &mut self,
        goal: &Goal<'_>,
        existing: Option<&Existing>,
        comparison: &Comparison,
    ) -> Result<(), Failure> {
        let is_latest_changed = !self.steps.is_empty();
        let version = versions::choose(goal, existing, comparison, is_latest_changed)?;
        if version.is_new {
            let body = versions::publish(&version.name);
            self.steps.push(Step::new(Action::Publish(body)));
        }
        if let Some(alias) = &goal.options.alias {
            let now = existing.iter().flat_map(|existing| &existing.aliases);
            let now = now.into_iter().find(|now| now.name.as_deref() == Some(alias));
            let (step, note) = versions::lead(alias, goal.options.traffic, &version.name, now);
            self.steps.extend(step);
            self.notes.extend(note);
        }
        self.version = Some(version);
        Ok(())
    }
}

fn check_runtime(desired: &Desired, function: &Function) -> Result<(), Failure> {
    let wanted = body::runtime(&desired.runtime);
    let Some(now) = function.runtime.as_deref().filter(|now| *now != wanted) else { return Ok(()) };
    Err(Failure::new(
        Exit::Failed,
        format!(
            "the function `{}` has the runtime `{now}`, and cannot get the runtime `{wanted}`",
            desired.name
        ),
    )
    .advise("the runtime of a function cannot be changed: choose another `name` in [package.metadata.fg], or delete the function with `cargo fg delete`"))
}

fn file_name(goal: &Goal<'_>) -> String {
    format!("{}.zip", goal.desired.name)
}

fn list(names: impl Iterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<_> = names.map(|name| name.as_ref().to_owned()).collect();
    names.join(", ")
}

/// The step that sets what happens with asynchronous invocations. It repeats what is there, since
/// the request replaces everything.
fn configure_asynchronous(
    wanted: &Asynchronous,
    now: Option<&AsyncConfig>,
    target: &FunctionUrn,
) -> Option<Step> {
    let default = AsyncConfig::default();
    let now = now.unwrap_or(&default);
    let mut changes = Vec::new();
    let mut body = UpdateAsyncConfig::default();
    let mut number = |field: &str, now: Option<i64>, wanted: Option<u32>| {
        let now = now.and_then(|now| u32::try_from(now).ok());
        if wanted.is_some() && wanted != now {
            let (old, new) = (now.map(Into::into), wanted.map(Into::into));
            changes.push(Change { field: format!("asynchronous.{field}"), old, new });
        }
        wanted.or(now)
    };
    body.max_async_event_age_in_seconds =
        number("max_age", now.max_async_event_age_in_seconds, wanted.max_age);
    body.max_async_retry_attempts =
        number("max_retries", now.max_async_retry_attempts, wanted.max_retries);
    body.enable_async_status_log = now.enable_async_status_log.filter(|on| *on);
    let mut destination = |field: &str,
                           now: Option<&Destination>,
                           wanted: Option<&crate::desired::Destination>| {
        let now = now.filter(|now| now.destination.as_ref().is_some_and(|kind| !kind.is_empty()));
        let Some(wanted) = wanted else { return now.cloned() };
        let mut then = Destination::default();
        then.destination = Some(wanted.kind.clone());
        then.param = Some(wanted.param.clone());
        let same = |now: &Destination| {
            now.destination == then.destination && json_of(now) == json_of(&then)
        };
        if !now.is_some_and(same) {
            let shown = |one: &Destination| {
                let (kind, param) = (one.destination.as_deref(), one.param.as_deref());
                format!("{} {}", kind.unwrap_or_default(), param.unwrap_or_default()).into()
            };
            let (old, new) = (now.map(shown), Some(shown(&then)));
            changes.push(Change { field: format!("asynchronous.{field}"), old, new });
        }
        Some(then)
    };
    let destinations = now.destination_config.clone().unwrap_or_default();
    let mut all = fg_client::invocations::DestinationConfig::default();
    all.on_success =
        destination("on_success", destinations.on_success.as_ref(), wanted.on_success.as_ref());
    all.on_failure =
        destination("on_failure", destinations.on_failure.as_ref(), wanted.on_failure.as_ref());
    if all.on_success.is_some() || all.on_failure.is_some() {
        body.destination_config = Some(all);
    }
    let action = Action::ConfigureAsynchronous { target: target.clone(), body: Box::new(body) };
    (!changes.is_empty()).then_some(Step { action, changes })
}

/// The settings of a destination, which are JSON in a string.
fn json_of(destination: &Destination) -> Option<serde_json::Value> {
    serde_json::from_str(destination.param.as_deref().unwrap_or_default()).ok()
}
