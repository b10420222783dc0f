//! `cargo fg invoke --remote`.

use fg_client::aliases::CreateAlias;
use serde_json::json;

use crate::platform::{Platform, URN, run, still, wait_for};

/// The text without figures, which differ each time.
fn without_figures(text: &str) -> String {
    let lines = still(text);
    let lines = lines.lines().map(|line| match line.split_once(": ") {
        Some((label @ ("duration" | "memory used" | "billed duration"), value)) => {
            let unit = value.trim_start().split(' ').nth(1).unwrap_or_default();
            format!("{label}: # {unit}\n")
        }
        _ => match line.split_once(", duration: ") {
            Some((line, _)) => format!("{line}, duration: #\n"),
            None => format!("{line}\n"),
        },
    });
    lines.collect()
}

const ID: &str = "00000000-0000-0000-0000-000000000000";

#[test]
fn the_result_has_the_three_parts_of_a_local_one() {
    let platform = Platform::with_running_greet();
    let ran = platform.run_greet(&["invoke", "--remote", "-d", r#"{"print": "hi"}"#], 0);
    let shown = without_figures(&ran.stdout);
    let (result, log) = shown.split_once("--- log ---\n").expect("a log");
    assert_eq!(
        result,
        format!(
            "\
--- function return ---
{{\"greeting\":null,\"version\":\"latest\"}}
--- execution summary ---
request id:        {ID}
configured memory: 128 MB
duration: # ms
memory used: # MB
billed duration: # ms
"
        )
    );
    let lines: Vec<_> = log.lines().collect();
    let start = format!("0000-00-00T00:00:00Z Start invoke request '{ID}', version: latest");
    assert_eq!(lines[0], start, "{log}");
    assert!(lines[1].ends_with("hi"), "{log}");
    assert!(lines[2].contains(" Finish invoke request '"), "{log}");
    assert_eq!((ran.stderr.as_str(), lines.len()), ("", 3));
}

#[test]
fn an_error_of_the_function_is_shown_and_is_the_exit_code() {
    let platform = Platform::with_running_greet();
    let event = r#"{"fail": "no stock"}"#;
    let ran = platform.run_greet(&["invoke", "--remote", event], 1);
    assert!(
        ran.stdout.starts_with("--- function return ---\nerrorMessage: no stock\nerrorType:    "),
        "{ran:?}"
    );
    let ran = platform.run_greet(&["invoke", "--remote", "--output", "json", event], 1);
    let json = ran.json();
    assert_eq!((&json["ok"], &json["return"]), (&json!(false), &json!(null)));
    assert_eq!(json["error"]["by"], "function");
    assert_eq!(json["error"]["message"], "no stock");
    assert_eq!(json["error"]["body"]["errorMessage"], "no stock");
    assert_eq!(json["summary"]["memory_mb"].as_f64(), Some(128.0));
}

#[test]
fn a_version_or_an_alias_is_invoked() {
    let platform = Platform::with_running_greet();
    platform.publish("v1");
    platform.wait(platform.greet().create_alias(&CreateAlias::new("prod", "v1")));
    let of_urn = format!("{URN}:!prod");
    for arguments in [
        &["--alias", "prod", "--name", "greet"][..],
        &["--version", "v1", "--name", "greet"],
        &[of_urn.as_str()],
    ] {
        let all: Vec<_> =
            ["invoke", "--remote", "--output", "json"].iter().chain(arguments).copied().collect();
        let json = platform.run(&all, 0).json();
        assert_eq!(json["return"]["version"], "v1", "{arguments:?}");
    }
    let missing = platform.run_greet(&["invoke", "--remote", "--alias", "test"], 1);
    assert!(missing.stderr.contains("There is no such alias"), "{missing:?}");
}

#[test]
fn an_asynchronous_invocation_is_accepted_with_its_id() {
    let platform = Platform::with_running_greet();
    let ran = platform.run_greet(&["invoke", "--remote", "--async", r#"{"complain":"later"}"#], 0);
    let id = ran.stdout.trim();
    assert_eq!(
        ran.stderr,
        format!(
            "    Accepted as asynchronous invocation {id}\nnote: its log, as soon as it has run: cargo fg logs --request {id}\n"
        )
    );
    wait_for("its log", || {
        let log = platform.run_greet(&["logs", "--request", id], 0).stdout;
        log.contains("ERROR later").then_some(())
    });
    let json = platform.run_greet(&["invoke", "--remote", "--async", "--output", "json"], 0).json();
    assert_eq!(json["ok"], true);
}

#[test]
fn flags_of_the_other_place_are_refused() {
    let platform = Platform::with_greet();
    for flag in [
        &["--env", "A=s3cr3t"][..],
        &["--env-file", "a"],
        &["--memory", "256"],
        &["--timeout", "5"],
        &["--handler", "h"],
        &["--log-level", "info"],
        &["--credentials", "env"],
        &["--release"],
        &["--features", "f"],
    ] {
        let all: Vec<_> = ["invoke", "--remote"].iter().chain(flag).copied().collect();
        assert_eq!(
            platform.run_greet(&all, 2).stderr,
            format!(
                "error: {} is about running the function here, and cannot be used with --remote\n  help: the function on the platform has its own code and settings; `cargo fg deploy` changes them\n",
                flag[0]
            )
        );
    }
    for flag in [["--region", "eu-de"], ["--name", "greet"], ["--endpoint", "http://x"]] {
        assert_eq!(
            platform.run(&["invoke", flag[0], flag[1]], 2).stderr,
            format!(
                "error: {} is about a function on the platform\n  help: add --remote to invoke it there\n",
                flag[0]
            )
        );
    }
    let alias = platform.run(&["invoke", "--alias", "prod"], 2).stderr;
    assert!(alias.contains("--remote"), "{alias}");
    let urn = platform.run(&["invoke", URN], 2).stderr;
    assert!(urn.contains("a URN names a function on the platform"), "{urn}");
}

#[test]
fn variables_for_local_runs_do_not_matter() {
    let platform = Platform::with_running_greet();
    let mut command = platform.fg(&["invoke", "--remote", "--name", "greet"]);
    run(command.env("FG_MEMORY", "256").env("FG_LOG_LEVEL", "debug"), 0);
}

#[cfg(unix)]
#[test]
fn what_it_says_is_escaped_on_a_terminal() {
    let platform = Platform::with_running_greet();
    let event = r#"{"print": "\u001b]0;title\u0007", "fail": "\u001b[2J"}"#;
    let command = platform.fg(&["invoke", "--remote", "--name", "greet", event]);
    let (code, shown) = crate::terminal::Terminal::run(command).end();
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("\\u{1b}]0;title\\u{7}") && shown.contains("\\u{1b}[2J"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");
}
