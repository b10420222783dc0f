//! The program of a function under test: the example `probe`, built by cargo.
//!
//! `cargo test --workspace` has built it, and then cargo has nothing to do here; but not where only some tests are asked for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};

/// The program as this profile builds it.
pub(crate) fn probe(profile: &'static str) -> PathBuf {
    static BUILT: LazyLock<Mutex<HashMap<&str, PathBuf>>> = LazyLock::new(Mutex::default);
    let mut built = BUILT.lock().expect("the probe can be built");
    built.entry(profile).or_insert_with(|| build(profile)).clone()
}

fn build(profile: &str) -> PathBuf {
    // This test is target/debug/deps/protocol-..
    let this = std::env::current_exe().expect("a test has a path");
    let target = this.ancestors().nth(3).expect("a test is in a target directory");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        // With the features that the whole workspace asks for, as `cargo test --workspace` has built it already.
        .args(["build", "--quiet", "--offline", "--workspace", "--example", "probe", "--profile", profile, "--target-dir"])
        .arg(target)
        .status()
        .expect("there is a `cargo`");
    assert!(status.success(), "the probe cannot be built with the profile {profile}");
    let directory = if profile == "dev" { Path::new("debug") } else { Path::new(profile) };
    target.join(directory).join("examples/probe")
}
