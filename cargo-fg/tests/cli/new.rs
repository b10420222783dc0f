//! `cargo fg new`.

use std::fs;
use std::process::{Command, Stdio};

use crate::fg::{NewProject, cargo, fg, repository, run, target_directory, use_lock_file};

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

/// Runs clippy on a new project.
const CLIPPY: [&str; 8] =
    ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings", "-D", "clippy::pedantic"];

#[test]
fn a_project_for_each_trigger_passes_its_tests_and_clippy_and_handles_its_fixture() {
    let workspace = tempfile::tempdir().expect("a directory");
    let directory = workspace.path();
    fs::write(directory.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\n")
        .expect("it is written");
    for trigger in TRIGGERS.iter().chain(&["none"]) {
        run(&mut fg(directory, &["new", &format!("on-{trigger}"), "--event", trigger]))
            .ended_with(0);
    }
    use_lock_file(directory);
    let manifest = fs::read_to_string(directory.join("Cargo.toml")).expect("it is there");
    assert!(manifest.contains("\"on-timer\""), "the projects are members: {manifest}");
    assert_eq!(manifest.matches("[profile.release]").count(), 1, "{manifest}");
    let tests = run(&mut cargo(directory, &["test", "--workspace"])).ended_with(0);
    assert_eq!(
        tests.stdout.matches("test result: ok. 1 passed").count(),
        TRIGGERS.len(),
        "{}",
        tests.stdout
    );
    assert_eq!(tests.stdout.matches("test result: ok. 2 passed").count(), 1, "{}", tests.stdout);
    run(&mut cargo(directory, &CLIPPY)).ended_with(0);
    run(&mut cargo(directory, &["fmt", "--all", "--check"])).ended_with(0);
    run(&mut cargo(directory, &["build", "--workspace"])).ended_with(0);
    for trigger in TRIGGERS {
        // Runs the program directly: building each package alone would rebuild fg with only that
        // trigger's feature.
        let name = format!("on-{trigger}");
        let event =
            fs::File::open(directory.join(&name).join("event.json")).expect("there is a sample");
        let ran = run(Command::new(target_directory().join("debug").join(&name)).stdin(event))
            .ended_with(0);
        assert!(ran.stderr.contains("--- execution summary ---"), "{trigger}: {}", ran.stderr);
    }
    let ran =
        run(&mut fg(directory, &["invoke", "-p", "on-obs", "--fixture", "obs"])).ended_with(0);
    assert!(
        ran.stdout.starts_with("--- function return ---\n[\"2026/march/sea and sky.jpg\"]\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_router_passes_its_tests_and_clippy_and_answers_its_sample_request() {
    let project = NewProject::new("routed", &["--http"]);
    run(&mut cargo(&project.directory, &["test"])).ended_with(0);
    run(&mut cargo(&project.directory, &CLIPPY)).ended_with(0);
    run(&mut cargo(&project.directory, &["fmt", "--check"])).ended_with(0);
    let readme = project.read("README.md");
    assert!(
        readme.contains("| `cargo fg invoke -f event.json` | builds the function and runs it once"),
        "{readme}"
    );
    let ran = run(&mut project.fg(&["invoke", "-f", "event.json"])).ended_with(0);
    let expected = "--- function return ---\n{\"statusCode\":200,";
    assert!(
        ran.stdout.starts_with(expected) && ran.stdout.contains("\"body\":\"Hello, Ada!\""),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_program_without_an_event_explains_how_to_run_it() {
    let project = NewProject::new("untold", &[]);
    run(&mut project.fg(&["invoke", "-d", r#"{"name":"Ada"}"#])).ended_with(0);
    let ran = run(Command::new(target_directory().join("debug/untold")).stdin(Stdio::null()))
        .ended_with(2);
    // Windows shells have other commands for it.
    assert!(
        !cfg!(unix)
            || ran.stderr.contains("| ")
                && ran.stderr.contains("untold < event.json")
                && ran.stdout.is_empty(),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_project_may_have_the_name_of_a_crate_that_it_depends_on() {
    let project = NewProject::new("itoa", &[]);
    let ran = run(&mut project.fg(&["invoke", "-q", "-d", r#"{"name":"Ada"}"#])).ended_with(0);
    assert!(ran.stdout.contains("Hello, Ada!"), "{}", ran.stdout);
}

#[test]
fn a_project_inside_a_clone_of_fg_is_not_a_member_of_it() {
    let parent = tempfile::tempdir().expect("a directory");
    let manifest = "[workspace]\n[package]\nname = \"functiongraph\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    fs::create_dir(parent.path().join("src")).expect("it is made");
    fs::write(parent.path().join("src/lib.rs"), "").expect("it is written");
    fs::write(parent.path().join("Cargo.toml"), manifest).expect("it is written");
    let ran = run(&mut fg(parent.path(), &["new", "mine/greet"])).ended_with(0);
    assert!(
        ran.stderr
            .contains("note: it is inside a clone of fg, but not a member of its workspace\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        fs::read_to_string(parent.path().join("Cargo.toml")).expect("it is there"),
        manifest
    );
    let own = fs::read_to_string(parent.path().join("mine/greet/Cargo.toml")).expect("it is there");
    assert!(own.contains("[profile.release]") && own.ends_with("\n[workspace]\n"), "{own}");
    run(&mut cargo(
        &parent.path().join("mine/greet"),
        &["metadata", "--no-deps", "--format-version", "1"],
    ))
    .ended_with(0);
    run(&mut cargo(parent.path(), &["check"])).ended_with(0);
}

#[test]
fn it_does_not_prompt_without_a_terminal() {
    let parent = tempfile::tempdir().expect("a directory");
    let ran = run(&mut fg(parent.path(), &["new"])).ended_with(2);
    assert_eq!(
        ran.stderr,
        "error: the name of the function is missing\n  help: cargo fg new NAME\n"
    );
    run(&mut fg(parent.path(), &["new", "plain"])).ended_with(0);
    let manifest = fs::read_to_string(parent.path().join("plain/Cargo.toml")).expect("it is there");
    assert!(
        manifest.contains("[profile.release]") && !manifest.contains("features = [\"events"),
        "{manifest}"
    );
    assert_eq!(
        fs::read_to_string(parent.path().join("plain/.gitignore")).ok().as_deref(),
        Some("/target\n")
    );
}

#[test]
fn a_cargo_fg_built_in_a_clone_makes_projects_that_depend_on_it() {
    let parent = tempfile::tempdir().expect("a directory");
    let ran = run(fg(parent.path(), &["new", "cloned", "--event", "obs"]).env_remove("FG_PATH"))
        .ended_with(0);
    let manifest =
        fs::read_to_string(parent.path().join("cloned/Cargo.toml")).expect("it is there");
    let clone = repository().display();
    let line = format!("functiongraph = {{ path = \"{clone}\", features = [\"events-obs\"] }}\n");
    assert!(manifest.contains(&line), "{manifest}");
    assert!(
        ran.stderr.contains(&format!("note: it depends on the clone of fg in {clone}, ")),
        "{}",
        ran.stderr
    );
}

#[test]
fn invalid_new_projects_are_rejected_with_a_reason() {
    let parent = tempfile::tempdir().expect("a directory");
    fs::create_dir(parent.path().join("there")).expect("it is made");
    for (arguments, reason) in [
        (&["new", "there"][..], "error: there exists already"),
        (&["new", "2greet"], "error: \"2greet\" cannot be the name of a function"),
        (
            &["new", "greet", "--event", "carrier-pigeon"],
            "error: invalid value 'carrier-pigeon' for '--event <TRIGGER>'",
        ),
        (
            &["new", "greet", "--event", "obs", "--http"],
            "error: the argument '--event <TRIGGER>' cannot be used with '--http'",
        ),
        (
            &["new", "functiongraph"],
            "error: \"functiongraph\" cannot be the name of a function: the function depends on a package",
        ),
        (
            &["new", "fg"],
            "error: \"fg\" cannot be the name of a function: the function depends on a package of that name",
        ),
        (&["new", "greet", "--path", "/"], "error: /Cargo.toml is not the package `functiongraph`"),
    ] {
        let ran = run(&mut fg(parent.path(), arguments)).ended_with(2);
        assert!(ran.stderr.starts_with(reason), "{}", ran.stderr);
    }
    assert!(!parent.path().join("greet").exists());
}
