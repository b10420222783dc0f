//! `cargo fg dev` before the first successful build.

#[cfg(unix)]
use std::io::{BufRead, BufReader};
#[cfg(unix)]
use std::net::TcpListener;
#[cfg(unix)]
use std::thread;

#[cfg(unix)]
use serde_json::{Value, json};

use crate::dev::Dev;
use crate::fg::NewProject;
#[cfg(unix)]
use crate::fg::{free_port, run};

#[test]
fn the_first_request_waits_for_the_first_build() {
    let project = NewProject::new("awaited", &[]);
    let mut dev = Dev::start(&project, &[]);
    dev.address();
    let (status, body) = dev.ask("POST /", r#"{"name":"Ada"}"#);
    assert_eq!((status, body.as_str()), (200, r#"{"message":"Hello, Ada!"}"#), "{}", dev.said());
}

#[test]
fn before_a_first_version_runs_requests_get_503_and_the_reason() {
    let project = NewProject::new("unfinished", &[]);
    project.edit("src/main.rs", "fn main()", "fn main() oops");
    let mut dev = Dev::start(&project, &[]);
    dev.wait_for("Waiting for a change\n", 1);
    let (status, body) = dev.ask("POST /", r#"{"name":"Ada"}"#);
    let reason = "unfinished could not be built, see the terminal of `cargo fg dev`: the function does not compile";
    assert_eq!((status, body.contains(reason)), (503, true), "{body}");

    project.edit("src/main.rs", "fn main() oops", "fn main()");
    project.edit(
        "src/main.rs",
        "fg::run::<handle>()",
        "println!(\"no licence\");\n    std::process::exit(7)",
    );
    dev.wait_for("Waiting for a change\n", 2);
    let (status, body) = dev.ask("POST /", r#"{"name":"Ada"}"#);
    let reason =
        "unfinished does not run: the function exited with code 7 before it asked for an event";
    assert_eq!(
        (status, body.contains(reason), body.contains("has not been built")),
        (503, true, false),
        "{body}"
    );

    project.edit("src/main.rs", "std::process::exit(7)", "fg::run::<handle>()");
    dev.wait_for("Ready unfinished\n", 1);
    assert_eq!(dev.ask("POST /", r#"{"name":"Ada"}"#).0, 200);
}

#[test]
fn a_request_that_was_wrapped_for_a_function_of_other_events_is_explained() {
    let project = NewProject::new("wrapped", &[]);
    let mut dev = Dev::start(&project, &[]);
    assert_eq!(dev.ask("GET /orders", "").0, 500);
    dev.wait_for("note: the function was given this request as an event of API Gateway, because it is a GET. If it expects", 1);
    assert_eq!(dev.ask("POST /?dry=1", r#"{"name":"Ada"}"#).0, 500);
    dev.wait_for("because its path has a query. If it expects", 1);
    assert_eq!(dev.ask("POST /", r#"{"nome":"Ada"}"#).0, 500);
    dev.wait_for("POST / -> 500", 1);
    assert_eq!(dev.said().matches("as an event of API Gateway").count(), 2, "{}", dev.said());
    assert_eq!(dev.ask("POST /", "name=Ada").0, 406);
    dev.wait_for("note: an event is JSON, such as {\"name\":\"Ada\"}", 1);
    assert_eq!(dev.ask("POST /", "\u{feff}{}").0, 406);
    dev.wait_for("note: the body begins with a byte order mark", 1);
    project.edit("src/main.rs", "event: Greeting", "_: fg::Ignored");
    project.edit("src/main.rs", "event.name", "1");
    dev.wait_for("Ready wrapped\n", 2);
    assert_eq!(dev.ask("DELETE /", "").0, 500);
    dev.wait_for("because it is a DELETE. If it expects", 1);
}

#[cfg(unix)]
#[test]
fn a_debugger_has_no_time_limit_and_a_fixed_port() {
    let project = NewProject::new("debuggee", &[]);
    project.edit(
        "Cargo.toml",
        "timeout = 3 # seconds",
        "timeout = 3 # seconds\nenvironment = { COLOUR = \"red\" }",
    );
    project.write(".env", "DB_PASSWORD=hunter2\n");
    let port = free_port().to_string();
    let variables = |arguments: &[&str]| {
        let mut dev =
            Dev::start(&project, &[&["--attach", "--runtime-api", &port], arguments].concat());
        dev.wait_for(&format!("Waiting for a process that polls 127.0.0.1:{port}"), 1);
        let lines =
            BufReader::new(dev.child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let read = thread::spawn(move || lines.collect::<Vec<_>>().join("\n"));
        dev.child.kill().expect("it runs");
        read.join().expect("no panic")
    };
    for _ in 0..2 {
        let exports = variables(&[]);
        assert!(
            exports.contains(&format!("export RUNTIME_API_ADDR='127.0.0.1:{port}'")),
            "{exports}"
        );
        assert!(
            exports.contains("export RUNTIME_TIMEOUT='259200'"),
            "the manifest's time is for no debugger: {exports}"
        );
        assert!(exports.contains("export RUNTIME_INITIALIZER_TIMEOUT='259200'"), "{exports}");
    }
    let taken = TcpListener::bind(format!("127.0.0.1:{port}")).expect("it is free again");
    let ran = run(&mut project.fg(&["dev", "--listen", "0", "--attach", "--runtime-api", &port]))
        .ended_with(3);
    assert!(
        ran.stderr.ends_with("  help: choose another port with --runtime-api\n"),
        "{}",
        ran.stderr
    );
    drop(taken);
    assert!(variables(&["--timeout", "9"]).contains("export RUNTIME_TIMEOUT='9'"));

    let printed = variables(&[
        "--launch-json",
        "--env-file",
        ".env",
        "--env",
        "SIZE=1",
        "--log-level",
        "debug",
    ]);
    let launch: Value = serde_json::from_str(&printed).expect("JSON");
    let configuration = &launch["configurations"][0];
    assert_eq!((&launch["version"], &configuration["type"]), (&json!("0.2.0"), &json!("lldb")));
    assert_eq!(
        configuration["cargo"]["args"],
        json!(["build", "--bin=debuggee", "--package=debuggee"])
    );
    let environment = &configuration["env"];
    assert_eq!(
        (&environment["COLOUR"], &environment["DB_PASSWORD"]),
        (&json!("red"), &json!("${env:DB_PASSWORD}"))
    );
    assert_eq!((&environment["SIZE"], &environment["FG_LOG"]), (&json!("1"), &json!("debug")));
    assert!(!printed.contains("hunter2"), "a file that is committed has no secret: {printed}");
}
