//! `cargo fg package`.

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use zip::ZipArchive;

use crate::fg::{NewProject, Ran, build_quickly, fg, run};

/// A program that is not a function, but can be packaged.
pub(crate) const MAIN: &str = "fn main() {}\n";

pub(crate) fn is_installed(target: &str) -> bool {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .output()
        .expect("there is a compiler");
    output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
}

/// The target that these tests package for.
pub(crate) fn target() -> &'static str {
    let default = "x86_64-unknown-linux-musl";
    if is_installed(default) { default } else { "x86_64-unknown-linux-gnu" }
}

/// Builds for musl, the default; for a static glibc if that is not installed.
pub(crate) fn package(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = fg(directory, &["package"]);
    if !is_installed("x86_64-unknown-linux-musl") {
        println!(
            "x86_64-unknown-linux-musl is not installed: this test builds for x86_64-unknown-linux-gnu"
        );
        command.args(["--target", "x86_64-unknown-linux-gnu"]);
    }
    command.args(arguments);
    command
}

/// The path that the command printed, and the content of that file.
pub(crate) fn written(directory: &Path, ran: &Ran) -> (PathBuf, Vec<u8>) {
    let path = directory.join(ran.stdout.trim_end());
    let bytes = fs::read(&path).expect("it is written");
    (path, bytes)
}

pub(crate) fn write_executable(path: &Path, text: &str) {
    fs::write(path, text).expect("it is written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
}

/// Cargo's home directory.
fn cargo_home() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

/// Cargo's home directory under another path.
fn another_home(directory: &Path) -> PathBuf {
    let home = directory.join("cargo's own");
    fs::create_dir(&home).expect("it is made");
    for entry in fs::read_dir(cargo_home()).expect("it is there") {
        let entry = entry.expect("it is there");
        // Cargo creates missing lock files.
        if !entry.file_name().to_string_lossy().starts_with(".package-cache") {
            #[cfg(unix)]
            std::os::unix::fs::symlink(entry.path(), home.join(entry.file_name()))
                .expect("it is made");
        }
    }
    if cfg!(unix) { home } else { cargo_home() }
}

/// The command, run in a shell with this umask.
fn with_umask(command: &Command, umask: &str) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("umask {umask} && exec \"$@\""), "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
        .current_dir(command.get_current_dir().expect("it has one"))
        .stdin(std::process::Stdio::null());
    shell
}

#[test]
fn packages_are_reproducible_and_run() {
    let project = NewProject::new("packaged", &[]);
    fs::create_dir(project.directory.join("templates")).expect("it is made");
    project.write("templates/mail.txt", "Dear {name}\n");
    project.edit(
        "Cargo.toml",
        "timeout = 3 # seconds\n",
        "timeout = 3 # seconds\ninclude = [\"templates\"]\n",
    );
    // The message of a panic contains the name of the source file.
    project.edit(
        "src/main.rs",
        "ctx.logger()",
        "assert!(event.name != \"nobody\", \"{}\", file!());\n    ctx.logger()",
    );
    write_executable(&project.directory.join("tool.sh"), "#!/bin/sh\n");
    let arguments = ["--include", "tool.sh"];
    let first = run(&mut package(&project.directory, &arguments)).ended_with(0);
    let (path, bytes) = written(&project.directory, &first);
    assert!(path.ends_with("fg/packaged.zip"), "{}", path.display());

    let elsewhere = tempfile::tempdir().expect("a directory");
    build_quickly(elsewhere.path());
    let copy = elsewhere.path().join("a much deeper").join("packaged");
    fs::create_dir_all(copy.join("src")).expect("it is made");
    fs::create_dir_all(copy.join("templates")).expect("it is made");
    for file in ["Cargo.toml", "Cargo.lock", "src/main.rs", "templates/mail.txt"] {
        fs::write(copy.join(file), project.read(file)).expect("it is written");
    }
    write_executable(&copy.join("tool.sh"), "#!/bin/sh\n");
    let other_target = elsewhere.path().join("built");
    let mut command = with_umask(&package(&copy, &arguments), "077");
    command
        .env("CARGO_TARGET_DIR", &other_target)
        .env("CARGO_HOME", another_home(elsewhere.path()));
    command.env("CARGO_PROFILE_RELEASE_DEBUG", "2").env("CARGO_PROFILE_RELEASE_PANIC", "abort");
    command.env("TZ", "Asia/Kathmandu").env("LC_ALL", "tr_TR.UTF-8");
    let second = run(&mut command).ended_with(0);
    let note = "note: a package is built without CARGO_PROFILE_RELEASE_DEBUG, CARGO_PROFILE_RELEASE_PANIC, so that it only depends on the project\n";
    assert!(second.stderr.contains(note), "{}", second.stderr);
    let (other_path, other_bytes) = written(&copy, &second);
    assert!(other_path.starts_with(&other_target), "{}", other_path.display());
    assert_eq!(bytes.len(), other_bytes.len());
    assert!(
        bytes == other_bytes,
        "the same sizes and other bytes: compare {} and {}",
        path.display(),
        other_path.display()
    );

    let mut zip = ZipArchive::new(Cursor::new(&bytes)).expect("a zip file");
    let mut files = Vec::new();
    for at in 0..zip.len() {
        let file = zip.by_index(at).expect("it is there");
        assert_eq!(file.last_modified().map(|time| time.year()), Some(1980));
        files.push(format!("{:o} {}", file.unix_mode().unwrap_or_default(), file.name()));
    }
    assert_eq!(
        files,
        ["100755 bootstrap", "100755 packaged", "100644 templates/mail.txt", "100755 tool.sh"]
    );
    let mut program = Vec::new();
    zip.by_name("packaged").expect("it is there").read_to_end(&mut program).expect("it is read");
    let text = String::from_utf8_lossy(&program);
    assert!(
        text.contains("/cargo/registry/tokio-"),
        "the program has no path of a dependency in it, so that this proves nothing"
    );
    for path in [&project.directory, Path::new(env!("CARGO_TARGET_TMPDIR")), &cargo_home()]
        .map(Path::to_string_lossy)
    {
        assert!(!text.contains(path.as_ref()), "the program has {path} in it");
    }
    runs(&mut zip);
}

/// Runs the function from the package, in the platform's environment.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn runs(zip: &mut ZipArchive<Cursor<&Vec<u8>>>) {
    use std::time::Duration;

    use fg_emulator::{Emulator, Event};

    use crate::fg::LIMIT;

    let code = tempfile::tempdir().expect("a directory");
    zip.extract(code.path()).expect("it is unpacked");
    let emulator = Emulator::builder(code.path().join("bootstrap"))
        .init_timeout(LIMIT)
        .timeout(Duration::from_secs(60));
    let emulator = emulator.code_root(code.path()).start().expect("it starts");
    let execution = emulator.invoke(Event::new(r#"{"name":"Ada"}"#));
    assert_eq!(
        execution.response().as_deref(),
        Some(r#"{"message":"Hello, Ada!"}"#),
        "{execution}"
    );
    let panic = emulator
        .invoke(Event::new(r#"{"name":"nobody"}"#))
        .function_error()
        .expect("it panics")
        .error_message
        .clone();
    assert!(panic.contains("src/main.rs"), "{panic}");
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn runs(_: &mut ZipArchive<Cursor<&Vec<u8>>>) {
    println!("SKIPPED: a package runs on Linux on x86-64 only");
}

#[test]
fn a_package_that_would_fail_is_rejected_with_all_reasons() {
    let project = NewProject::bare("refused", MAIN);
    project.write("bootstrap", "exec ./refused\r\n");
    let mut command =
        package(&project.directory, &["--include", "bootstrap", "--output", "out.zip"]);
    let ran = run(&mut command).ended_with(1);
    for reason in [
        "error: the package of `refused` would not run on the platform, for 3 reasons\n",
        "because: `bootstrap` is not executable\n",
        "because: `bootstrap` does not begin with `#!`",
        "because: `bootstrap` has Windows line endings (CR LF)",
        "chmod +x bootstrap\n",
    ] {
        assert!(ran.stderr.contains(reason), "{reason}: {}", ran.stderr);
    }
    assert!(!project.directory.join("out.zip").exists());

    write_executable(
        &project.directory.join("bootstrap"),
        "#!/bin/sh\nexec \"$RUNTIME_CODE_ROOT/refused\" --own\n",
    );
    let ran = run(&mut command).ended_with(0);
    let mut zip =
        ZipArchive::new(Cursor::new(written(&project.directory, &ran).1)).expect("a zip file");
    let mut text = String::new();
    zip.by_name("bootstrap").expect("it is there").read_to_string(&mut text).expect("a text");
    assert!(text.ends_with("--own\n"), "the user's own wrapper is taken: {text}");
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn dynamic_programs_and_new_versions_of_glibc_are_rejected() {
    let project = NewProject::bare("dynamic", MAIN);
    // This test is itself a program that needs this machine's glibc.
    fs::copy(
        std::env::current_exe().expect("a test is a program"),
        project.directory.join("helper"),
    )
    .expect("it is copied");
    let mut command = fg(
        &project.directory,
        &["package", "--target", "x86_64-unknown-linux-gnu", "--include", "helper"],
    );
    let ran = run(command.env("RUSTFLAGS", "-C target-feature=-crt-static")).ended_with(1);
    assert!(
        ran.stderr.contains(
            "because: `dynamic` is linked dynamically: it needs libgcc_s.so.1, libc.so.6"
        ),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("because: `helper` needs glibc 2."), "{}", ran.stderr);
}

#[test]
fn an_unavailable_target_is_reported_with_the_command_to_install_it() {
    let project = NewProject::bare("elsewhere", MAIN);
    let absent = ["x86_64-unknown-linux-ohos", "x86_64-unknown-linux-gnux32"]
        .into_iter()
        .find(|target| !is_installed(target));
    let absent = absent.expect("at least one target is not installed");
    let ran = run(&mut fg(&project.directory, &["package", "--target", absent])).ended_with(3);
    let expected = format!(
        "error: Rust's standard library for the target {absent} is not installed\n  help: rustup target add {absent}\n"
    );
    assert!(ran.stderr.ends_with(&expected), "{}", ran.stderr);
    let ran = run(&mut fg(&project.directory, &["package", "--target", "pdp11"])).ended_with(2);
    assert!(
        ran.stderr.contains("error: the compiler does not know the target pdp11\n"),
        "{}",
        ran.stderr
    );
    for path in ["../secrets", "/etc/passwd"] {
        let ran = run(&mut package(&project.directory, &["--include", path])).ended_with(2);
        assert!(
            ran.stderr.contains(&format!("error: {path} cannot be included\n")),
            "{}",
            ran.stderr
        );
    }
}
