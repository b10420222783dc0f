//! Building functions: cargo does it and shows what it does; here it is seen where the programs are.

mod causes;
mod machine;
mod said;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

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

/// A line of cargo's, as far as it matters here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    package_id: Option<String>,
    target: Option<MessageTarget>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct MessageTarget {
    name: String,
    kind: Vec<String>,
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
                if functions.len() > 1 { format!("{}/{feature}", function.package) } else { feature.clone() }
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
    pub(crate) fn run(&self, functions: &[Function], screen: Screen) -> Result<Vec<PathBuf>, Failure> {
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
        // A build for the platform needs tools that one for this machine does not: what cargo says is read, too.
        let is_read = self.target.is_some();
        if is_read {
            said::pipe(&mut command);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|error| no_cargo(&error))?;
        let said = child.stderr.take().map(said::repeat);
        let mut programs = vec![None; functions.len()];
        let mut has_begun = false;
        for line in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
            let Ok(message) = serde_json::from_str::<Message>(&line) else { continue };
            has_begun = true;
            let Some((package_id, target, program)) = message.built_program() else { continue };
            for (at, function) in functions.iter().enumerate() {
                let is_it = function.name == target.name && target.kind.iter().any(|kind| kind == function.kind.name());
                if is_it && function.package_id == package_id {
                    programs[at] = Some(program.clone());
                }
            }
        }
        let status = child.wait().map_err(|error| no_cargo(&error))?;
        let said = said.map(said::Repeating::finish).unwrap_or_default();
        if !status.success() {
            return Err(match status.code() {
                None => Failure::new(Exit::Interrupted, "the build was interrupted"),
                // cargo says how each build ends, unless it could not begin.
                Some(_) if !has_begun => why_unresolved(self, functions),
                Some(_) => self
                    .target
                    .as_ref()
                    .and_then(|target| causes::explain(&said, target))
                    .unwrap_or_else(|| Failure::new(Exit::Build, "the function does not compile; the compiler has said why")),
            });
        }
        let all: Option<Vec<_>> = programs.into_iter().collect();
        all.ok_or_else(|| Failure::new(Exit::Machine, "cargo has built the function, and did not say where its program is"))
    }
}

impl Message {
    fn built_program(self) -> Option<(String, MessageTarget, PathBuf)> {
        if self.reason != "compiler-artifact" {
            return None;
        }
        Some((self.package_id?, self.target?, self.executable?))
    }
}
