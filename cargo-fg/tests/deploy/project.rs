//! The project that is deployed: one function, built once for all tests.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, OnceLock};

use tempfile::TempDir;

use crate::fg::{Ran, repository, run, use_lock_file};
use crate::platform::{ACCESS_KEY, FUNCTION, REGION, SECRET_KEY};

/// Answers with what tells releases and configurations apart.
const MAIN: &str = r#"
use serde::Serialize;

#[derive(Serialize)]
struct Served {
    release: String,
    greeting: Option<String>,
}

#[fg::handler]
async fn handle(_: fg::Ignored, ctx: &fg::Context) -> Result<Served, fg::Error> {
    let code = std::env::var("RUNTIME_CODE_ROOT")?;
    let release = std::fs::read_to_string(std::path::Path::new(&code).join("release.txt"))?;
    ctx.logger().info(format_args!("serving {release}"));
    Ok(Served { release, greeting: ctx.user_data("GREETING").map(str::to_owned) })
}

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}
"#;

/// The environments are what the tests deploy one after the other.
const MANIFEST: &str = include_str!("project.toml");

/// The project, in the target folder, so that the next run of the tests finds it built.
static PROJECT: LazyLock<PathBuf> = LazyLock::new(|| {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join("deployed");
    let directory = parent.join(FUNCTION);
    fs::create_dir_all(directory.join("src")).expect("it is made");
    // Built once, packaged and sent many times: small, and still quickly.
    fs::create_dir_all(parent.join(".cargo")).expect("it is made");
    let profile = "[profile.release]\nopt-level = \"s\"\nlto = \"off\"\ncodegen-units = 16\n";
    write_if_new(&parent.join(".cargo/config.toml"), profile);
    // A repository of its own: this one ignores the target folder, so that nothing in there would
    // be packaged.
    fs::create_dir_all(directory.join(".git")).expect("it is made");
    let path = repository().display().to_string();
    write_if_new(&directory.join("Cargo.toml"), &MANIFEST.replace("REPOSITORY", &path));
    write_if_new(&directory.join("src/main.rs"), MAIN);
    for release in ["one", "two", "three"] {
        write_if_new(&directory.join(release), &format!("{release}\n"));
    }
    // Another run of these tests may use it at this moment.
    let (lock, copy) = (repository().join("Cargo.lock"), directory.join("Cargo.lock.copied"));
    let lock = fs::read_to_string(lock).expect("it is there");
    if fs::read_to_string(&copy).ok().as_ref() != Some(&lock) {
        use_lock_file(&directory);
        fs::write(copy, lock).expect("it is written");
    }
    directory
});

/// What is not newer than the program that was built from it is not built again.
fn write_if_new(path: &Path, text: &str) {
    if fs::read_to_string(path).ok().as_deref() != Some(text) {
        fs::write(path, text).expect("it is written");
    }
}

/// A home without credentials.
static HOME: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a directory"));

/// `cargo fg` in the project, with the credentials of the tests, for a platform at this address.
pub(crate) fn fg(address: SocketAddr, arguments: &[&str]) -> Command {
    fg_in(&PROJECT, address, arguments)
}

/// The same in another directory.
pub(crate) fn fg_in(directory: &Path, address: SocketAddr, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-fg"));
    command.arg("fg").args(arguments).current_dir(directory).stdin(Stdio::null());
    let of_the_user =
        ["FG_", "HUAWEICLOUD_", "HW_", "OS_", "CARGO_PROFILE_", "RUSTFLAGS", "CARGO_ENCODED_"];
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_uppercase();
        if of_the_user.iter().any(|start| text.starts_with(start)) || text.ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
    // The homes of cargo and rustup are found by way of that of the user.
    let home = PathBuf::from(std::env::var_os("HOME").expect("a home"));
    for (name, default) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        if std::env::var_os(name).is_none() && home.join(default).is_dir() {
            command.env(name, home.join(default));
        }
    }
    command
        .env("HOME", HOME.path())
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("deployed/target"))
        .env("CARGO_NET_OFFLINE", "true")
        .env("HUAWEICLOUD_SDK_AK", ACCESS_KEY)
        .env("HUAWEICLOUD_SDK_SK", SECRET_KEY)
        .env("HW_REGION_NAME", REGION)
        .env("FG_ENDPOINT", format!("http://{address}"));
    command
}

/// `cargo fg deploy` of a release, with these further arguments.
pub(crate) fn deploy(address: SocketAddr, release: &str, arguments: &[&str]) -> Command {
    build();
    deploy_unbuilt(address, release, arguments)
}

/// Builds the function, once in a process: the tests run side by side, and cargo would let all but
/// one wait.
fn build() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let output = HOME.path().join("built.zip");
        let output = output.display().to_string();
        let mut command = fg(nowhere, &["package", "--target", target(), "--output", &output]);
        run(&mut command).ended_with(0);
    });
}

fn deploy_unbuilt(address: SocketAddr, release: &str, arguments: &[&str]) -> Command {
    let include = format!("release.txt={release}");
    let all = ["deploy", "--target", target(), "--include", &include];
    fg(address, &[&all, arguments].concat())
}

/// Runs it with `--yes`; it succeeds.
#[track_caller]
pub(crate) fn deployed(address: SocketAddr, release: &str, arguments: &[&str]) -> Ran {
    run(deploy(address, release, arguments).arg("--yes")).ended_with(0)
}

/// The target that is built for: musl, the default, or a static glibc if that is not installed.
pub(crate) fn target() -> &'static str {
    static TARGET: OnceLock<&'static str> = OnceLock::new();
    TARGET.get_or_init(|| {
        let musl = "x86_64-unknown-linux-musl";
        let mut command = Command::new("rustc");
        let output = command.args(["--print", "target-libdir", "--target", musl]).output();
        let is_there = |output: std::process::Output| {
            Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
        };
        if output.is_ok_and(is_there) {
            return musl;
        }
        println!("{musl} is not installed: these tests build for x86_64-unknown-linux-gnu");
        "x86_64-unknown-linux-gnu"
    })
}
