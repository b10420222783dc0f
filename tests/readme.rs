//! What the README tells a newcomer to type works. Its programs are tested as documentation; its first minute, and the package that it
//! makes, by the tests of `cargo-fg`.

mod program;

#[cfg(unix)]
use std::process::Command;

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
    let shown = program::stdout(&output);
    assert!(shown.starts_with("--- function return ---\n{\"message\":\"Hello, Ada!\"}\n"), "{shown}{}", program::stderr(&output));
}

#[test]
fn the_test_command_is_the_one_that_ci_runs() {
    let ci = include_str!("../.ci/run");
    assert!(ci.lines().any(|line| line == format!("step {}", shell_block("cargo test").join("\n"))));
}
