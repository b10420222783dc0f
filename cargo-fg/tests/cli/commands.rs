//! Behaviour that all commands share, and the small commands.

use std::path::Path;

use crate::fg::{NewProject, fg, run, target_directory};

#[test]
fn every_command_explains_itself_with_an_example() {
    let here = Path::new(".");
    let help = run(&mut fg(here, &["--help"])).ended_with(0).stdout;
    assert!(
        help.contains("Usage: cargo fg [OPTIONS] <COMMAND>") && help.contains("Exit codes:"),
        "{help}"
    );
    for command in ["new", "invoke", "dev", "package", "conformance", "completions"] {
        assert!(help.contains(&format!("\n  {command}  ")), "{command} is listed: {help}");
        let own = run(&mut fg(here, &[command, "--help"])).ended_with(0).stdout;
        assert!(own.contains(&format!("Usage: cargo fg {command} ")), "{own}");
        assert!(
            own.contains("Example") && own.contains(&format!("\n  cargo fg {command}")),
            "{own}"
        );
    }
    assert!(!help.contains("guard"), "internal commands are hidden: {help}");
}

#[test]
fn there_are_completions_for_each_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&mut fg(Path::new("."), &["completions", shell])).ended_with(0).stdout;
        assert!(script.contains("cargo-fg") && script.contains("conformance"), "{shell}: {script}");
    }
}

#[test]
fn the_conformance_kit_tests_any_program() {
    let project = NewProject::new("conforms", &[]);
    run(&mut project.fg(&["invoke", "-d", r#"{"name":"Ada"}"#])).ended_with(0);
    let program =
        target_directory().join("debug").join(format!("conforms{}", std::env::consts::EXE_SUFFIX));
    let program = program.to_string_lossy();
    let passed = run(&mut project.fg(&[
        "conformance",
        "--contract",
        "--report",
        "junit=report.xml",
        "--",
        &program,
    ]))
    .ended_with(0);
    assert!(passed.stdout.contains("passed  contract  one-event"), "{}", passed.stdout);
    assert!(project.read("report.xml").contains("failures=\"0\""));
    let failed = run(&mut project.fg(&[
        "conformance",
        "--only",
        "one-event",
        "--deadline",
        "60",
        "--",
        env!("CARGO_BIN_EXE_cargo-fg"),
    ]));
    let failed = failed.ended_with(1);
    assert!(
        failed.stdout.contains("FAILED") || failed.stdout.contains("failed"),
        "{}",
        failed.stdout
    );
    let form = run(&mut project.fg(&["conformance", "--report", "xml=x", "--", "x"])).ended_with(2);
    assert!(
        form.stderr.contains("unknown format xml; the formats are junit, markdown and json"),
        "{}",
        form.stderr
    );
    let unknown =
        run(&mut project.fg(&["conformance", "--only", "nothing", "--", "x"])).ended_with(2);
    assert!(
        unknown.stderr.starts_with("error: there is no scenario `nothing`\n  help: "),
        "{}",
        unknown.stderr
    );
    run(&mut project.fg(&["conformance"])).ended_with(2);
}
