//! `[package.metadata.fg]`, with defaults in `[workspace.metadata.fg]` and overlays in
//! `[package.metadata.fg.env.NAME]`: what a function is on the platform.
//!
//! `docs/manifest.md` is the reference. Errors name the file and the line, and never quote a value,
//! which may be a secret.

mod asynchronous;
mod choose;
#[cfg(test)]
mod documentation;
mod entry;
mod limits;
mod mistake;
mod network;
mod path;
mod place;
mod resolve;
mod schedule;
mod secret_names;
mod similar;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod timers;
mod triggers;
mod variables;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

pub(crate) use mistake::Mistake;
pub(crate) use path::KeyPath;
pub(crate) use place::Place;
pub(crate) use resolve::{EnvironmentFlag, Options, Secrets};
pub(crate) use secret_names::looks_secret;
pub(crate) use similar::nearest;
pub(crate) use timers::TimerMetadata;
pub(crate) use triggers::TriggerMetadata;
pub(crate) use variables::{Variable, of_shell};

use crate::desired::{Asynchronous, Log, Runtime, Vpc};
use crate::failure::Failure;
use crate::settings::MAX_TIMEOUT;
use entry::Entry;

/// What the manifests say of a function. Flags and environment variables take precedence.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FgMetadata {
    pub(crate) name: Option<String>,
    pub(crate) app: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) runtime: Option<Runtime>,
    pub(crate) image: Option<String>,
    /// In MB.
    pub(crate) memory: Option<u32>,
    /// In seconds.
    pub(crate) timeout: Option<u32>,
    pub(crate) handler: Option<String>,
    /// A level, or levels for targets.
    pub(crate) log_level: Option<String>,
    pub(crate) environment: BTreeMap<String, Variable>,
    pub(crate) agency: Option<String>,
    pub(crate) configuration_agency: Option<String>,
    pub(crate) vpc: Option<Vpc>,
    /// In MB.
    pub(crate) ephemeral_storage: Option<u32>,
    pub(crate) concurrency: Option<u32>,
    pub(crate) max_instances: Option<i32>,
    pub(crate) log: Option<Log>,
    pub(crate) asynchronous: Option<Asynchronous>,
    pub(crate) triggers: Vec<TriggerMetadata>,
    /// Additional files for the zip file, relative to the directory of the package.
    pub(crate) include: Vec<PathBuf>,
    pub(crate) timers: Vec<TimerMetadata>,
    /// The programs of the package, among which `function` of timers and triggers chooses.
    pub(crate) programs: Vec<String>,
    /// The tables that all of this is from.
    pub(crate) sources: Sources,
    /// Where each key is from; each variable has a key of its own.
    pub(crate) origins: BTreeMap<String, Origin>,
}

/// The tables of metadata that a function has, the first one with the lowest precedence.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Sources(pub(crate) Vec<(Place, Value)>);

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(place, _)| place)).finish()
    }
}

/// Where a key is: in this table, below this path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    place: Place,
    below: KeyPath,
}

/// The keys, as `docs/manifest.md` has them.
const KEYS: &[&str] = &[
    "agency",
    "app",
    "asynchronous",
    "concurrency",
    "configuration_agency",
    "description",
    "env",
    "environment",
    "ephemeral_storage",
    "handler",
    "image",
    "include",
    "log",
    "log_level",
    "max_instances",
    "memory",
    "name",
    "runtime",
    "timeout",
    "timers",
    "triggers",
    "vpc",
];

impl FgMetadata {
    /// Reads the tables of a function, and the overlays of the environment: first those of all
    /// tables that are for each environment, then the overlays, so that these take precedence.
    pub(crate) fn read(
        sources: Sources,
        programs: Vec<String>,
        environment: Option<&str>,
    ) -> Result<Self, Failure> {
        let mut metadata = Self { programs, ..Self::default() };
        let mut environments = Vec::new();
        for (place, value) in &sources.0 {
            let fail = |mistake: Mistake| place.failure(&mistake);
            let base = Entry::new(KeyPath::default(), value);
            metadata.add(&base, place).map_err(fail)?;
            let Some(overlays) = base.table().map_err(fail)?.get("env") else { continue };
            for (name, overlay) in overlays.table().map_err(fail)?.entries() {
                // Also if it is not wanted: a mistake in it is found before it is.
                Self::default().add(&overlay, place).map_err(fail)?;
                environments.push((name, place, overlay));
            }
        }
        if let Some(wanted) = environment {
            let overlays: Vec<_> =
                environments.iter().filter(|(name, ..)| *name == wanted).collect();
            if overlays.is_empty() {
                let mut names: Vec<_> = environments.iter().map(|(name, ..)| *name).collect();
                names.sort_unstable();
                names.dedup();
                return Err(no_environment(wanted, &names));
            }
            for (_, place, overlay) in overlays {
                metadata.add(overlay, place).map_err(|mistake| place.failure(&mistake))?;
            }
        }
        metadata.sources = sources;
        Ok(metadata)
    }

    /// The same with the overlay of an environment.
    pub(crate) fn of_environment(&self, environment: Option<&str>) -> Result<Self, Failure> {
        Self::read(self.sources.clone(), self.programs.clone(), environment)
    }

    /// Adds a table: its values replace those that are there, variables one by one.
    fn add(&mut self, table: &Entry<'_>, place: &Place) -> Result<(), Mistake> {
        let below = &table.path;
        let table = table.table()?;
        for (key, entry) in table.entries() {
            match key {
                "name" => self.name = Some(limits::name(&entry)?),
                "package" if table.get("app").is_some() => {
                    return Err(entry.wrong("it is another word for `app`, which is there, too"));
                }
                // The word of the API.
                "app" | "package" => self.app = Some(limits::app(&entry)?),
                "runtime" => self.runtime = Some(limits::runtime(&entry)?),
                "image" => self.image = Some(limits::image(&entry)?),
                "description" => self.description = Some(limits::description(&entry)?),
                "memory" => self.memory = Some(limits::memory(&entry)?),
                "timeout" => self.timeout = Some(entry.count(1..=MAX_TIMEOUT, "seconds")?),
                "handler" => self.handler = Some(entry.text(128)?.to_owned()),
                "log_level" => self.log_level = Some(limits::log_level(&entry)?),
                "environment" => self.environment.extend(variables::read(&entry)?),
                "include" => {
                    let paths = entry.list()?;
                    let paths = paths.iter().map(|path| path.string().map(PathBuf::from));
                    self.include = paths.collect::<Result<_, _>>()?;
                }
                "agency" => self.agency = Some(entry.text(64)?.to_owned()),
                "configuration_agency" => {
                    self.configuration_agency = Some(entry.text(64)?.to_owned());
                }
                "vpc" => self.vpc = Some(network::vpc(&entry)?),
                "ephemeral_storage" => {
                    self.ephemeral_storage = Some(limits::ephemeral_storage(&entry)?);
                }
                "concurrency" => self.concurrency = Some(entry.count(1..=1000, "requests")?),
                "max_instances" => self.max_instances = Some(limits::max_instances(&entry)?),
                "log" => self.log = Some(network::log(&entry)?),
                "asynchronous" => self.asynchronous = Some(asynchronous::read(&entry)?),
                "triggers" => self.triggers = triggers::read(&entry)?,
                "timers" => self.timers = timers::read(&entry)?,
                // Read by `read`.
                "env" if *below == KeyPath::default() => {}
                unknown => return Err(table.unknown(unknown, KEYS)),
            }
            let origin = Origin { place: place.clone(), below: below.clone() };
            if key == "environment" {
                for (name, _) in entry.table()?.entries() {
                    self.origins.insert(format!("environment.{name}"), origin.clone());
                }
            }
            self.origins.insert(key.to_owned(), origin);
        }
        Ok(())
    }

    /// The failure because of a mistake that only shows when all is read.
    pub(crate) fn failure(&self, mistake: &Mistake) -> Failure {
        let origin = self.origins.get(&mistake.path.origin());
        match origin {
            Some(Origin { place, below }) => {
                let path = below.join(&mistake.path);
                place.failure(&Mistake { path, ..mistake.clone() })
            }
            None => Place::default().failure(mistake),
        }
    }

    /// All timers with their paths: those of `timers`, and those of `triggers` that fire.
    pub(crate) fn all_timers(&self) -> Vec<(KeyPath, TimerMetadata)> {
        let at = |key: &str, at| KeyPath::of(key).index(at);
        let short = self.timers.iter().cloned().enumerate();
        let short = short.map(|(index, timer)| (at("timers", index), timer));
        let long = self.triggers.iter().enumerate();
        let long = long.filter_map(|(index, one)| Some((at("triggers", index), one.timer()?)));
        short.chain(long).collect()
    }

    /// The names of variables that look like secrets, which should not be in a committed file.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        variables::looking_secret(&self.environment)
    }
}

fn no_environment(wanted: &str, names: &[&str]) -> Failure {
    let failure = Failure::usage(format!("Cargo.toml has no environment {wanted:?}"));
    match names {
        [] => {
            failure.advise(format!("its settings would be in [package.metadata.fg.env.{wanted}]"))
        }
        names => failure.advise(similar::advise(wanted, names)),
    }
}
