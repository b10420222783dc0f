//! `cargo fg logs`.

use fg_client::aliases::CreateAlias;
use fg_client::invocations::InvokeOptions;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Duration;

use crate::platform::{Platform, URN, still, wait_for};

/// Invokes a version of `greet`, and returns the request id once the log is complete.
fn invoke(platform: &Platform, version: &str, event: &Value) -> String {
    let function = platform.greet();
    let function = function.client().function(function.urn().with_version(version));
    let options = InvokeOptions::default();
    let ended = platform.wait(function.invoke_with(event.to_string(), &options));
    let id = ended.request_id.expect("an id");
    let finish = format!("Finish invoke request '{id}'");
    wait_for("the log", || {
        let shown = platform.run_greet(&["logs", "--since", "1h"], 0).stdout;
        shown.contains(&finish).then_some(())
    });
    id
}

#[test]
fn the_lines_of_one_invocation_are_shown() {
    let platform = Platform::with_running_greet();
    let first = invoke(&platform, "latest", &json!({"print": "one"}));
    let second = invoke(&platform, "latest", &json!({"complain": "two"}));
    let all = platform.run_greet(&["logs"], 0);
    assert_eq!(all.stderr, "");
    assert!(all.stdout.contains(&first) && all.stdout.contains(&second), "{all:?}");
    let of_second = platform.run_greet(&["logs", "--request", &second], 0).stdout;
    let lines: Vec<_> = of_second.lines().map(still).collect();
    assert_eq!(lines.len(), 3, "{of_second}");
    let id = "00000000-0000-0000-0000-000000000000";
    assert_eq!(
        lines[0],
        format!("0000-00-00T00:00:00Z Start invoke request '{id}', version: latest")
    );
    assert!(lines[1].ends_with(&format!("{id} ERROR two")), "{of_second}");
    assert!(lines[2].contains(" Finish invoke request '"), "{of_second}");
    let last = platform.run_greet(&["logs", "--limit", "2"], 0).stdout;
    assert_eq!(last.lines().count(), 2, "{last}");
    assert!(all.stdout.ends_with(&last), "{last}");
}

#[test]
fn more_lines_than_a_page_come_once_and_in_their_order() {
    let platform = Platform::with_running_greet();
    let lines: Vec<_> = (0..450).map(|number| format!("line {number:03}")).collect();
    invoke(&platform, "latest", &json!({"print": lines.join("\n")}));
    let shown = platform.run_greet(&["logs"], 0).stdout;
    let own = |text: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| Some(line.split_at(line.find("line ")?).1));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(own(&shown), lines);
    // The line at the end of the invocation is the last.
    let last = platform.run_greet(&["logs", "--limit", "251"], 0).stdout;
    assert_eq!(own(&last), lines[200..]);
}

#[test]
fn the_lines_of_an_alias_are_those_of_its_version() {
    let platform = Platform::with_running_greet();
    platform.publish("v1");
    platform.publish("v2");
    platform.wait(platform.greet().create_alias(&CreateAlias::new("prod", "v1")));
    invoke(&platform, "v2", &json!({"print": "of two"}));
    invoke(&platform, "v1", &json!({"print": "of one"}));
    for limit in [None, Some(["--limit", "50"])] {
        let mut arguments = vec!["logs", "--alias", "prod"];
        arguments.extend(limit.iter().flatten());
        let shown = platform.run_greet(&arguments, 0).stdout;
        assert!(shown.contains("of one") && !shown.contains("of two"), "{shown}");
    }
    let missing = platform.run_greet(&["logs", "--alias", "test"], 1);
    assert_eq!(
        missing.stderr,
        "error: greet has no alias `test`\n  help: `cargo fg status` shows its aliases\n"
    );
}

#[test]
fn the_time_is_a_duration_or_a_moment() {
    let platform = Platform::with_running_greet();
    invoke(&platform, "latest", &json!({"print": "now"}));
    let moment = (Timestamp::now() - Duration::from_secs(3600)).to_string();
    for since in ["90s", "10m", "2h", "3d", &moment] {
        let shown = platform.run_greet(&["logs", "--since", since, "--until", "0s"], 0).stdout;
        assert!(shown.contains("now"), "{since}: {shown}");
    }
    let before = platform.run_greet(&["logs", "--since", "2h", "--until", "1h"], 0);
    assert_eq!(before.stdout, "");
    assert!(before.stderr.starts_with("note: there are no such lines"), "{before:?}");
    for since in ["1w", "soon", "10"] {
        let wrong = platform.run_greet(&["logs", "--since", since], 2).stderr;
        assert!(wrong.contains("such as 90s, 10m, 2h or 3d"), "{wrong}");
    }
    let wrong = platform.run_greet(&["logs", "--since", "1h", "--until", "2h"], 2).stderr;
    assert_eq!(wrong, "error: --until is before --since\n");
    let wrong = platform.run_greet(&["logs", "--request", "* or x"], 2).stderr;
    assert!(wrong.contains("it is the id of an invocation"), "{wrong}");
}

#[test]
fn a_function_without_a_log_says_how_it_gets_one() {
    let platform = Platform::start();
    // The platform on this machine always keeps logs.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("a connection");
        let mut request = BufReader::new(connection.try_clone().expect("it can be shared"));
        let mut line = String::new();
        request.read_line(&mut line).expect("a request");
        let body =
            r#"{"error_code":"FSS.0404","error_msg":"selectOneLog, group or stream not found"}"#;
        let length = body.len();
        let head = format!("HTTP/1.1 404 Not Found\r\ncontent-length: {length}\r\n\r\n");
        write!(connection, "{head}{body}").expect("it is read");
        line
    });
    let ran = platform.run(&["logs", URN, "--endpoint", &endpoint], 1);
    assert_eq!(
        ran.stderr,
        "error: greet has no log in LTS\n  help: switch it on: with `lts = true` under [package.metadata.fg.log] and `cargo fg deploy`, or on the console (the function, Configuration, Logs)\n"
    );
    let asked = server.join().expect("no panic");
    assert!(asked.contains("/lts-log-detail "), "{asked}");
}

#[cfg(unix)]
#[test]
fn new_lines_are_followed_until_ctrl_c_and_escaped_on_a_terminal() {
    let platform = Platform::with_running_greet();
    invoke(&platform, "latest", &json!({"print": "before"}));
    let command = platform.fg(&["logs", "--follow", "--name", "greet"]);
    let terminal = crate::terminal::Terminal::run(command);
    terminal.wait_for("before");
    let attack = "\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}";
    let id = invoke(&platform, "latest", &json!({"print": attack}));
    terminal.wait_for(&format!("Finish invoke request '{id}'"));
    let shown = terminal.shown();
    assert!(shown.contains("red \\u{1b}]0;title\\u{7}\n") && !shown.contains('\u{1b}'), "{shown}");
    assert_eq!(shown.matches("before").count(), 1, "{shown}");
    assert_eq!(shown.matches(&format!("Finish invoke request '{id}'")).count(), 1, "{shown}");
    assert_eq!(terminal.interrupt(), Some(2));
}
