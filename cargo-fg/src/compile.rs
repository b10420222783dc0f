//! Builds functions with cargo, and finds the paths of the programs.

mod cargo_output;
mod machine;
mod native_dependencies;
mod report;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::compile::report::Message;
pub(crate) use crate::compile::report::Report;
use crate::dependencies::explain_unresolved;
use crate::failure::{Exit, Failure};
use crate::project::{Function, cargo, no_cargo};
use crate::screen::Screen;

/// How functions are built.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compile {
    pub(crate) release: bool,
    pub(crate) features: Vec<String>,
    /// The target triple; `None` for this machine.
    pub(crate) target: Option<String>,
    /// Passes `--locked`: Cargo.lock must be up to date.
    pub(crate) locked: bool,
    /// Additional environment variables for cargo.
    pub(crate) variables: Vec<(String, String)>,
    /// Environment variables that are removed for cargo.
    pub(crate) without: Vec<String>,
}

impl Compile {
    /// Adds the arguments that select the packages, the features and the target.
    pub(crate) fn select(&self, functions: &[Function], command: &mut Command) {
        for function in functions {
            // A dependency may have the same name as a package; ids are unique.
            command.args(["--package", &function.package_id]);
        }
        let required = functions.iter().flat_map(|function| {
            function.required_features.iter().map(|feature| {
                // With several packages a feature is prefixed with the name of its package.
                if functions.len() > 1 {
                    format!("{}/{feature}", function.package)
                } else {
                    feature.clone()
                }
            })
        });
        let features: Vec<_> = self.features.iter().cloned().chain(required).collect();
        if !features.is_empty() {
            command.args(["--features", &features.join(",")]);
        }
        if let Some(target) = &self.target {
            command.args(["--target", target]);
        }
        if self.locked {
            command.arg("--locked");
        }
    }

    /// Builds the functions, and returns the path of the program of each, in the same order.
    pub(crate) fn run(
        &self,
        functions: &[Function],
        screen: Screen,
    ) -> Result<Vec<PathBuf>, Failure> {
        self.run_and_report(functions, screen, &mut Report::default())
    }

    /// Like [`run`](Self::run), and collects the sources of the build, also if it fails.
    pub(crate) fn run_and_report(
        &self,
        functions: &[Function],
        screen: Screen,
        report: &mut Report,
    ) -> Result<Vec<PathBuf>, Failure> {
        let batches = batches(functions);
        let mut programs = vec![PathBuf::new(); functions.len()];
        for batch in &batches {
            let chosen: Vec<_> = batch.iter().map(|at| functions[*at].clone()).collect();
            for (at, program) in batch.iter().zip(self.build(&chosen, screen, report)?) {
                report.add_files_of(&program);
                programs[*at] = if batches.len() == 1 {
                    program
                } else {
                    copy_to_unique_path(&program, &functions[*at])?
                };
            }
        }
        Ok(programs)
    }

    fn build(
        &self,
        functions: &[Function],
        screen: Screen,
        report: &mut Report,
    ) -> Result<Vec<PathBuf>, Failure> {
        let mut command = cargo();
        command.args(["build", "--message-format", "json-render-diagnostics"]);
        for function in functions {
            command.args([&format!("--{}", function.kind.name()), &function.name]);
        }
        self.select(functions, &mut command);
        if self.release {
            command.arg("--release");
        }
        if screen.is_quiet() {
            command.arg("--quiet");
        }
        for name in &self.without {
            command.env_remove(name);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        // A build for another target may fail for lack of tools that a build for this machine does
        // not need: then the output is needed to explain that.
        let is_captured = self.target.is_some();
        if is_captured {
            cargo_output::pipe(&mut command);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| no_cargo(&error))?;
        let forwarding = child.stderr.take().map(cargo_output::forward);
        let mut programs = vec![None; functions.len()];
        let mut has_started = false;
        for line in child
            .stdout
            .take()
            .map(BufReader::new)
            .into_iter()
            .flat_map(BufRead::lines)
            .map_while(Result::ok)
        {
            let Ok(message) = serde_json::from_str::<Message>(&line) else { continue };
            has_started = true;
            report.add(&message);
            let Some(built) = message.built_program() else { continue };
            for (at, function) in functions.iter().enumerate() {
                let is_same_program = function.name == built.name
                    && built.kinds.iter().any(|kind| kind == function.kind.name());
                if is_same_program && function.package_id == built.package_id {
                    programs[at] = Some(built.path.to_owned());
                }
            }
        }
        let status = child.wait().map_err(|error| no_cargo(&error))?;
        let output = forwarding.map(cargo_output::Forwarding::finish).unwrap_or_default();
        if !status.success() {
            return Err(match status.code() {
                None => Failure::new(Exit::Interrupted, "the build was interrupted"),
                // cargo prints messages as soon as the dependencies are resolved.
                Some(_) if !has_started => explain_unresolved(self, functions),
                Some(_) => self
                    .target
                    .as_ref()
                    .and_then(|target| native_dependencies::explain(&output, target))
                    .unwrap_or_else(|| {
                        Failure::new(
                            Exit::Build,
                            "the function does not compile; see the compiler's errors above",
                        )
                    }),
            });
        }
        let all: Option<Vec<_>> = programs.into_iter().collect();
        all.ok_or_else(|| {
            Failure::new(
                Exit::Machine,
                "cargo built the function, but did not report the path of its program",
            )
        })
    }
}

/// Groups the functions into builds: cargo writes programs of the same name to the same path, even
/// if they are in different packages.
fn batches(functions: &[Function]) -> Vec<Vec<usize>> {
    let mut batches: Vec<(BTreeSet<_>, Vec<usize>)> = Vec::new();
    for (at, function) in functions.iter().enumerate() {
        let place = (function.kind, &function.name);
        match batches.iter_mut().find(|(places, _)| !places.contains(&place)) {
            Some((places, batch)) => {
                places.insert(place);
                batch.push(at);
            }
            None => batches.push((BTreeSet::from([place]), vec![at])),
        }
    }
    batches.into_iter().map(|(_, batch)| batch).collect()
}

/// Copies a program to a path that no other program is written to.
fn copy_to_unique_path(program: &Path, function: &Function) -> Result<PathBuf, Failure> {
    let directory = program.with_file_name(".fg-programs");
    let copy = directory.join(format!("{}{}", function.unique_name, std::env::consts::EXE_SUFFIX));
    let copied = fs::create_dir_all(&directory).and_then(|()| fs::copy(program, &copy));
    copied.map_err(|error| {
        Failure::machine(format!("{} could not be copied", program.display()), &error)
    })?;
    Ok(copy)
}
