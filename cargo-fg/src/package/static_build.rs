//! The program for the platform: static, so that it needs nothing there, and the same bytes
//! wherever it is built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::compile::Compile;
use crate::dependencies::{LocalPackage, features_of, local_packages};
use crate::failure::{Exit, Failure};
use crate::package::flags::{self, Remaps};
use crate::project::{Function, Project};
use crate::screen::Screen;

/// Names of files stand in debug information, which is of no use on the platform; what is built
/// piece by piece depends on what was there before; and a build script that asks for the time gets
/// one, the first that a zip file knows.
const VARIABLES: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
    ("CARGO_INCREMENTAL", "0"),
    ("SOURCE_DATE_EPOCH", "315532800"),
];

/// How the program is built.
pub(super) struct StaticBuild<'a> {
    pub(super) project: &'a Project,
    pub(super) target: &'a str,
    pub(super) features: &'a [String],
    /// What is built has to serve HTTP by itself.
    pub(super) is_for_image: bool,
}

impl StaticBuild<'_> {
    /// Builds it, and gives its path.
    pub(super) fn run(&self, function: &Function, screen: Screen) -> Result<PathBuf, Failure> {
        let without = flags::variables_of_profiles();
        let of_this_build: Vec<_> = without
            .iter()
            .map(String::as_str)
            .filter(|name| name.starts_with("CARGO_PROFILE_RELEASE_"))
            .collect();
        if !of_this_build.is_empty() {
            screen.note(format_args!(
                "a package is built as the project says, without {}",
                of_this_build.join(", ")
            ));
        }
        let mut compile = Compile {
            release: true,
            features: self.features.to_vec(),
            target: Some(self.target.to_owned()),
            // Without Cargo.lock there is nothing that says which input is meant; cargo makes it.
            locked: self.project.workspace_root.join("Cargo.lock").exists(),
            variables: VARIABLES.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            without,
        };
        let users = flags::of_the_user(self.project, self.target).or_else(|failure| {
            self.check_that_the_target_is_installed()?;
            Err(failure)
        })?;
        let packages = local_packages(&compile, std::slice::from_ref(function))?;
        if self.is_for_image {
            check_that_it_serves(&compile, function)?;
        }
        if users.iter().any(|flag| flag.contains("target-cpu=native")) {
            screen.note("`target-cpu=native` makes a program for the processor of this machine; the platform's may know less");
        }
        compile
            .variables
            .push((flags::VARIABLE.to_owned(), flags::join(&self.flags(&packages), &users)));
        Ok(compile.run(std::slice::from_ref(function), screen)?.remove(0))
    }

    fn flags(&self, packages: &[LocalPackage]) -> Vec<String> {
        let mut remaps = Remaps::default();
        remaps.add_cargo_home();
        for LocalPackage { name, directory } in packages {
            if !directory.starts_with(&self.project.workspace_root) {
                remaps.add(directory, &format!("/{name}"));
            }
        }
        remaps.add(&self.project.workspace_root, "/workspace");
        remaps.add(&self.project.target_directory, "/target");
        if let Some(directory) = &self.project.build_directory {
            remaps.add(directory, "/target");
        }
        let mut flags = remaps.into_flags();
        if self.target.ends_with("-musl") && cfg!(not(target_os = "linux")) {
            // Rust brings a linker and the libraries of musl; the system's linker does not know
            // Linux.
            flags.extend(
                ["linker=rust-lld", "link-self-contained=yes"]
                    .into_iter()
                    .flat_map(|flag| ["-C".into(), flag.to_owned()]),
            );
        }
        flags
    }

    /// The most common reason why nothing can be built.
    fn check_that_the_target_is_installed(&self) -> Result<(), Failure> {
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc
            .args(["--print", "target-libdir", "--target", self.target])
            .current_dir(&self.project.workspace_root);
        let output = rustc.stdin(Stdio::null()).output();
        let output = output
            .map_err(|error| Failure::machine("the compiler could not be started", &error))?;
        if !output.status.success() {
            return Err(Failure::usage(format!(
                "the compiler does not know the target {}",
                self.target
            ))
            .advise("leave --target out; the platform is x86_64-unknown-linux-musl"));
        }
        if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
            return Ok(());
        }
        Err(Failure::new(
            Exit::Machine,
            format!("Rust's library for the target {} is not installed", self.target),
        )
        .advise(format!("rustup target add {}", self.target)))
    }
}

/// In an image there is no Runtime API to ask: without its server a function ends at once.
fn check_that_it_serves(compile: &Compile, function: &Function) -> Result<(), Failure> {
    match features_of("fg-runtime", compile, std::slice::from_ref(function)) {
        Some(features) if !features.iter().any(|feature| feature == "server") => Err(Failure::new(
            Exit::Failed,
            format!("an image of `{}` would end as soon as it starts: it has no server", function.name),
        )
        .advise("the feature `server` has it, and so has `http`: cargo add functiongraph --features server")),
        // A program without fg may have one of its own.
        _ => Ok(()),
    }
}
