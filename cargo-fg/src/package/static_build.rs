//! Builds the program for the platform: statically linked, so that it does not depend on the
//! system, and reproducible.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::compile::Compile;
use crate::dependencies::{LocalPackage, features_of, local_packages};
use crate::failure::{Exit, Failure};
use crate::package::flags::{self, Remaps};
use crate::project::{Function, Project};
use crate::screen::Screen;

/// For a reproducible build: debug information contains paths of files, incremental compilation
/// depends on earlier builds, and build scripts that need the time use `SOURCE_DATE_EPOCH`, which
/// is the earliest time of a zip file.
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
    /// Whether the program has to serve HTTP itself.
    pub(super) is_for_image: bool,
}

impl StaticBuild<'_> {
    /// Builds the program, and returns its path.
    pub(super) fn run(&self, function: &Function, screen: Screen) -> Result<PathBuf, Failure> {
        let without = flags::variables_of_profiles();
        let of_this_build: Vec<_> = without
            .iter()
            .map(String::as_str)
            .filter(|name| name.starts_with("CARGO_PROFILE_RELEASE_"))
            .collect();
        if !of_this_build.is_empty() {
            screen.note(format_args!(
                "a package is built without {}, so that it only depends on the project",
                of_this_build.join(", ")
            ));
        }
        let mut compile = Compile {
            release: true,
            features: self.features.to_vec(),
            target: Some(self.target.to_owned()),
            // Without Cargo.lock, cargo creates it.
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
            screen.note("`target-cpu=native` builds for the processor of this machine; that of the platform may support fewer instructions");
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
            // The linker of another system cannot link for Linux; Rust includes one that can, and
            // the libraries of musl.
            flags.extend(
                ["linker=rust-lld", "link-self-contained=yes"]
                    .into_iter()
                    .flat_map(|flag| ["-C".into(), flag.to_owned()]),
            );
        }
        flags
    }

    /// Returns an error if the target is not installed, the most common reason for a failed build.
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
            .advise("omit --target; the platform is x86_64-unknown-linux-musl"));
        }
        if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
            return Ok(());
        }
        Err(Failure::new(
            Exit::Machine,
            format!("Rust's standard library for the target {} is not installed", self.target),
        )
        .advise(format!("rustup target add {}", self.target)))
    }
}

/// Checks that the program has a server: an image has no Runtime API, so that without one the
/// function would exit immediately.
fn check_that_it_serves(compile: &Compile, function: &Function) -> Result<(), Failure> {
    match features_of("fg-runtime", compile, std::slice::from_ref(function)) {
        Some(features) if !features.iter().any(|feature| feature == "server") => Err(Failure::new(
            Exit::Failed,
            format!(
                "an image of `{}` would exit immediately, because it has no server",
                function.name
            ),
        )
        .advise(
            "enable the feature `server` or `http`: cargo add functiongraph --features server",
        )),
        // A program that does not use fg may have its own server.
        _ => Ok(()),
    }
}
