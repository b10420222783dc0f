//! A scenario as its file has it.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::built_in::FILES;
use super::fault_file::FaultFile;

/// What is asked of a program, step by step. The format is on the [module's page](super).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Scenario {
    /// Unique, in lower case with hyphens.
    pub name: String,
    /// The sentence that holds for a program that passes.
    pub says: String,
    /// What a program has to be for it.
    pub class: Class,
    pub(super) steps: Vec<Step>,
}

/// What a program has to be to pass.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// It follows the platform's manual, as the samples there do.
    Plain,
    /// It also survives what a network and a server can do to it.
    Fault,
}

impl Class {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Fault => "fault",
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
    /// Reads a scenario from the text of its file.
    ///
    /// # Errors
    ///
    /// Where it is not a scenario: what is wrong, with line and column.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// Those that come with the kit, the plain ones first.
    #[must_use]
    pub fn built_in() -> Vec<Self> {
        // The tests of this crate read each of them.
        in_order(FILES.iter().filter_map(|(_, text)| Self::parse(text).ok()).collect())
    }

    /// All `*.json` of a directory, the plain ones first.
    ///
    /// # Errors
    ///
    /// Where the directory or a file cannot be read, or there is none, or one is not a scenario.
    pub fn from_directory(directory: &Path) -> Result<Vec<Self>, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", directory.display());
        let mut scenarios = Vec::new();
        for entry in fs::read_dir(directory).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                scenarios.push(Self::parse(&text).map_err(|reason| format!("{}: {reason}", path.display()))?);
            }
        }
        if scenarios.is_empty() { Err(format!("{}: there is no scenario", directory.display())) } else { Ok(in_order(scenarios)) }
    }
}

fn in_order(mut scenarios: Vec<Scenario>) -> Vec<Scenario> {
    scenarios.sort_by(|one, other| (one.class == Class::Fault, &one.name).cmp(&(other.class == Class::Fault, &other.name)));
    scenarios
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_is_a_scenario_with_its_own_name_and_is_built_in() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let on_disk: BTreeSet<_> =
            Scenario::from_directory(&directory).expect("scenarios").into_iter().map(|one| one.name).collect();
        for (file, text) in FILES {
            let scenario = Scenario::parse(text).unwrap_or_else(|reason| panic!("{file}: {reason}"));
            assert_eq!(format!("{}.json", scenario.name), *file);
        }
        let built_in: BTreeSet<_> = Scenario::built_in().into_iter().map(|one| one.name).collect();
        assert_eq!(built_in, on_disk);
    }

    #[test]
    fn what_is_not_in_the_format_is_refused_with_its_place() {
        let text = r#"{"name": "a", "says": "b", "class": "plain", "steps": [{"invoke": {"evnt": ""}}]}"#;
        assert!(Scenario::parse(text).expect_err("no scenario").starts_with("unknown field `evnt`"));
    }
}
