//! The conformance kit, as a command: loops that follow the manual keep the contract, and what is
//! not passed is told.

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
    let Output { status, stdout, stderr } =
        kit.output().expect("the kit is built with these tests");
    (
        status.code(),
        String::from_utf8_lossy(&stdout).into_owned(),
        String::from_utf8_lossy(&stderr).into_owned(),
    )
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
    let program =
        profile.join("examples").join(format!("scripted{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: build it with `cargo build --examples`, or run all of `cargo test`",
        program.display()
    );
    program
}

/// Runs the contract on a program that echoes, and gives the verdict.
#[track_caller]
fn keeps_the_contract(program: &[&std::ffi::OsStr]) -> String {
    let (code, stdout, stderr) =
        run(kit().args(["--contract", "--echo", "--deadline", "60", "--"]).args(program));
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let verdict = stdout.lines().last().expect("a verdict").to_owned();
    assert!(verdict.contains(": contract: 22 of 22 scenarios passed"), "{verdict}");
    verdict
}

#[test]
fn a_loop_in_shell_that_follows_the_manual_keeps_the_contract() {
    if !cfg!(unix) || !is_there("curl", "--version") {
        println!("SKIPPED: the sample in shell needs a Unix shell and curl");
        return;
    }
    keeps_the_contract(&[fixture("bootstrap.sh").as_os_str()]);
}

#[test]
fn a_loop_in_go_that_follows_the_manual_keeps_the_contract() {
    if !is_there("go", "version") {
        println!("SKIPPED: the sample in Go needs a Go compiler");
        return;
    }
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bootstrap-go");
    let built = Command::new("go")
        .arg("build")
        .arg("-o")
        .arg(&program)
        .arg(fixture("bootstrap.go"))
        .status()
        .expect("it runs");
    assert!(built.success());
    keeps_the_contract(&[program.as_os_str()]);
}

#[test]
fn a_loop_in_python_that_follows_the_manual_keeps_the_contract() {
    if !is_there("python3", "--version") {
        println!("SKIPPED: the sample in Python needs python3");
        return;
    }
    keeps_the_contract(&["python3".as_ref(), fixture("bootstrap.py").as_os_str()]);
}

#[test]
fn a_loop_in_node_that_follows_the_manual_keeps_the_contract() {
    if !is_there("node", "--version") {
        println!("SKIPPED: the sample in JavaScript needs node");
        return;
    }
    keeps_the_contract(&["node".as_ref(), fixture("bootstrap.mjs").as_os_str()]);
}

/// A runtime in Python that is wrong in one way.
#[track_caller]
fn what_is_said_of(change: (&str, &str), only: &str) -> Option<String> {
    if !is_there("python3", "--version") {
        println!("SKIPPED: the sample in Python needs python3");
        return None;
    }
    let sample = fs::read_to_string(fixture("bootstrap.py")).expect("it is there");
    assert!(sample.contains(change.0), "{}", change.0);
    let program =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("wrong-{}.py", change.1.len()));
    fs::write(&program, sample.replace(change.0, change.1)).expect("it is written");
    let (code, stdout, stderr) = run(kit()
        .args(["--robust", "--only", only, "--deadline", "5", "--", "python3"])
        .arg(program));
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    Some(stdout)
}

#[test]
fn a_request_that_the_api_refuses_is_named_with_what_is_wrong_in_it() {
    for (change, refused) in [
        (
            ("{API}/{kind}/{request_id}", "{API}/{kind}s/{request_id}"),
            "POST /v1/runtime/invocation/responses/00000000-0000-4000-8000-000000000001 was refused with 404, there is nothing at ",
        ),
        (
            ("method=\"POST\"", "method=\"PUT\""),
            "PUT /v1/runtime/invocation/response/00000000-0000-4000-8000-000000000001 was refused with 405, PUT is not a method of ",
        ),
        (
            ("{kind}/{request_id}", "{kind}/{request_id[1:]}"),
            "response/0000000-0000-4000-8000-000000000001: no such invocation was handed out; the one that waits for its answer is \"00000000-0000-4000-8000-000000000001\"",
        ),
        (
            ("\"/request\"", "\"/next\""),
            "GET /v1/runtime/invocation/next was refused with 404, there is nothing at /v1/runtime/invocation/next: FunctionGraph's Runtime API is GET /v1/runtime/invocation/request",
        ),
    ] {
        let Some(stdout) = what_is_said_of(change, "one-event") else { return };
        assert!(
            stdout.contains("\n        happened: ") && stdout.contains(refused),
            "{change:?}: {stdout}"
        );
        assert!(!stdout.contains("closed before an answer"), "{stdout}");
    }
}

#[test]
fn an_answer_that_is_not_sent_again_is_told_so() {
    let Some(stdout) =
        what_is_said_of(("import json", "import json  # unchanged"), "answer-status-503")
    else {
        return;
    };
    assert!(
        stdout.contains(
            "happened: its answer met the fault of this scenario, and was not sent again"
        ),
        "{stdout}"
    );
}

#[test]
fn a_program_that_never_connects_is_told_so() {
    let Some(stdout) = what_is_said_of(("\nAPI = ", "\ntime.sleep(60)\nAPI = "), "one-event")
    else {
        return;
    };
    assert!(
        stdout.contains("happened: the program has not connected to RUNTIME_API_ADDR"),
        "{stdout}"
    );
}

#[test]
fn a_program_that_speaks_another_clouds_protocol_is_told_so_at_once() {
    let begun = std::time::Instant::now();
    let Some(stdout) =
        what_is_said_of(("/v1/runtime/invocation", "/2018-06-01/runtime/invocation"), "one-event")
    else {
        return;
    };
    assert!(
        stdout.contains(
            "this is a path of AWS Lambda's Runtime API: FunctionGraph's Runtime API is GET "
        ),
        "{stdout}"
    );
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "it is not waited for");
    let Some(stdout) = what_is_said_of(("RUNTIME_API_ADDR", "AWS_LAMBDA_RUNTIME_API"), "one-event")
    else {
        return;
    };
    assert!(
        stdout.contains(
            "the program asks for AWS_LAMBDA_RUNTIME_API, as a runtime for AWS Lambda does"
        ),
        "{stdout}"
    );
}

#[test]
fn what_is_good_to_have_counts_for_the_exit_code_only_where_it_is_asked_for() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let report = |name: &str| directory.join(name);
    let only = ["--only", "one-event", "--only", "poll-garbled"];
    let mut lenient = kit();
    lenient
        .args(only)
        .arg("--report")
        .arg(format!("junit={}", report("lenient.xml").display()))
        .arg("--")
        .arg(scripted());
    let (code, stdout, stderr) = run(&mut lenient);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(
        stdout.ends_with(": contract: 1 of 1 scenarios passed; robust: 0 of 1 scenarios passed\n"),
        "{stdout}"
    );
    let (code, ..) = run(kit().args(only).arg("--robust").arg("--").arg(scripted()));
    assert_eq!(code, Some(1));
    assert!(
        fs::read_to_string(report("lenient.xml"))
            .expect("it was written")
            .contains("failures=\"0\"")
    );
}

#[test]
fn what_is_not_passed_is_told_in_all_reports() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (junit, json, markdown) = (
        directory.join("conformance.xml"),
        directory.join("conformance.json"),
        directory.join("conformance.md"),
    );
    let mut kit = kit();
    kit.args(["--only", "one-event", "--only", "poll-garbled", "--robust"]);
    for (form, file) in [("junit", &junit), ("json", &json), ("markdown", &markdown)] {
        kit.arg("--report").arg(format!("{form}={}", file.display()));
    }
    kit.arg("--").arg(scripted());
    let (code, stdout, stderr) = run(&mut kit);
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert!(stdout.contains("passed  contract  one-event  ("), "{stdout}");
    let failed = "        expected: event 1 is answered with a response within 10s\n        happened: the program exited with code 1\n        output:   ";
    assert!(stdout.contains(failed), "{stdout}");
    assert!(
        stdout.ends_with(": contract: 1 of 1 scenarios passed; robust: 0 of 1 scenarios passed\n"),
        "{stdout}"
    );
    let report: Value =
        serde_json::from_slice(&fs::read(json).expect("it was written")).expect("JSON");
    assert_eq!((&report["passed"], &report["failed"]), (&1.into(), &1.into()));
    let report = fs::read_to_string(junit).expect("it was written");
    assert!(
        report.contains("<testcase name=\"one-event\" classname=\"contract\"")
            && report.contains("failures=\"1\""),
        "{report}"
    );
    let report = fs::read_to_string(markdown).expect("it was written");
    assert!(report.contains("| robust | 0 | 1 |\n\n### poll-garbled (robust)\n"), "{report}");
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
    let (code, stdout, _) =
        run(kit().args(["--only", "one-event", "--event", event, "--"]).arg(scripted()));
    assert_eq!(code, Some(1), "{stdout}");
    assert!(
        stdout.contains(r#"happened: it was answered with an error: {"errorMessage":"no stock""#),
        "{stdout}"
    );
}

#[test]
fn a_command_that_makes_no_sense_is_told_with_exit_code_2() {
    for (arguments, reason) in [
        (&["--lst"][..], "there is no option --lst"),
        (&[], "which program is to be tested?"),
        (&["--only", "nothing", "--", "x"], "there is no scenario nothing; --list shows them"),
        (&["--scenarios", "/nowhere", "--", "x"], "/nowhere: "),
        (
            &["--report", "xml=x", "--", "x"],
            "unknown format xml; the formats are junit, markdown and json",
        ),
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
    let (_, contract, _) = run(kit().args(["--list", "--contract"]));
    assert!(built_in.starts_with(&contract) && contract.lines().count() < built_in.lines().count());
}
