//! What the README tells a newcomer to type works. Its programs are tested as documentation.

mod program;

use std::process::{Command, Stdio};

const README: &str = include_str!("../README.md");

/// The lines of the shell block that has this text in it.
fn shell_block(part: &str) -> Vec<&'static str> {
    let block = README.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).find(|block| block.contains(part));
    block.expect("the README has this block").lines().collect()
}

#[cfg(unix)]
#[test]
fn the_first_command_prints_the_reply() {
    let command = shell_block("--example greet").join("\n");
    let output =
        Command::new("sh").args(["-c", &command]).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("there is a shell");
    assert_eq!(program::stdout(&output), "{\"message\":\"Hello, Ada!\"}\n", "{}", program::stderr(&output));
}

#[test]
fn the_test_command_is_the_one_that_ci_runs() {
    let ci = include_str!("../.ci/run");
    assert!(ci.lines().any(|line| line == format!("step {}", shell_block("cargo test").join("\n"))));
}

/// The commands that make the package, with the binary of this build in place of the static one; then the package on the platform.
#[cfg(unix)]
#[test]
fn the_package_that_the_readme_makes_runs() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-package");
    let _ = std::fs::remove_dir_all(&folder);
    let release = folder.join("target/x86_64-unknown-linux-musl/release");
    std::fs::create_dir_all(&release).expect("the folder can be made");
    std::fs::copy(program::path_of("greet"), release.join("greet")).expect("the example can be copied");
    let has_zip = Command::new("zip").arg("-v").stdout(Stdio::null()).status().is_ok();
    if !has_zip {
        println!("SKIPPED: making the zip file, because there is no `zip` here");
    }
    let lines = shell_block("function.zip");
    let to_run: Vec<&str> = lines
        .into_iter()
        .filter(|line| !line.starts_with("rustup ") && !line.starts_with("cargo "))
        .filter(|line| has_zip || !line.contains("zip "))
        .collect();
    assert!(to_run.len() >= 4, "{to_run:?}");
    let script = format!("set -e\n{}", to_run.join("\n"));
    let status =
        Command::new("sh").args(["-c", &script]).current_dir(&folder).stdout(Stdio::null()).status().expect("there is a shell");
    assert!(status.success());

    let api = fg_emulator::RuntimeApi::start().expect("loopback has a free port");
    let mut function = Command::new(folder.join("package/bootstrap"))
        .env("RUNTIME_API_ADDR", api.address())
        .env("RUNTIME_CODE_ROOT", folder.join("package"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("bootstrap can be executed");
    let answer = api.invoke(fg_emulator::Event::new(r#"{"name":"Ada"}"#)).wait(std::time::Duration::from_secs(20));
    function.kill().expect("it runs");
    function.wait().expect("it ends");
    assert_eq!(answer.expect("it is answered").text(), "{\"message\":\"Hello, Ada!\"}");
}
