//! The conformance kit, as a command: the manual's samples pass what is plain, and what is not passed is told.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn kit() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fg-conformance"));
    // What a shell script leaves behind when it is ended does not pile up.
    command.env("TMPDIR", env!("CARGO_TARGET_TMPDIR"));
    command
}

fn run(kit: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = kit.output().expect("the kit is built with these tests");
    (status.code(), String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr).into_owned())
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn is_there(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// `examples/scripted.rs`, which is no more than a test needs: it survives no fault.
fn scripted() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let profile = test.ancestors().nth(2).expect("a test is in target/<profile>/deps");
    let program = profile.join("examples").join(format!("scripted{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: build it with `cargo build --examples`, or run all of `cargo test`",
        program.display()
    );
    program
}

#[test]
fn the_manuals_shell_sample_passes_the_plain_scenarios() {
    if !cfg!(unix) || !is_there("curl", "--version") {
        println!("SKIPPED: the sample in shell needs a Unix shell and curl");
        return;
    }
    let (code, stdout, stderr) = run(kit().args(["--plain", "--echo", "--deadline", "60", "--"]).arg(fixture("bootstrap.sh")));
    assert_eq!(code, Some(0), "{stdout}{stderr}");
}

#[test]
fn the_manuals_go_sample_passes_the_plain_scenarios() {
    if !is_there("go", "version") {
        println!("SKIPPED: the sample in Go needs a Go compiler");
        return;
    }
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bootstrap-go");
    let built = Command::new("go").arg("build").arg("-o").arg(&program).arg(fixture("bootstrap.go")).status().expect("it runs");
    assert!(built.success());
    let (code, stdout, stderr) = run(kit().args(["--plain", "--echo", "--deadline", "60", "--"]).arg(program));
    assert_eq!(code, Some(0), "{stdout}{stderr}");
}

#[test]
fn what_is_not_passed_is_told_in_all_three_reports() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (junit, json) = (directory.join("conformance.xml"), directory.join("conformance.json"));
    let mut kit = kit();
    kit.args(["--only", "one-event", "--only", "poll-garbled", "--junit"])
        .arg(&junit)
        .arg("--json")
        .arg(&json)
        .arg("--")
        .arg(scripted());
    let (code, stdout, stderr) = run(&mut kit);
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert!(stdout.contains("passed  plain  one-event  ("), "{stdout}");
    let failed = "        expected: event 1 is answered with a response within 10s\n        happened: the program exited with code 1\n        output:   ";
    assert!(stdout.contains(failed), "{stdout}");
    assert!(stdout.ends_with(": 1 of 2 scenarios passed\n"), "{stdout}");
    let report: Value = serde_json::from_slice(&fs::read(json).expect("it was written")).expect("JSON");
    assert_eq!((&report["passed"], &report["failed"]), (&1.into(), &1.into()));
    let report = fs::read_to_string(junit).expect("it was written");
    assert!(report.contains("<testcase name=\"one-event\" classname=\"plain\"") && report.contains("failures=\"1\""), "{report}");
}

#[test]
fn an_answer_with_other_bytes_fails_only_a_program_that_is_to_echo() {
    let only = ["--only", "event-of-10-kb"];
    assert_eq!(run(kit().args(only).arg("--").arg(scripted())).0, Some(0));
    let (code, stdout, _) = run(kit().args(only).arg("--echo").arg("--").arg(scripted()));
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("the answer is not the event's 10240 bytes, but 0"), "{stdout}");
}

#[test]
fn an_error_is_not_a_response() {
    let event = r#"{"do":"fail","text":"no stock"}"#;
    let (code, stdout, _) = run(kit().args(["--only", "one-event", "--event", event, "--"]).arg(scripted()));
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains(r#"happened: it was answered with an error: {"errorMessage":"no stock""#), "{stdout}");
}

#[test]
fn a_command_that_makes_no_sense_is_told_with_exit_code_2() {
    for (arguments, reason) in [
        (&["--lst"][..], "there is no option --lst"),
        (&[], "which program is to be tested?"),
        (&["--only", "nothing", "--", "x"], "there is no scenario nothing; --list shows them"),
        (&["--scenarios", "/nowhere", "--", "x"], "/nowhere: "),
        (&["--deadline", "0", "--", "x"], "--deadline is a number of seconds above 0"),
    ] {
        let (code, _, stderr) = run(kit().args(arguments));
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.starts_with(&format!("fg-conformance: {reason}")), "{stderr}");
    }
}

#[test]
fn the_scenarios_can_be_listed_and_read_from_files() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let (code, built_in, _) = run(kit().arg("--list"));
    assert_eq!(code, Some(0));
    let (code, from_files, _) = run(kit().arg("--list").arg("--scenarios").arg(directory));
    assert_eq!((code, from_files), (Some(0), built_in.clone()));
    let (_, plain, _) = run(kit().args(["--list", "--plain"]));
    assert!(built_in.starts_with(&plain) && plain.lines().count() < built_in.lines().count());
}
