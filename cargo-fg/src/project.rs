//! The user's project as cargo reports it: its packages, and the programs that are functions.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::failure::{Exit, Failure};
use crate::metadata::{FgMetadata, Place, Sources};
use crate::names::{Names, advise_to_choose, list_of, split};

/// The output of `cargo metadata`.
#[derive(Debug, Deserialize)]
pub(crate) struct Project {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    workspace_default_members: Vec<String>,
    pub(crate) workspace_root: PathBuf,
    pub(crate) target_directory: PathBuf,
    /// `[workspace.metadata]`.
    metadata: Option<serde_json::Value>,
    /// The directory of intermediate build artifacts; only newer versions of cargo report it.
    pub(crate) build_directory: Option<PathBuf>,
    /// The nearest manifest at or above the current directory.
    #[serde(skip)]
    nearest: PathBuf,
}

/// A package.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) id: String,
    version: String,
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

/// The selection of functions by the user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) package: Option<String>,
    pub(crate) bins: Vec<String>,
    pub(crate) example: Option<String>,
}

impl Wanted {
    /// Whether no program is selected by name.
    pub(crate) fn is_all(&self) -> bool {
        self.bins.is_empty() && self.example.is_none()
    }
}

/// The kind of cargo target that a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

    fn with_article(self) -> &'static str {
        match self {
            Self::Bin => "a program",
            Self::Example => "an example",
        }
    }
}

/// A program that is a function.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    /// The name of the program, which is unique only in its package.
    pub(crate) name: String,
    /// The name that is displayed and served, which is unique in the workspace: `name`, or
    /// `package/name`.
    pub(crate) label: String,
    /// The same as a valid name for the platform and for files: `name`, or `package-name`.
    pub(crate) unique_name: String,
    pub(crate) kind: ProgramKind,
    pub(crate) package: String,
    pub(crate) package_id: String,
    pub(crate) package_version: String,
    /// The directory of the package.
    pub(crate) directory: PathBuf,
    pub(crate) required_features: Vec<String>,
    pub(crate) metadata: FgMetadata,
}

/// The cargo that runs this command, or the one in `PATH`.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

impl Project {
    /// Reads the project in the current directory, without its dependencies, so that cargo has
    /// nothing to resolve or to download.
    pub(crate) fn read() -> Result<Self, Failure> {
        let nearest = nearest_manifest()?;
        let mut command = cargo();
        command.args(["metadata", "--format-version", "1", "--no-deps"]);
        let output = command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| no_cargo(&error))?;
        if !output.status.success() {
            return Err(Failure::usage("cargo cannot read the project; see its error above"));
        }
        let mut project: Self = serde_json::from_slice(&output.stdout).map_err(|error| {
            Failure::machine("the output of `cargo metadata` cannot be parsed", &error)
        })?;
        project.nearest = nearest;
        Ok(project)
    }

    /// The selected functions: those that are named, or else all functions of the package in the
    /// current directory, or of the default members of the workspace.
    pub(crate) fn functions(&self, wanted: &Wanted) -> Result<Vec<Function>, Failure> {
        let packages = self.chosen_packages(wanted.package.as_deref())?;
        if let Some(example) = &wanted.example {
            return self.find(&packages, ProgramKind::Example, example);
        }
        if !wanted.bins.is_empty() {
            let mut functions: Vec<Function> = Vec::new();
            for name in &wanted.bins {
                for found in self.find(&packages, ProgramKind::Bin, name)? {
                    if !functions.iter().any(|function| function.label == found.label) {
                        functions.push(found);
                    }
                }
            }
            return Ok(functions);
        }
        let is_function = |package: &&&Package| {
            package.fg_metadata_value().is_some()
                || package.dependencies.iter().any(|dependency| dependency.name == "functiongraph")
        };
        let mut chosen: Vec<&&Package> = packages.iter().filter(is_function).collect();
        if chosen.iter().all(|package| package.programs(ProgramKind::Bin).next().is_none()) {
            chosen = packages.iter().collect();
        }
        let names = self.names();
        let mut functions = Vec::new();
        for package in chosen {
            for target in package.programs(ProgramKind::Bin) {
                functions.push(self.function_of(package, ProgramKind::Bin, target, &names)?);
            }
        }
        if functions.is_empty() { Err(self.no_programs(&packages)) } else { Ok(functions) }
    }

    /// The selected function, which has to be a single one.
    pub(crate) fn function(&self, wanted: &Wanted) -> Result<Function, Failure> {
        let mut functions = self.functions(wanted)?;
        if functions.len() > 1 {
            let default = |function: &Function| {
                self.packages.iter().any(|package| {
                    package.id == function.package_id
                        && package.default_run.as_deref() == Some(&function.name)
                })
            };
            let defaults: Vec<_> =
                functions.iter().filter(|function| default(function)).cloned().collect();
            if defaults.len() == 1 {
                functions = defaults;
            }
        }
        match functions.len() {
            1 => Ok(functions.remove(0)),
            _ => Err(advise_to_choose("there is more than one function", &functions)),
        }
    }

    fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The names of all programs of the workspace.
    fn names(&self) -> Names {
        let programs = self.members().flat_map(|package| {
            let of = |kind: ProgramKind| {
                package.programs(kind).map(move |target| (kind, target.name.as_str()))
            };
            of(ProgramKind::Bin)
                .chain(of(ProgramKind::Example))
                .map(|(kind, name)| (package.name.as_str(), kind, name))
        });
        Names::new(programs)
    }

    fn chosen_packages(&self, name: Option<&str>) -> Result<Vec<&Package>, Failure> {
        if let Some(name) = name {
            let found = self.members().find(|package| package.name == name);
            return found.map(|package| vec![package]).ok_or_else(|| {
                let mut names: Vec<_> =
                    self.members().map(|package| package.name.as_str()).collect();
                names.sort_unstable();
                Failure::usage(format!("there is no package `{name}` in this workspace"))
                    .advise(list_of(name, &names))
            });
        }
        if let Some(here) =
            self.packages.iter().find(|package| package.manifest_path == self.nearest)
        {
            return Ok(vec![here]);
        }
        Ok(self
            .members()
            .filter(|package| self.workspace_default_members.contains(&package.id))
            .collect())
    }

    /// All programs of this name, or of this `package/name`.
    fn find(
        &self,
        packages: &[&Package],
        kind: ProgramKind,
        name: &str,
    ) -> Result<Vec<Function>, Failure> {
        let names = self.names();
        let (package_name, bare) = split(name);
        let is_match = |package: &Package| package_name.is_none_or(|name| package.name == name);
        let find_in = |packages: &[&Package]| -> Result<Vec<Function>, Failure> {
            let mut found = Vec::new();
            for package in packages.iter().filter(|package| is_match(package)) {
                for target in package.programs(kind).filter(|target| target.name == bare) {
                    found.push(self.function_of(package, kind, target, &names)?);
                }
            }
            Ok(found)
        };
        // `package/name` selects the package like `--package`.
        let everywhere: Vec<_> = self.members().collect();
        let found = find_in(if package_name.is_some() { &everywhere } else { packages })?;
        if !found.is_empty() {
            return Ok(found);
        }
        let failure = Failure::usage(format!("there is no {} `{name}`", kind.name()));
        let elsewhere = find_in(&everywhere)?;
        if !elsewhere.is_empty() {
            let choices: Vec<_> = elsewhere.iter().map(|function| function.choice(true)).collect();
            return Err(failure
                .advise(format!("there is one in another package: {}", choices.join(", or "))));
        }
        let there: Vec<_> = packages
            .iter()
            .flat_map(|package| package.programs(kind))
            .map(|target| target.name.as_str())
            .collect();
        let all = |kind| {
            packages
                .iter()
                .flat_map(move |package| package.programs(kind))
                .any(|target| target.name == bare)
        };
        let other = if kind == ProgramKind::Bin { ProgramKind::Example } else { ProgramKind::Bin };
        Err(match there.as_slice() {
            _ if all(other) => {
                failure.advise(format!("it is {}: --{} {bare}", other.with_article(), other.name()))
            }
            [] => failure,
            there => failure.advise(list_of(bare, there)),
        })
    }

    fn function_of(
        &self,
        package: &Package,
        kind: ProgramKind,
        target: &Target,
        names: &Names,
    ) -> Result<Function, Failure> {
        let of_the_workspace = self.metadata.as_ref().and_then(|metadata| metadata.get("fg"));
        let workspace_manifest = self.workspace_root.join("Cargo.toml");
        let sources = [
            ("workspace", of_the_workspace, &workspace_manifest),
            ("package", package.fg_metadata_value(), &package.manifest_path),
        ];
        let sources = sources.into_iter().filter_map(|(parent, value, manifest)| {
            Some((Place::new(manifest, parent), value?.clone()))
        });
        let mut programs: Vec<_> =
            package.programs(ProgramKind::Bin).map(|target| target.name.clone()).collect();
        if kind == ProgramKind::Example {
            programs.push(target.name.clone());
        }
        let metadata = FgMetadata::read(Sources(sources.collect()), programs, None)?;
        let name = names.of(&package.name, kind, &target.name);
        Ok(Function {
            name: target.name.clone(),
            label: name.label.clone(),
            unique_name: name.unique_name.clone(),
            kind,
            package: package.name.clone(),
            package_id: package.id.clone(),
            package_version: package.version.clone(),
            directory: package.directory().to_owned(),
            required_features: target.required_features.clone(),
            metadata,
        })
    }

    fn no_programs(&self, packages: &[&Package]) -> Failure {
        let names = |packages: &[&Package], kind| -> Vec<String> {
            let names = packages
                .iter()
                .flat_map(|package| package.programs(kind))
                .map(|target| target.name.clone());
            names.collect()
        };
        let failure = Failure::usage(
            "there is no function: no package has a program (`src/main.rs` or `src/bin/*.rs`)",
        );
        let examples = names(packages, ProgramKind::Example);
        if !examples.is_empty() {
            return failure.advise(format!("to use an example: --example {}", examples.join("|")));
        }
        let others: Vec<_> = self
            .members()
            .filter(|package| package.programs(ProgramKind::Bin).next().is_some())
            .collect();
        match others.as_slice() {
            [] => failure.advise("create one with `cargo fg new NAME`"),
            others => {
                let mut names: Vec<_> =
                    others.iter().map(|package| format!("-p {}", package.name)).collect();
                names.sort_unstable();
                failure.advise(format!(
                    "other packages of the workspace have programs: {}",
                    names.join(", or ")
                ))
            }
        }
    }
}

impl Package {
    fn directory(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new("."))
    }

    fn programs(&self, kind: ProgramKind) -> impl Iterator<Item = &Target> {
        self.targets
            .iter()
            .filter(move |target| target.kind.iter().any(|found| found == kind.name()))
    }

    fn fg_metadata_value(&self) -> Option<&serde_json::Value> {
        self.metadata.as_ref()?.get("fg")
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
        .advise("change to the directory of your project, or create one with `cargo fg new NAME`"))
}

/// The error if cargo cannot be started.
pub(crate) fn no_cargo(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Machine, "cargo could not be started")
        .because(error)
        .advise("check that it is installed and in PATH")
}
