//! A function with everything that belongs to it: one record of the store.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::alias::Alias;
use super::id::{derived_uuid, random_uuid};
use super::version::{Code, Config, LATEST, Version};
use crate::error::ApiError;
use crate::urn::{FunctionName, Qualifier};

/// A function. It is changed as a whole, so that the store has either the old or the new one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Function {
    /// A UUID.
    pub(crate) id: String,
    pub(crate) name: FunctionName,
    pub(crate) created: Timestamp,
    pub(crate) latest: Version,
    /// The published versions, the oldest first.
    #[serde(default)]
    pub(crate) versions: Vec<Version>,
    #[serde(default)]
    pub(crate) aliases: Vec<Alias>,
    #[serde(default)]
    pub(crate) triggers: Vec<Trigger>,
    /// By version name, or by `!` and the name of an alias.
    #[serde(default)]
    pub(crate) async_configs: BTreeMap<String, AsyncConfig>,
    /// By version name, or by `!` and the name of an alias.
    #[serde(default)]
    pub(crate) reserved: BTreeMap<String, Reservation>,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) test_events: Vec<TestEvent>,
    /// It is listed first.
    #[serde(default)]
    pub(crate) is_pinned: bool,
}

/// A trigger, stored as it came and returned as the platform does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Trigger {
    pub(crate) id: String,
    /// The version that it invokes, or `!` and the name of an alias.
    pub(crate) qualifier: String,
    /// `TIMER`, `OBS` and so on.
    pub(crate) type_code: String,
    pub(crate) is_active: bool,
    pub(crate) event_data: Map<String, Value>,
    pub(crate) created: Timestamp,
    pub(crate) last_updated: Timestamp,
}

/// What is done with asynchronous invocations that fail or wait.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AsyncConfig {
    pub(crate) max_age_in_seconds: u32,
    pub(crate) max_retries: u32,
    pub(crate) on_success: Option<Destination>,
    pub(crate) on_failure: Option<Destination>,
    pub(crate) enable_status_log: bool,
    pub(crate) created: Timestamp,
    pub(crate) last_modified: Timestamp,
}

/// Where the outcome of an asynchronous invocation goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Destination {
    /// `OBS`, `SMN`, `DIS` or `FunctionGraph`.
    pub(crate) destination: String,
    /// A JSON object, as a string.
    pub(crate) param: String,
}

/// Instances that are kept although they are idle.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reservation {
    pub(crate) count: u32,
    pub(crate) idle_mode: bool,
    pub(crate) tactics: Option<Value>,
}

/// An event that is kept for tests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TestEvent {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Base64 of JSON.
    pub(crate) content: String,
    pub(crate) last_modified: Timestamp,
}

/// Where the lines of a function go: a log group and a stream of LTS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogIds {
    /// The group of the project.
    pub(crate) group_name: String,
    pub(crate) group_id: String,
    /// The stream of the function.
    pub(crate) stream_name: String,
    pub(crate) stream_id: String,
}

impl Function {
    /// A function with nothing but its version `latest`, created now.
    pub(crate) fn new(name: FunctionName, config: Config, code: Code) -> Self {
        let now = Timestamp::now();
        Self {
            id: random_uuid(),
            name,
            created: now,
            latest: Version {
                name: LATEST.into(),
                description: String::new(),
                config,
                code,
                last_modified: now,
            },
            versions: Vec::new(),
            aliases: Vec::new(),
            triggers: Vec::new(),
            async_configs: BTreeMap::new(),
            reserved: BTreeMap::new(),
            tags: BTreeMap::new(),
            test_events: Vec::new(),
            is_pinned: false,
        }
    }

    /// The log group and stream, which are always the same for a function.
    pub(crate) fn log_ids(&self, project_id: &str) -> LogIds {
        let FunctionName { package, name } = &self.name;
        LogIds {
            group_name: "functiongraph.log.group.local".into(),
            group_id: derived_uuid(&format!("group {project_id}")),
            stream_name: format!("{name}_{package}_{}", self.id.get(..8).unwrap_or(&self.id)),
            stream_id: derived_uuid(&format!("stream {}", self.id)),
        }
    }

    /// `latest`, or the published version of this name.
    pub(crate) fn version(&self, name: &str) -> Result<&Version, ApiError> {
        if name == LATEST {
            return Ok(&self.latest);
        }
        self.versions.iter().find(|version| version.name == name).ok_or_else(|| {
            ApiError::not_found(
                "FSS.1052",
                format!("Not found the function version: {} has no version {name}", self.name),
            )
        })
    }

    pub(crate) fn alias(&self, name: &str) -> Result<&Alias, ApiError> {
        self.aliases.iter().find(|alias| alias.name == name).ok_or_else(|| {
            ApiError::not_found(
                "FSS.1053",
                format!("Not found the function alias: {} has no alias {name}", self.name),
            )
        })
    }

    /// The key of what belongs to a version or an alias: its name, with `!` before an alias.
    ///
    /// # Errors
    ///
    /// If there is no such version or alias.
    pub(crate) fn qualifier_key(&self, qualifier: Option<&Qualifier>) -> Result<String, ApiError> {
        self.named_version(qualifier)?;
        Ok(qualifier.map_or_else(|| LATEST.to_owned(), ToString::to_string))
    }

    /// The version that a qualifier names: `latest` without one, and the main version of an alias.
    pub(crate) fn named_version(
        &self,
        qualifier: Option<&Qualifier>,
    ) -> Result<&Version, ApiError> {
        match qualifier {
            None => Ok(&self.latest),
            Some(Qualifier::Version(name)) => self.version(name),
            Some(Qualifier::Alias(name)) => self.version(&self.alias(name)?.version),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A function that has not been published.
    pub(in crate::catalog) fn function() -> Function {
        let config = Config {
            runtime: "Custom".into(),
            handler: "bootstrap".into(),
            timeout: 3,
            memory_size: 128,
            ..Config::default()
        };
        Function::new(FunctionName::new("default", "greet"), config, Code::default())
    }

    /// A function with these versions, each with code of its own.
    pub(in crate::catalog) fn published(versions: &[&str]) -> Function {
        let mut function = function();
        for name in versions {
            function.latest.code.digest = (*name).to_owned();
            function.publish(Some(name), "", Timestamp::now()).expect("it is published");
        }
        function
    }

    #[test]
    fn a_function_has_a_log_stream_of_its_own_in_the_group_of_its_project() {
        let (one, other) = (function(), function());
        assert_eq!(one.log_ids("p"), one.log_ids("p"));
        assert_eq!(one.log_ids("p").group_id, other.log_ids("p").group_id);
        assert_ne!(one.log_ids("p").stream_id, other.log_ids("p").stream_id);
        assert!(one.log_ids("p").stream_name.starts_with("greet"));
    }
}
