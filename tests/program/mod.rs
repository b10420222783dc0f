//! The example programs as processes.

#![allow(dead_code, reason = "each test program uses its part of this")]

pub(crate) mod http;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use fg_emulator::RuntimeApi;

/// Where cargo has put an example: beside the folder of this test program.
pub(crate) fn path_of(example: &str) -> PathBuf {
    let test_program = std::env::current_exe().expect("a process knows its program");
    let profile = test_program
        .parent()
        .and_then(|deps| deps.parent())
        .expect("tests are built into target/<profile>/deps");
    let path = profile.join("examples").join(format!("{example}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is not there: build it with `cargo build --examples`, or run all of `cargo test`",
        path.display()
    );
    path
}

/// A command without any variable of the platform's.
pub(crate) fn command(example: &str) -> Command {
    let mut command = Command::new(path_of(example));
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("RUNTIME_"))
    {
        command.env_remove(name);
    }
    command
        .env_remove("FG_MODE")
        .env_remove("FG_PORT")
        .env_remove("PORT")
        .env_remove("RUST_BACKTRACE");
    command
}

/// Runs an example on one event, as a shell would.
pub(crate) fn one_shot(example: &str, event: &[u8], variables: &[(&str, &str)]) -> Output {
    let mut command = command(example);
    command
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the example starts");
    // A program that does not read its input closes it; that is not this test's business.
    let _ = child.stdin.take().expect("it is piped").write_all(event);
    child.wait_with_output().expect("the example ends")
}

/// Starts an example as the platform's custom runtime does.
pub(crate) fn on_platform(example: &str, api: &RuntimeApi, variables: &[(&str, &str)]) -> Child {
    let mut command = command(example);
    command
        .env("RUNTIME_API_ADDR", api.address())
        .env("RUNTIME_FUNC_NAME", example)
        .env("RUNTIME_TIMEOUT", "10")
        .env("RUNTIME_MEMORY", "128")
        .env("RUNTIME_CPU", "300")
        .env("RUNTIME_MAX_RESP_BODY_SIZE", "6291456")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().expect("the example starts")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the reply is text")
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("the log is text")
}
