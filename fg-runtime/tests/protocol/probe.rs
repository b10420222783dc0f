//! The program of a function under test: the example `probe`, built by cargo.
//!
//! `cargo test` builds examples as well, but not where only some tests are asked for; so each run makes sure of it, once.

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
    // The features of this test, so that nothing is built anew that has been built with it.
    let features = [
        ("http", cfg!(feature = "http")),
        ("log", cfg!(feature = "log")),
        ("server", cfg!(feature = "server")),
        ("tracing", cfg!(feature = "tracing")),
    ];
    let features: Vec<_> = features.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| name).collect();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet", "--offline", "--example", "probe", "--profile", profile, "--target-dir"])
        .arg(target)
        .args(["--no-default-features", "--features", &features.join(",")])
        .status()
        .expect("there is a `cargo`");
    assert!(status.success(), "the probe cannot be built with the profile {profile}");
    let directory = if profile == "dev" { Path::new("debug") } else { Path::new(profile) };
    target.join(directory).join("examples/probe")
}
