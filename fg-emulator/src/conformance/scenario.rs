//! A scenario as it is written in its file.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::built_in::FILES;
use super::fault_file::FaultFile;

/// The steps of a test. The format is on the [module's page](super).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Scenario {
    /// Unique, in lower case with hyphens.
    pub name: String,
    /// A sentence that is true of a program that passes.
    pub says: String,
    /// Whether a program has to pass it.
    pub class: Class,
    /// The document that asks for it, and what that says, if the class is
    /// [`Contract`](Class::Contract).
    #[serde(default)]
    pub source: Option<String>,
    pub(super) steps: Vec<Step>,
}

/// Whether a program has to pass a scenario.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A [document](Scenario::source) asks for it. A program that fails is not a custom runtime.
    Contract,
    /// No document asks for it, but it is good to have: the program survives faults of the network
    /// and the server, and sends an answer again that was lost or refused for now.
    Robust,
}

impl Class {
    /// `contract` or `robust`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Robust => "robust",
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum Step {
    Invoke(Invoke),
    Fault(FaultFile),
    Restart(Restart),
    PauseMs(u64),
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Invoke {
    pub(super) event: Option<String>,
    pub(super) pad_to: Option<usize>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) r#async: bool,
    pub(super) expect: Expect,
    pub(super) echo: bool,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Expect {
    #[default]
    Response,
    Answer,
    Post,
    Nothing,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Restart {
    pub(super) down_ms: u64,
}

impl Scenario {
    /// Parses the content of a scenario's file.
    ///
    /// # Errors
    ///
    /// If it is not a scenario: what is wrong, with line and column.
    pub fn parse(text: &str) -> Result<Self, String> {
        let scenario: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if scenario.class == Class::Contract && scenario.source.is_none() {
            return Err(
                "a scenario of the class `contract` names the document that asks for it: `source`"
                    .to_owned(),
            );
        }
        Ok(scenario)
    }

    /// The scenarios of the kit, those of the contract first.
    #[must_use]
    pub fn built_in() -> Vec<Self> {
        // A test of this crate parses each of them.
        in_order(FILES.iter().filter_map(|(_, text)| Self::parse(text).ok()).collect())
    }

    /// The scenarios in the `*.json` of a directory, those of the contract first.
    ///
    /// # Errors
    ///
    /// If the directory or a file cannot be read, there is no scenario, or a file is not one.
    pub fn from_directory(directory: &Path) -> Result<Vec<Self>, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", directory.display());
        let mut scenarios = Vec::new();
        for entry in fs::read_dir(directory).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read_to_string(&path)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                scenarios.push(
                    Self::parse(&text).map_err(|reason| format!("{}: {reason}", path.display()))?,
                );
            }
        }
        if scenarios.is_empty() {
            Err(format!("{}: there is no scenario", directory.display()))
        } else {
            Ok(in_order(scenarios))
        }
    }
}

fn in_order(mut scenarios: Vec<Scenario>) -> Vec<Scenario> {
    scenarios.sort_by(|one, other| {
        (one.class == Class::Robust, &one.name).cmp(&(other.class == Class::Robust, &other.name))
    });
    scenarios
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_is_a_scenario_with_its_own_name_and_is_built_in() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let on_disk: BTreeSet<_> = Scenario::from_directory(&directory)
            .expect("scenarios")
            .into_iter()
            .map(|one| one.name)
            .collect();
        for (file, text) in FILES {
            let scenario =
                Scenario::parse(text).unwrap_or_else(|reason| panic!("{file}: {reason}"));
            assert_eq!(format!("{}.json", scenario.name), *file);
        }
        let built_in: BTreeSet<_> = Scenario::built_in().into_iter().map(|one| one.name).collect();
        assert_eq!(built_in, on_disk);
    }

    #[test]
    fn what_is_not_in_the_format_is_refused_with_its_place() {
        let text = r#"{"name": "a", "says": "b", "class": "contract", "steps": []}"#;
        assert!(Scenario::parse(text).expect_err("no source").contains("names the document"));
        let text =
            r#"{"name": "a", "says": "b", "class": "robust", "steps": [{"invoke": {"evnt": ""}}]}"#;
        assert!(
            Scenario::parse(text).expect_err("no scenario").starts_with("unknown field `evnt`")
        );
    }
}
