//! Settings of a function from files, environment variables and manifests; secrets are never
//! printed.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::dev::Dev;
use crate::fg::{NewProject, Ran, run, target_directory};

/// A function that returns its settings, and logs on each level.
const MAIN: &str = r#"
#[fg::handler]
async fn handle(event: serde_json::Value, ctx: &fg::Context) -> Result<serde_json::Value, fg::Error> {
    ctx.logger().debug("a detail");
    println!("user event: {}", event["user_event"]);
    let keys = ctx.credentials().map(|keys| {
        [keys.security_access_key().expose(), keys.security_secret_key().expose(), keys.security_token().expose()].join("|")
    });
    Ok(serde_json::json!({
        "keys": keys,
        "project": ctx.project_id(),
        "A": ctx.user_data("A"),
        "B": std::env::var("B").ok(),
        "errors": std::env::var("FG_HTTP_ERRORS").ok(),
        "memory": ctx.memory_size(),
        "timeout": ctx.timeout().as_secs(),
    }))
}

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}
"#;

fn project(name: &str) -> NewProject {
    let project = NewProject::new(name, &[]);
    project.write("src/main.rs", MAIN);
    project.edit("Cargo.toml", "serde = {", "serde_json = \"1\"\nserde = {");
    project
}

fn returned(ran: Ran) -> Value {
    let ran = ran.ended_with(0);
    serde_json::from_str::<Value>(&ran.stdout).expect("JSON")["return"].clone()
}

#[test]
fn variables_come_from_files_and_from_the_shell() {
    let project = project("variables");
    project.write("my .env", "\u{feff}# for here\r\nexport A=\"from the file\"\r\nB='also'\r\n");
    let json = |arguments: &[&str]| {
        let mut command = project.fg(&[&["invoke", "--output", "json"], arguments].concat());
        returned(run(command.env("B", "from the shell")))
    };
    let of_file = json(&["--env-file", "my .env"]);
    assert_eq!((&of_file["A"], &of_file["B"]), (&json!("from the file"), &json!("also")));
    let of_shell = json(&["--env-file", "my .env", "--env", "B", "--env", "FG_HTTP_ERRORS=bare"]);
    assert_eq!(
        (&of_shell["A"], &of_shell["B"]),
        (&json!("from the file"), &json!("from the shell"))
    );
    assert_eq!((&of_file["errors"], &of_shell["errors"]), (&json!("full"), &json!("bare")));

    project.write("bad.env", "A=1\nB=\"hunter2\n");
    for (arguments, reason) in [
        (
            &["--env-file", "bad.env"][..],
            "error: bad.env, line 2: a quotation mark is not closed\n  help: a line can be NAME=value, ",
        ),
        (&["--env-file", "nowhere.env"], "error: nowhere.env cannot be read\n"),
        (&["--env", "1=hunter2"], "error: --env: the name of a variable has to be a letter, "),
        (&["--env", "hunter2!"], "error: --env: the name of a variable has to be a letter, "),
        (
            &["--env", "NO_SUCH_VARIABLE"],
            "error: --env NO_SUCH_VARIABLE: the environment has no variable of that name\n",
        ),
        (
            &["--log-level", "loud"],
            "error: invalid value 'loud' for '--log-level <LEVEL>': \"loud\" is not a level: off, error, ",
        ),
    ] {
        for command in ["invoke", "dev"] {
            let ran = run(&mut project.fg(&[&[command], arguments].concat())).ended_with(2);
            assert!(
                ran.stderr.starts_with(reason) && !ran.stderr.contains("hunter2"),
                "{}",
                ran.stderr
            );
        }
    }
}

#[test]
fn credentials_come_from_the_sdks_variables_or_file_and_only_reach_the_function() {
    let project = project("keys");
    project.write(
        "my credentials",
        "[basic]\nak = AK1\nsk = SK1\nsecurity_token = ST1\nproject_id = p1\n",
    );
    let of_file = returned(run(&mut project.fg(&[
        "invoke",
        "--output",
        "json",
        "--credentials",
        "my credentials",
    ])));
    assert_eq!((&of_file["keys"], &of_file["project"]), (&json!("AK1|SK1|ST1"), &json!("p1")));

    let mut of_shell = project.fg(&["invoke", "--output", "json", "--credentials", "env"]);
    let of_shell =
        returned(run(of_shell.env("HUAWEICLOUD_SDK_AK", "AK2").env("HUAWEICLOUD_SDK_SK", "SK2")));
    assert_eq!(of_shell["keys"], "AK2|SK2|", "keys that do not expire have no token");
    assert_eq!(
        returned(run(&mut project.fg(&["invoke", "--output", "json"])))["keys"],
        Value::Null
    );

    // Also without `cargo fg`: one event from a pipe.
    let program =
        target_directory().join("debug").join(format!("keys{}", std::env::consts::EXE_SUFFIX));
    let in_a_shell = |asked: &str| {
        let mut command = Command::new(&program);
        let event =
            fs::File::open(project.directory.join("event.json")).expect("there is a sample");
        command
            .env("HUAWEICLOUD_SDK_AK", "AK3")
            .env("HUAWEICLOUD_SDK_SK", "SK3")
            .env("HUAWEICLOUD_SDK_SECURITY_TOKEN", "ST3");
        run(command.env("FG_MODE", "one-shot").env("FG_CREDENTIALS", asked).stdin(event))
    };
    let ran = in_a_shell("env").ended_with(0);
    assert!(
        ran.stdout.contains("AK3|SK3|ST3") && !ran.stderr.contains("SK3"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert!(in_a_shell("").ended_with(0).stdout.contains("\"keys\":null"));
    assert!(
        in_a_shell("/a/file")
            .ended_with(2)
            .stderr
            .starts_with("fg: FG_CREDENTIALS can be `env` here")
    );

    let mut dev = Dev::start(&project, &["--credentials", "my credentials"]);
    let (status, body) = dev.ask("POST /", "{}");
    assert!(status == 200 && body.contains("AK1|SK1|ST1"), "{body}");
    assert!(!dev.said().contains("SK1"), "{}", dev.said());

    let mut none = project.fg(&["invoke", "--credentials", "env"]);
    for name in
        ["HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY", "OS_ACCESS_KEY", "HUAWEICLOUD_SDK_CREDENTIALS_FILE"]
    {
        none.env_remove(name);
    }
    let ran = run(&mut none).ended_with(2);
    assert!(
        ran.stderr.starts_with(
            "error: --credentials env: no credentials in the environment\n  help: set "
        ),
        "{}",
        ran.stderr
    );
}

#[test]
fn members_inherit_settings_of_the_workspace_and_secrets_there_cause_a_warning() {
    let project = project("member");
    project.edit(
        "Cargo.toml",
        "memory = 128 # MB\ntimeout = 3 # seconds",
        "timeout = 9\nenvironment = { B = \"b\" }\nlog_level = \"debug\"",
    );
    let manifest = project.read("Cargo.toml");
    let workspace = "[workspace]\n[workspace.metadata.fg]\nmemory = 512\ntimeout = 7\nenvironment = { A = \"a\", B = \"w\", API_KEY = \"hunter2\" }\n";
    project.write("Cargo.toml", &format!("{manifest}{workspace}"));
    let ran = run(&mut project.fg(&["invoke", "--output", "json"])).ended_with(0);
    assert!(
        ran.stderr.contains(
            "warning: the variable API_KEY of `member` in Cargo.toml looks like a secret, which should not be committed\n  help: "
        ),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    assert!(ran.stdout.contains("DEBUG a detail"), "{}", ran.stdout);
    let returned = returned(ran);
    assert_eq!((&returned["memory"], &returned["timeout"]), (&json!(512), &json!(9)));
    assert_eq!((&returned["A"], &returned["B"]), (&json!("a"), &json!("b")));
    let quiet = run(&mut project.fg(&["invoke", "--log-level", "warn"])).ended_with(0);
    assert!(!quiet.stdout.contains("a detail"), "{}", quiet.stdout);

    project.write(
        "Cargo.toml",
        &format!("{manifest}[workspace]\n[workspace.metadata.fg]\nenviroment = {{}}\n"),
    );
    let line = manifest.lines().count() + 3;
    let reason = format!(
        "error: Cargo.toml:{line}: enviroment: there is no such key\n  help: did you mean `environment`? there are: "
    );
    for command in ["invoke", "dev", "package"] {
        let ran = run(&mut project.fg(&[command])).ended_with(2);
        assert!(ran.stderr.starts_with(&reason), "{}", ran.stderr);
    }
}

#[test]
fn a_secret_of_the_manifest_comes_from_the_shell_and_is_not_printed() {
    let project = project("secret");
    project.edit(
        "Cargo.toml",
        "timeout = 3 # seconds",
        "environment = { A = { env = \"FG_TEST_SECRET\" }, B = 7 }",
    );
    let line = 1 + project
        .read("Cargo.toml")
        .lines()
        .position(|line| line.starts_with("environment"))
        .expect("it is there");
    let missing = format!(
        "error: Cargo.toml:{line}: environment.A: the variable FG_TEST_SECRET is not set in the shell\n  help: \
         set FG_TEST_SECRET, or give another value with --env-file FILE or --env A=VALUE\n"
    );
    for command in ["invoke", "dev"] {
        let mut command = project.fg(&[command]);
        let ran = run(command.env_remove("FG_TEST_SECRET")).ended_with(2);
        assert_eq!(ran.stderr, missing);
    }
    let mut command = project.fg(&["invoke", "--output", "json"]);
    let ran = run(command.env("FG_TEST_SECRET", "hunter2")).ended_with(0);
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    let found = returned(ran);
    assert_eq!((&found["A"], &found["B"]), (&json!("hunter2"), &json!("7")));
    let mut command = project.fg(&["invoke", "--output", "json", "--env", "A=another"]);
    let found = returned(run(command.env_remove("FG_TEST_SECRET")));
    assert_eq!(found["A"], "another");
}

#[test]
fn timers_of_the_manifest_fire_with_their_texts() {
    let project = project("clock");
    project.edit(
        "Cargo.toml",
        "timeout = 3 # seconds",
        "timeout = 3 # seconds\ntimers = [{ name = \"nightly\", schedule = \"@every 100ms\", text = \"all of it\" }]",
    );
    let mut dev = Dev::start(&project, &["--timer", "@every 100ms", "--timer-text", "by hand"]);
    dev.wait_for("Timer nightly (@every 100ms) for clock\n", 1);
    dev.wait_for("nightly fired: ", 1);
    dev.wait_for("user event: \"all of it\"\n", 1);
    dev.wait_for("user event: \"by hand\"\n", 1);
    drop(dev);
    let mut dev = Dev::start(&project, &["--no-timers"]);
    dev.wait_for("Ready clock\n", 1);
    assert!(!dev.said().contains("Timer"), "{}", dev.said());
    let line = 1 + project
        .read("Cargo.toml")
        .lines()
        .position(|line| line.starts_with("timers"))
        .expect("it is there");
    project.edit("Cargo.toml", "text = \"all of it\"", "function = \"clok\"");
    let ran = run(&mut project.fg(&["dev"])).ended_with(2);
    let reason = format!(
        "error: Cargo.toml:{line}: timers[0].function: there is no such function\n  help: there are: clock\n"
    );
    assert_eq!(ran.stderr, reason);
    project.edit("Cargo.toml", "@every 100ms", "sometimes");
    let ran = run(&mut project.fg(&["dev"])).ended_with(2);
    let reason =
        format!("error: Cargo.toml:{line}: timers[0].schedule: it has 1 fields; it needs ");
    assert!(ran.stderr.starts_with(&reason), "{}", ran.stderr);
}
