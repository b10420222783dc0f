//! Building functions: cargo does it and shows what it does; here it is seen where the programs
//! are.

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
use crate::dependencies::why_unresolved;
use crate::failure::{Exit, Failure};
use crate::project::{Function, cargo, no_cargo};
use crate::screen::Screen;

/// How functions are built.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compile {
    pub(crate) release: bool,
    pub(crate) features: Vec<String>,
    /// The platform to build for, where it is not this machine.
    pub(crate) target: Option<String>,
    /// Cargo.lock has to fit, and stays as it is.
    pub(crate) locked: bool,
    /// More variables for cargo.
    pub(crate) variables: Vec<(String, String)>,
    /// Variables that cargo is not to see.
    pub(crate) without: Vec<String>,
}

impl Compile {
    /// Tells cargo which packages are meant, with which features, for which platform.
    pub(crate) fn choose(&self, functions: &[Function], command: &mut Command) {
        for function in functions {
            // A name may be that of a dependency, too; an id is one package's.
            command.args(["--package", &function.package_id]);
        }
        let required = functions.iter().flat_map(|function| {
            function.required_features.iter().map(|feature| {
                // With several packages a feature needs to say whose it is.
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

    /// Builds the functions, and gives the path of each one's program, in their order.
    pub(crate) fn run(
        &self,
        functions: &[Function],
        screen: Screen,
    ) -> Result<Vec<PathBuf>, Failure> {
        self.run_and_report(functions, screen, &mut Report::default())
    }

    /// The same, and reports what the build is made of, as far as it came.
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
                    put_aside(&program, &functions[*at])?
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
        self.choose(functions, &mut command);
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
        // A build for the platform needs tools that one for this machine does not: what cargo says
        // is read, too.
        let is_read = self.target.is_some();
        if is_read {
            cargo_output::pipe(&mut command);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| no_cargo(&error))?;
        let said = child.stderr.take().map(cargo_output::repeat);
        let mut programs = vec![None; functions.len()];
        let mut has_begun = false;
        for line in child
            .stdout
            .take()
            .map(BufReader::new)
            .into_iter()
            .flat_map(BufRead::lines)
            .map_while(Result::ok)
        {
            let Ok(message) = serde_json::from_str::<Message>(&line) else { continue };
            has_begun = true;
            report.take(&message);
            let Some(built) = message.built_program() else { continue };
            for (at, function) in functions.iter().enumerate() {
                let is_it = function.name == built.name
                    && built.kinds.iter().any(|kind| kind == function.kind.name());
                if is_it && function.package_id == built.package_id {
                    programs[at] = Some(built.path.to_owned());
                }
            }
        }
        let status = child.wait().map_err(|error| no_cargo(&error))?;
        let said = said.map(cargo_output::Repeating::finish).unwrap_or_default();
        if !status.success() {
            return Err(match status.code() {
                None => Failure::new(Exit::Interrupted, "the build was interrupted"),
                // cargo says how each build ends, unless it could not begin.
                Some(_) if !has_begun => why_unresolved(self, functions),
                Some(_) => self
                    .target
                    .as_ref()
                    .and_then(|target| native_dependencies::explain(&said, target))
                    .unwrap_or_else(|| {
                        Failure::new(
                            Exit::Build,
                            "the function does not compile; the compiler has said why",
                        )
                    }),
            });
        }
        let all: Option<Vec<_>> = programs.into_iter().collect();
        all.ok_or_else(|| {
            Failure::new(
                Exit::Machine,
                "cargo has built the function, and did not say where its program is",
            )
        })
    }
}

/// Which functions can be built at once: cargo puts programs of the same name into the same place,
/// whatever package they are of.
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

/// Copies a program to where no other one will be put.
fn put_aside(program: &Path, function: &Function) -> Result<PathBuf, Failure> {
    let directory = program.with_file_name(".fg-programs");
    let copy = directory.join(format!("{}{}", function.unique_name, std::env::consts::EXE_SUFFIX));
    let copied = fs::create_dir_all(&directory).and_then(|()| fs::copy(program, &copy));
    copied.map_err(|error| {
        Failure::machine(format!("{} could not be copied", program.display()), &error)
    })?;
    Ok(copy)
}
