//! The official SDKs for Python and Node.js judge the server: each drives it through the whole life
//! of functions, and checks every answer against the SDK's models.
//!
//! `.ci/install-sdks` installs them, because tests have no network; without it, both tests say that
//! they are skipped.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod start;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use fg_local::Local;
use start::{ACCESS_KEY, REGION, SECRET_KEY, start};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The examples that are functions here.
const EXAMPLES: [&str; 3] = ["state", "greet", "timer_cleanup"];

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a workspace")
}

fn programs(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk").join(language)
}

/// Where `.ci/install-sdks` has installed an SDK from the files as they are now, or why it is to be
/// skipped.
///
/// # Panics
///
/// If `FG_SDK_FOLDER` is set, and there is no such installation: then it was meant to be there.
fn installed(language: &str, files: &[&str]) -> Result<PathBuf, String> {
    let asked_for = std::env::var_os("FG_SDK_FOLDER").map(PathBuf::from);
    // Next to cargo's folder for tests, in the target folder.
    let default = || Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("sdks");
    // As for the script, a relative path is relative to the workspace.
    let folder = workspace().join(asked_for.clone().unwrap_or_else(default)).join(language);
    if let Ok(reason) = fs::read_to_string(folder.join("missing")) {
        return Err(reason.trim_end().to_owned());
    }
    let is_current = |file: &&str| {
        fs::read(folder.join(file)).is_ok_and(|content| {
            content == fs::read(programs(language).join(file)).expect("it is part of the source")
        })
    };
    if files.iter().all(is_current) {
        return Ok(folder);
    }
    let reason = format!("{} has no current installation: run .ci/install-sdks", folder.display());
    assert!(asked_for.is_none(), "FG_SDK_FOLDER is set, but {reason}");
    Err(reason)
}

/// Says that a test is skipped, past the test runner, which keeps what tests print.
fn skip(test: &str, reason: &str) {
    let line = format!("\nskipped: {test}: {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("it is written");
}

/// The functions of these tests: each is a zip file with a script that starts an example, since
/// what judges the API does not need a build of its own. `cargo fg package` has tests elsewhere.
fn packages() -> &'static [(String, PathBuf)] {
    static PACKAGES: OnceLock<Vec<(String, PathBuf)>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let test = std::env::current_exe().expect("a test is a program");
        let target = test.ancestors().nth(2).expect("a test is in target/<profile>/deps");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sdk-packages");
        fs::create_dir_all(&folder).expect("it can be made");
        let package = |example: &str| {
            let program = target.join("examples").join(example);
            assert!(program.exists(), "`cargo build --examples` makes {}", program.display());
            let path = folder.join(format!("{example}.zip"));
            let mut zip = ZipWriter::new(File::create(&path).expect("it can be written"));
            let executable = SimpleFileOptions::default().unix_permissions(0o755);
            zip.start_file("bootstrap", executable).expect("it can be written");
            write!(zip, "#!/bin/sh\nexec '{}'\n", program.display()).expect("it can be written");
            zip.finish().expect("it can be written");
            (format!("FG_SDK_{}", example.to_uppercase()), path)
        };
        EXAMPLES.into_iter().map(package).collect()
    })
}

/// The variable that has a service's address in the region.
fn of_region(service: &str) -> String {
    format!("HUAWEICLOUD_SDK_REGION_{service}_{}", REGION.replace('-', "_").to_uppercase())
}

/// Runs a program with the variables that the server prints, and nothing else that could help it to
/// find the server.
fn judge(server: &Local, interpreter: &Path, program: &Path, more: &[(&str, &OsStr)]) {
    let home = tempfile::tempdir().expect("a folder");
    let endpoint = format!("http://{}", server.address());
    let mut command = Command::new(interpreter);
    command
        .arg(program)
        // The SDK for Node.js writes a log file where it is started.
        .current_dir(home.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        // The SDKs read and write `.huaweicloud` in it.
        .env("HOME", home.path())
        .env("HUAWEICLOUD_SDK_AK", ACCESS_KEY)
        .env("HUAWEICLOUD_SDK_SK", SECRET_KEY)
        .env("HUAWEICLOUD_SDK_IAM_ENDPOINT", &endpoint)
        .envs(["FUNCTIONGRAPH", "LTS", "IAM"].map(|service| (of_region(service), &endpoint)))
        .envs(packages().iter().map(|(name, path)| (name, path)))
        .envs(more.iter().copied())
        .stdin(Stdio::null());
    let output = command.output().expect("the interpreter runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    println!("{text}\n{errors}");
    assert!(output.status.success(), "{} has failed steps: see above", program.display());
}

#[test]
fn the_sdk_for_python_gets_what_its_models_say() {
    let test = "the_sdk_for_python_gets_what_its_models_say";
    let folder = match installed("python", &["requirements.txt"]) {
        Ok(folder) => folder,
        Err(reason) => return skip(test, &reason),
    };
    let no_cache: &OsStr = "1".as_ref();
    let more = [("PYTHONDONTWRITEBYTECODE", no_cache)];
    judge(&start(), &folder.join("bin/python"), &programs("python").join("life.py"), &more);
}

/// The program that `docs/local.md` shows.
#[test]
fn the_example_for_python_passes() {
    let test = "the_example_for_python_passes";
    let folder = match installed("python", &["requirements.txt"]) {
        Ok(folder) => folder,
        Err(reason) => return skip(test, &reason),
    };
    let no_cache: &OsStr = "1".as_ref();
    let more = [("PYTHONDONTWRITEBYTECODE", no_cache)];
    judge(&start(), &folder.join("bin/python"), &programs("python").join("example.py"), &more);
}

#[test]
fn the_sdk_for_node_gets_what_its_models_say() {
    let test = "the_sdk_for_node_gets_what_its_models_say";
    let folder = match installed("node", &["package.json", "package-lock.json"]) {
        Ok(folder) => folder,
        Err(reason) => return skip(test, &reason),
    };
    let modules = folder.join("node_modules");
    let sleeper = tempfile::NamedTempFile::new().expect("a file");
    fs::write(sleeper.path(), start::sleeper("")).expect("it is written");
    let more = [("NODE_PATH", modules.as_os_str()), ("FG_SDK_SLEEPER", sleeper.path().as_os_str())];
    judge(&start(), Path::new("node"), &programs("node").join("life.js"), &more);
}
