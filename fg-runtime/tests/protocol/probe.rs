//! The program of a function under test: the example `probe`, built by cargo.
//!
//! `cargo test --workspace` has built it, and then cargo has nothing to do here; but not where only
//! some tests are asked for.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The program as this profile builds it: `dev`, or `abort`, which is another build of everything.
/// No test waits for the one that it does not ask for.
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

/// As many open files as the system allows: the tests, and the functions that they start, have
/// thousands of connections at a time.
fn raise_limit_of_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .expect("it may be as high as it can be");
}

fn build(profile: &str) -> PathBuf {
    // This test is target/debug/deps/protocol-..
    let this = std::env::current_exe().expect("a test has a path");
    let target = this.ancestors().nth(3).expect("a test is in a target directory");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        // With every feature, whatever those of this test are: the whole workspace asks for them,
        // and `cargo test --workspace` has built it so.
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
    assert!(status.success(), "the probe cannot be built with the profile {profile}");
    let directory = if profile == "dev" { Path::new("debug") } else { Path::new(profile) };
    target.join(directory).join("examples/probe")
}
