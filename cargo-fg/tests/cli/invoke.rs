//! `cargo fg invoke`.

use std::io::Write;
#[cfg(unix)]
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::fg::{NewProject, Ran, fg, run};
#[cfg(unix)]
use crate::fg::{cargo, use_lock_file};
#[cfg(target_os = "linux")]
use crate::fg::{processes_of, signal, target_directory, wait_until};

/// A function that returns its settings, and fails, exits or hangs as the event tells.
const TOLD: &str = r#"
use std::process::ExitCode;

#[fg::handler]
async fn told(event: serde_json::Value, ctx: &fg::Context) -> Result<serde_json::Value, fg::Error> {
    ctx.logger().info(format_args!("the event is {event}"));
    match event["do"].as_str() {
        Some("fail") => Err("no stock".into()),
        Some("exit") => std::process::exit(7),
        Some("hang") => std::future::pending().await,
        _ => Ok(serde_json::json!({
            "event": event,
            "memory": ctx.memory_size(),
            "timeout": ctx.timeout().as_secs(),
            "colour": ctx.user_data("COLOUR"),
            "handler": std::env::var("RUNTIME_HANDLER").unwrap_or_default(),
            "type": format!("{:?}", ctx.invocation_type()),
        })),
    }
}

fn main() -> ExitCode {
    fg::run::<told>()
}
"#;

fn told(name: &str) -> NewProject {
    let project = NewProject::new(name, &[]);
    project.write("src/main.rs", TOLD);
    project.edit("Cargo.toml", "serde = {", "serde_json = \"1\"\nserde = {");
    project
}

fn result(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).expect("JSON")
}

#[test]
fn the_three_parts_are_printed_and_the_exit_code_reports_failures() {
    let project = told("three-parts");
    let ran = run(&mut project.fg(&["invoke", "-d", r#"{"a":1}"#])).ended_with(0);
    assert!(
        ran.stdout.starts_with("--- function return ---\n{\"colour\":null,\"event\":{\"a\":1},"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("--- execution summary ---\nrequest id:        "),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("INFO the event is {\"a\":1}\n"), "{}", ran.stdout);
    assert!(ran.stderr.contains("Finished"), "cargo shows its progress: {}", ran.stderr);

    let failed = run(&mut project.fg(&["invoke", "-q", "-d", r#"{"do":"fail"}"#])).ended_with(1);
    assert!(
        failed.stdout.starts_with("--- function return ---\nerrorMessage: no stock\n"),
        "{}",
        failed.stdout
    );
    assert_eq!(failed.stderr, "");

    let ended =
        run(&mut project.fg(&["invoke", "-q", "-d", r#"{"do":"exit"}"#, "--output", "json"]))
            .ended_with(1);
    let json = result(&ended);
    assert_eq!((&json["ok"], &json["error"]["by"]), (&json!(false), &json!("platform")));
    assert!(
        json["error"]["message"].as_str().is_some_and(|text| text.contains("exited with code 7")),
        "{json}"
    );
}

/// A function with work after its response.
const LATER: &str = r#"
use std::io::Write;

#[fg::handler(pre_stop = close)]
async fn later(what: String, ctx: &fg::Context) -> Result<String, fg::Error> {
    let logger = ctx.logger().clone();
    match what.as_str() {
        "print" => {
            print!("a last line without its end");
            std::io::stdout().flush()?;
        }
        "log" => ctx.spawn_after(async move { logger.info("the mail is sent") }),
        "error" => ctx.spawn_after(async move {
            logger.error("the mail could not be sent");
            eprintln!("and this is stderr");
        }),
        "panic" => ctx.spawn_after(async { panic!("in the work after the answer") }),
        "exit" => ctx.spawn_after(async { std::process::exit(7) }),
        _ => {}
    }
    Ok("done".to_owned())
}

async fn close() {
    if std::env::var_os("PRE_STOP").is_some() {
        panic!("the files cannot be closed");
    }
    println!("good-bye");
}

fn main() -> std::process::ExitCode {
    fg::run::<later>()
}
"#;

#[test]
fn output_and_errors_after_the_response_are_reported() {
    let project = NewProject::new("later", &[]);
    project.write("src/main.rs", LATER);
    let invoke =
        |data: &str, more: &[&str]| run(project.fg(&["invoke", "-q", "-d", data]).args(more));
    let printed = invoke("\"print\"", &[]).ended_with(0);
    let (log, after) =
        printed.stdout.split_once("--- after the response ---\n").expect("a fourth part");
    assert!(log.contains("\na last line without its end\n"), "{}", printed.stdout);
    assert_eq!(after, "good-bye\n");
    let logged = invoke("\"log\"", &[]).ended_with(0);
    let (_, after) =
        logged.stdout.split_once("--- after the response ---\n").expect("a fourth part");
    assert!(after.ends_with(" INFO the mail is sent\ngood-bye\n"), "{after}");

    for (data, more, line) in [
        ("\"error\"", &[][..], "ERROR the mail could not be sent"),
        ("\"panic\"", &[], "ERROR in work left by spawn_after: "),
        ("\"exit\"", &[], "after its answer, the function exited with code 7"),
        ("\"\"", &["--env", "PRE_STOP=1"], "ERROR in pre_stop: "),
    ] {
        let failed = invoke(data, more).ended_with(1);
        assert!(
            failed.stdout.starts_with("--- function return ---\n\"done\"\n"),
            "{}",
            failed.stdout
        );
        assert!(
            failed.stderr.starts_with("error: the function failed after its response:\n"),
            "{}",
            failed.stderr
        );
        assert!(failed.stderr.contains(line), "{data}: {}", failed.stderr);
    }

    let json = result(&invoke("\"error\"", &["--output", "json"]).ended_with(1));
    assert_eq!(
        (&json["ok"], &json["return"], &json["after"]["lines"][1]),
        (&json!(false), &json!("done"), &json!("and this is stderr"))
    );
    assert_eq!(json["after"]["errors"].as_array().map(Vec::len), Some(1), "{json}");
}

#[test]
fn flags_override_variables_which_override_the_manifest() {
    let project = told("precedence");
    project.edit(
        "Cargo.toml",
        "memory = 128 # MB\ntimeout = 3 # seconds",
        "memory = 256\ntimeout = 20\nhandler = \"told\"\nenvironment = { COLOUR = \"red\" }",
    );
    let of_manifest = result(&run(&mut project.fg(&["invoke", "--output", "json"])).ended_with(0));
    let expected = json!({"colour": "red", "event": {}, "handler": "told", "memory": 256, "timeout": 20, "type": "Sync"});
    assert_eq!(of_manifest["return"], expected);

    let mut command = project.fg(&[
        "invoke",
        "--output",
        "json",
        "--memory",
        "1024",
        "--env",
        "COLOUR=blue",
        "--async",
    ]);
    let of_all =
        result(&run(command.env("FG_MEMORY", "512").env("FG_TIMEOUT", "60")).ended_with(0));
    let expected = json!({"colour": "blue", "event": {}, "handler": "told", "memory": 1024, "timeout": 60, "type": "Async"});
    assert_eq!(of_all["return"], expected);
    assert_eq!(of_all["summary"]["memory_mb"], 1024);
}

#[test]
fn the_event_comes_from_a_flag_a_file_or_standard_input() {
    let project = told("sources");
    project.write("event.json", r#"{"from":"file"}"#);
    let event = |ran: Ran| result(&ran.ended_with(0))["return"]["event"].clone();
    assert_eq!(
        event(run(&mut project.fg(&["invoke", "--output", "json", "-f", "event.json"]))),
        json!({"from": "file"})
    );
    for from in [["-f", "-"], ["-d", "-"]] {
        let mut command = project.fg(&["invoke", "--output", "json"]);
        let mut child = command
            .args(from)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        child.stdin.take().expect("a pipe").write_all(br#"{"from":"input"}"#).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(json["return"]["event"], json!({"from": "input"}));
    }
}

#[test]
fn each_kind_of_error_has_its_exit_code() {
    let project = told("cannot-be-run");
    for (arguments, code, reason) in [
        (
            &["invoke", "-d", "Ada"][..],
            2,
            "error: the event is not JSON, and the platform accepts only JSON\n  because: ",
        ),
        (&["invoke", "-f", "nowhere.json"], 2, "error: nowhere.json cannot be read\n  because: "),
        (
            &["invoke", "--bin", "other"],
            2,
            "error: there is no bin `other`\n  help: there are: cannot-be-run\n",
        ),
        (
            &["invoke", "-p", "other"],
            2,
            "error: there is no package `other` in this workspace\n  help: there are: cannot-be-run\n",
        ),
        (
            &["invoke", "--memory", "300"],
            2,
            "error: invalid value '300' for '--memory <MB>': the memory sizes of the platform are 128, ",
        ),
        (
            &["invoke", "-d", "1", "--fixture", "obs"],
            2,
            "error: the argument '--data <JSON>' cannot be used with '--fixture <TRIGGER>'",
        ),
    ] {
        let ran = run(&mut project.fg(arguments)).ended_with(code);
        assert!(ran.stderr.starts_with(reason), "{}", ran.stderr);
    }
    project.edit("src/main.rs", "fn main()", "fn main() oops");
    let ran = run(&mut project.fg(&["invoke"])).ended_with(101);
    assert!(
        ran.stderr
            .ends_with("error: the function does not compile; see the compiler's errors above\n"),
        "{}",
        ran.stderr
    );
    project.edit("Cargo.toml", "memory = 128", "memroy = 128");
    let ran = run(&mut project.fg(&["invoke"])).ended_with(2);
    assert!(
        ran.stderr.starts_with("error: Cargo.toml:")
            && ran.stderr.contains(
                ": memroy: there is no such key\n  help: did you mean `memory`? there are: "
            ),
        "{}",
        ran.stderr
    );
    let nowhere = tempfile::tempdir().expect("a directory");
    let ran = run(&mut fg(nowhere.path(), &["invoke"])).ended_with(2);
    assert!(
        ran.stderr
            .starts_with("error: there is no Cargo.toml in this directory or above it\n  help: "),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_unavailable_dependency_is_not_reported_as_a_compile_error() {
    let project = NewProject::bare("dependent", "fn main() {}\n");
    let manifest = project.read("Cargo.toml");
    let nowhere = "error: cargo did not find the package `functiongraph`; see above where it searched\n  help: depend on a clone";
    let absent =
        "error: a dependency is not on this machine, and cargo is offline; see above which one\n";
    for (dependency, reason) in [
        ("functiongraph = \"77\"", nowhere),
        ("functiongraph = { path = \".\" }", nowhere),
        ("fg = { git = \"file:///nowhere/fg\" }", absent),
        ("no-such-crate-of-anybody = \"1\"", absent),
        (
            "serde = { version = \"1\", features = [\"telepathy\"] }",
            "error: a dependency was not found; see above which one, ",
        ),
    ] {
        project.write("Cargo.toml", &format!("{manifest}[dependencies]\n{dependency}\n"));
        for command in ["invoke", "package"] {
            let arguments = if command == "package" {
                &[command, "--target", "x86_64-unknown-linux-gnu"][..]
            } else {
                &[command]
            };
            let ran = run(&mut project.fg(arguments)).ended_with(101);
            assert!(ran.stderr.contains(reason), "{command}, {dependency}: {}", ran.stderr);
            assert!(
                !ran.stderr.contains("does not compile"),
                "{command}, {dependency}: {}",
                ran.stderr
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn dependencies_of_tests_and_other_systems_are_not_downloaded() {
    let project = NewProject::bare("slim", "fn main() {}\n");
    let manifest = project.read("Cargo.toml");
    let unneeded = "[dev-dependencies]\nproptest = { version = \"1\", default-features = false, features = [\"std\"] }\n[target.'cfg(windows)'.dependencies]\nctrlc = \"3\"\n";
    project.write("Cargo.toml", &format!("{manifest}{unneeded}"));
    use_lock_file(&project.directory);
    // A registry with an index, but without downloaded crates.
    let home = std::env::var_os("CARGO_HOME")
        .map_or_else(|| std::env::home_dir().expect("a home").join(".cargo"), PathBuf::from);
    let own_home = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(own_home.path().join("registry")).expect("it is made");
    std::os::unix::fs::symlink(home.join("registry/index"), own_home.path().join("registry/index"))
        .expect("a link");
    let asks_for_all = run(cargo(&project.directory, &["metadata", "--format-version", "1"])
        .env("CARGO_HOME", own_home.path()));
    assert!(
        asks_for_all.code != Some(0) && asks_for_all.stderr.contains("failed to download"),
        "{}",
        asks_for_all.stderr
    );

    for arguments in
        [&["invoke", "--timeout", "1"][..], &["package", "--target", "x86_64-unknown-linux-gnu"]]
    {
        let ran = run(project.fg(arguments).env("CARGO_HOME", own_home.path()));
        // The program is built, and then fails because it is not a function.
        assert!(
            ran.stderr.contains("Finished") && ran.code != Some(101),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_the_function_too() {
    let project = told("hanging");
    run(&mut project.fg(&["invoke"])).ended_with(0);
    let program = target_directory().join("debug").join("hanging");
    let mut child = project
        .fg(&["invoke", "-q", "-d", r#"{"do":"hang"}"#, "--timeout", "600"])
        .spawn()
        .expect("it starts");
    wait_until("the function runs", || processes_of(&program) == 1);
    signal(&child, rustix::process::Signal::INT);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    wait_until("the function's process ends", || processes_of(&program) == 0);
}
