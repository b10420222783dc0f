//! The user's project as cargo sees it: its packages, its programs, and `[package.metadata.fg]`.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::failure::{Exit, Failure};

/// What `cargo metadata` says.
#[derive(Debug, Deserialize)]
pub(crate) struct Project {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    workspace_default_members: Vec<String>,
    pub(crate) workspace_root: PathBuf,
    pub(crate) target_directory: PathBuf,
    /// Where cargo keeps what it builds on the way, which newer ones say.
    pub(crate) build_directory: Option<PathBuf>,
    /// The manifest that is nearest to the current directory.
    #[serde(skip)]
    nearest: PathBuf,
}

/// A package, as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) id: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    dependencies: Vec<Dependency>,
    default_run: Option<String>,
    metadata: Option<serde_json::Value>,
}

#[derive(Clone, Debug, Deserialize)]
struct Dependency {
    name: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
    #[serde(rename = "required-features", default)]
    required_features: Vec<String>,
}

/// `[package.metadata.fg]`: what the function is on the platform. Flags and variables win over it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct FgMetadata {
    /// In MB.
    pub(crate) memory: Option<u32>,
    /// In seconds.
    pub(crate) timeout: Option<u32>,
    pub(crate) handler: Option<String>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// More files for the package, relative to its directory.
    #[serde(default)]
    pub(crate) include: Vec<PathBuf>,
}

/// Which program is meant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) package: Option<String>,
    pub(crate) bins: Vec<String>,
    pub(crate) example: Option<String>,
}

/// What sort of a target a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProgramKind {
    Bin,
    Example,
}

impl ProgramKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bin => "bin",
            Self::Example => "example",
        }
    }
}

/// A program that is a function.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) kind: ProgramKind,
    pub(crate) package: String,
    pub(crate) package_id: String,
    /// Where the package is.
    pub(crate) directory: PathBuf,
    pub(crate) required_features: Vec<String>,
    pub(crate) metadata: FgMetadata,
}

/// The cargo that runs this command, or the one that a shell finds.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

impl Project {
    /// Reads the project of the current directory. What it depends on is not looked at, so that nothing has to be resolved or fetched.
    pub(crate) fn read() -> Result<Self, Failure> {
        let nearest = nearest_manifest()?;
        let mut command = cargo();
        command.args(["metadata", "--format-version", "1", "--no-deps"]);
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(|error| no_cargo(&error))?;
        if !output.status.success() {
            return Err(Failure::usage("cargo cannot read the project; it has said why"));
        }
        let mut project: Self = serde_json::from_slice(&output.stdout)
            .map_err(|error| Failure::machine("what `cargo metadata` printed cannot be read", &error))?;
        project.nearest = nearest;
        Ok(project)
    }

    /// The functions that are meant: those that were named, else all of the packages that the current directory is about.
    pub(crate) fn functions(&self, wanted: &Wanted) -> Result<Vec<Function>, Failure> {
        let packages = self.chosen_packages(wanted.package.as_deref())?;
        if let Some(example) = &wanted.example {
            return Ok(vec![find(&packages, ProgramKind::Example, example)?]);
        }
        if !wanted.bins.is_empty() {
            return wanted.bins.iter().map(|name| find(&packages, ProgramKind::Bin, name)).collect();
        }
        let is_function = |package: &&&Package| {
            package.fg_metadata_value().is_some()
                || package.dependencies.iter().any(|dependency| dependency.name == "functiongraph")
        };
        let mut chosen: Vec<&&Package> = packages.iter().filter(is_function).collect();
        if chosen.iter().all(|package| package.programs(ProgramKind::Bin).next().is_none()) {
            chosen = packages.iter().collect();
        }
        let mut functions = Vec::new();
        for package in chosen {
            for target in package.programs(ProgramKind::Bin) {
                functions.push(package.function(ProgramKind::Bin, target)?);
            }
        }
        if functions.is_empty() { Err(no_programs(&packages)) } else { Ok(functions) }
    }

    /// The one function that is meant.
    pub(crate) fn function(&self, wanted: &Wanted) -> Result<Function, Failure> {
        let mut functions = self.functions(wanted)?;
        if functions.len() > 1 {
            let default = |function: &Function| {
                self.packages
                    .iter()
                    .any(|package| package.id == function.package_id && package.default_run.as_deref() == Some(&function.name))
            };
            let defaults: Vec<_> = functions.iter().filter(|function| default(function)).cloned().collect();
            if defaults.len() == 1 {
                functions = defaults;
            }
        }
        match functions.len() {
            1 => Ok(functions.remove(0)),
            _ => {
                let names: Vec<_> = functions.iter().map(|function| format!("--bin {}", function.name)).collect();
                Err(Failure::usage("there is more than one function here").advise(format!("say which one: {}", names.join(", "))))
            }
        }
    }

    fn chosen_packages(&self, name: Option<&str>) -> Result<Vec<&Package>, Failure> {
        let members: HashSet<_> = self.workspace_members.iter().collect();
        let members = self.packages.iter().filter(|package| members.contains(&package.id));
        if let Some(name) = name {
            let found = members.clone().find(|package| package.name == name);
            return found.map(|package| vec![package]).ok_or_else(|| {
                let names: Vec<_> = members.map(|package| package.name.as_str()).collect();
                Failure::usage(format!("there is no package `{name}` in this workspace"))
                    .advise(format!("there are: {}", names.join(", ")))
            });
        }
        if let Some(here) = self.packages.iter().find(|package| package.manifest_path == self.nearest) {
            return Ok(vec![here]);
        }
        Ok(members.filter(|package| self.workspace_default_members.contains(&package.id)).collect())
    }
}

impl Package {
    fn directory(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new("."))
    }

    fn programs(&self, kind: ProgramKind) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(move |target| target.kind.iter().any(|found| found == kind.name()))
    }

    fn fg_metadata_value(&self) -> Option<&serde_json::Value> {
        self.metadata.as_ref()?.get("fg")
    }

    fn function(&self, kind: ProgramKind, target: &Target) -> Result<Function, Failure> {
        let metadata = match self.fg_metadata_value() {
            None => FgMetadata::default(),
            Some(value) => FgMetadata::deserialize(value).map_err(|error| {
                Failure::usage(format!("[package.metadata.fg] in {} does not fit", self.manifest_path.display()))
                    .because(&error)
                    .advise(
                        "it can have: memory (MB), timeout (s), handler, environment (a table of texts), include (a list of paths)",
                    )
            })?,
        };
        Ok(Function {
            name: target.name.clone(),
            kind,
            package: self.name.clone(),
            package_id: self.id.clone(),
            directory: self.directory().to_owned(),
            required_features: target.required_features.clone(),
            metadata,
        })
    }
}

fn find(packages: &[&Package], kind: ProgramKind, name: &str) -> Result<Function, Failure> {
    for package in packages {
        if let Some(target) = package.programs(kind).find(|target| target.name == name) {
            return package.function(kind, target);
        }
    }
    let names: Vec<_> = packages.iter().flat_map(|package| package.programs(kind)).map(|target| target.name.as_str()).collect();
    let failure = Failure::usage(format!("there is no {} `{name}` here", kind.name()));
    Err(if names.is_empty() { failure } else { failure.advise(format!("there are: {}", names.join(", "))) })
}

fn no_programs(packages: &[&Package]) -> Failure {
    let examples: Vec<_> =
        packages.iter().flat_map(|package| package.programs(ProgramKind::Example)).map(|target| target.name.as_str()).collect();
    let failure = Failure::usage("there is no function here: no package has a program (`src/main.rs` or `src/bin/*.rs`)");
    match examples.as_slice() {
        [] => failure.advise("`cargo fg new NAME` makes a project with one"),
        examples => failure.advise(format!("there are examples, for --example: {}", examples.join(", "))),
    }
}

fn nearest_manifest() -> Result<PathBuf, Failure> {
    let mut command = cargo();
    command.args(["locate-project", "--message-format", "plain"]).stdin(Stdio::null());
    let output = command.output().map_err(|error| no_cargo(&error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().into());
    }
    Err(Failure::usage("there is no Cargo.toml in this directory or above it")
        .advise("go to the directory of your project, or make one with `cargo fg new NAME`"))
}

/// cargo itself could not be started.
pub(crate) fn no_cargo(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Machine, "cargo could not be started").because(error).advise("is it installed, and in PATH?")
}
