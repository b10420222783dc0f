//! `cargo fg new`.

use std::fs;

use crate::fg::{NewProject, cargo, fg, run};

const TRIGGERS: [&str; 18] = [
    "apig",
    "cts",
    "dds",
    "dis",
    "dms",
    "eventgrid",
    "gemini-mongo",
    "iotda",
    "kafka",
    "kafka-open-source",
    "lts",
    "notification",
    "obs",
    "obs-eventgrid",
    "rabbitmq",
    "rocketmq",
    "smn",
    "timer",
];

#[test]
fn a_project_for_each_trigger_passes_its_tests_and_clippy_and_handles_its_fixture() {
    let workspace = tempfile::tempdir().expect("a directory");
    let directory = workspace.path();
    fs::write(directory.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\n").expect("it is written");
    for trigger in TRIGGERS.iter().chain(&["none"]) {
        run(&mut fg(directory, &["new", &format!("on-{trigger}"), "--event", trigger])).ended_with(0);
    }
    let manifest = fs::read_to_string(directory.join("Cargo.toml")).expect("it is there");
    assert!(manifest.contains("\"on-timer\""), "the projects are members: {manifest}");
    let tests = run(&mut cargo(directory, &["test", "--workspace"])).ended_with(0);
    assert_eq!(tests.stdout.matches("test result: ok. 1 passed").count(), TRIGGERS.len(), "{}", tests.stdout);
    assert_eq!(tests.stdout.matches("test result: ok. 2 passed").count(), 1, "{}", tests.stdout);
    run(&mut cargo(directory, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])).ended_with(0);
    run(&mut cargo(directory, &["fmt", "--all", "--check"])).ended_with(0);
    run(&mut cargo(directory, &["build", "--workspace"])).ended_with(0);
    for trigger in TRIGGERS {
        let name = format!("on-{trigger}");
        let ran = run(&mut fg(directory, &["invoke", "-p", &name, "--fixture", trigger])).ended_with(0);
        let event = fs::read_to_string(directory.join(&name).join("event.json")).expect("there is a sample");
        assert!(event.starts_with('{'), "{event}");
        assert!(ran.stdout.starts_with("--- function return ---\n"), "{trigger}: {}", ran.stdout);
    }
}

#[test]
fn a_router_passes_its_tests_and_clippy_and_is_served() {
    let project = NewProject::new("routed", &["--http"]);
    run(&mut cargo(&project.directory, &["test"])).ended_with(0);
    run(&mut cargo(&project.directory, &["clippy", "--all-targets", "--", "-D", "warnings"])).ended_with(0);
    run(&mut cargo(&project.directory, &["fmt", "--check"])).ended_with(0);
    let event = r#"{"httpMethod":"GET","path":"/hello/Ada","headers":{},"body":"","isBase64Encoded":true}"#;
    let ran = run(&mut project.fg(&["invoke", "-d", event, "--output", "json"])).ended_with(0);
    assert!(ran.stdout.contains("Hello, Ada!") || ran.stdout.contains("SGVsbG8sIEFkYSE="), "{}", ran.stdout);
}

#[test]
fn nothing_is_asked_where_nobody_can_answer() {
    let parent = tempfile::tempdir().expect("a directory");
    let ran = run(&mut fg(parent.path(), &["new"])).ended_with(2);
    assert_eq!(ran.stderr, "error: what is the function to be called?\n  help: cargo fg new NAME\n");
    run(&mut fg(parent.path(), &["new", "plain"])).ended_with(0);
    let manifest = fs::read_to_string(parent.path().join("plain/Cargo.toml")).expect("it is there");
    assert!(manifest.contains("[profile.release]") && !manifest.contains("features = [\"events"), "{manifest}");
    assert_eq!(fs::read_to_string(parent.path().join("plain/.gitignore")).ok().as_deref(), Some("/target\n"));
}

#[test]
fn without_a_clone_the_project_depends_on_the_published_crate() {
    let parent = tempfile::tempdir().expect("a directory");
    run(fg(parent.path(), &["new", "published", "--event", "obs"]).env_remove("FG_PATH")).ended_with(0);
    let manifest = fs::read_to_string(parent.path().join("published/Cargo.toml")).expect("it is there");
    let line = "fg = { package = \"functiongraph\", version = \"0.1\", features = [\"events-obs\"] }\n";
    assert!(manifest.contains(line), "{manifest}");
}

#[test]
fn what_cannot_be_made_is_refused_with_a_reason() {
    let parent = tempfile::tempdir().expect("a directory");
    fs::create_dir(parent.path().join("there")).expect("it is made");
    for (arguments, reason) in [
        (&["new", "there"][..], "error: there exists already"),
        (&["new", "2greet"], "error: \"2greet\" cannot be the name of a function"),
        (&["new", "greet", "--event", "carrier-pigeon"], "error: invalid value 'carrier-pigeon' for '--event <TRIGGER>'"),
        (&["new", "greet", "--event", "obs", "--http"], "error: the argument '--event <TRIGGER>' cannot be used with '--http'"),
        (&["new", "greet", "--path", "/"], "error: /Cargo.toml is not the package `functiongraph`"),
    ] {
        let ran = run(&mut fg(parent.path(), arguments)).ended_with(2);
        assert!(ran.stderr.starts_with(reason), "{}", ran.stderr);
    }
    assert!(!parent.path().join("greet").exists());
}
