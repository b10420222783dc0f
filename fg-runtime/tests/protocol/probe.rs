//! Builds the program of the function under test: the example `probe`.
//!
//! `cargo test --workspace` has already built it. A run of selected tests has not.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The program built with the profile `dev` or `abort`, which is a separate build of all crates. A
/// test waits only for the build that it uses.
pub(crate) fn probe(profile: &'static str) -> PathBuf {
    static DEV: LazyLock<PathBuf> = LazyLock::new(|| {
        raise_limit_of_open_files();
        build("dev")
    });
    static ABORT: LazyLock<PathBuf> = LazyLock::new(|| build("abort"));
    match profile {
        "dev" => DEV.clone(),
        "abort" => ABORT.clone(),
        other => panic!("the probe is not built with the profile {other}"),
    }
}

/// Raises the limit of open files to the hard limit: the tests and their functions have thousands
/// of connections at a time.
fn raise_limit_of_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .expect("the hard limit is allowed");
}

fn build(profile: &str) -> PathBuf {
    // The path of this test is target/debug/deps/protocol-..
    let this = std::env::current_exe().expect("a test has a path");
    let target = this.ancestors().nth(3).expect("a test is in a target directory");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        // With all features, as `cargo test --workspace` builds it.
        .args([
            "build",
            "--quiet",
            "--offline",
            "--workspace",
            "--example",
            "probe",
            "--profile",
            profile,
            "--target-dir",
        ])
        .arg(target)
        .status()
        .expect("there is a `cargo`");
    assert!(
        status.success(),
        "the probe cannot be built with the profile {profile}; what the workspace depends on is fetched by `cargo fetch`"
    );
    let directory = if profile == "dev" { Path::new("debug") } else { Path::new(profile) };
    target.join(directory).join("examples/probe")
}
