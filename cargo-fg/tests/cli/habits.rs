//! Command lines as users of curl, cargo and other tools type them.

use std::fs;
use std::path::Path;

use crate::fg::{NewProject, cargo, fg, run};

#[test]
fn events_are_accepted_as_in_curl_and_other_tools() {
    let project = NewProject::new("habitual", &[]);
    fs::create_dir(project.directory.join("größe")).expect("it is made");
    project.write("größe/an event.json", r#"{"name":"Eve"}"#);
    for (arguments, name) in [
        (&["-d", "@größe/an event.json"][..], "Eve"),
        (&["--data-file", "größe/an event.json"], "Eve"),
        (&["--data-ascii", r#"{"name":"Ada"}"#], "Ada"),
        (&[r#"{"name":"Bob"}"#], "Bob"),
        (&["@größe/an event.json"], "Eve"),
        (&["habitual", r#"{"name":"Bob"}"#], "Bob"),
        (&[r#"{"name":"Bob"}"#, "habitual"], "Bob"),
        (&["habitual", "-d", r#"{"name":"Bob"}"#], "Bob"),
    ] {
        let ran = run(&mut project.fg(&[&["invoke", "-q"], arguments].concat())).ended_with(0);
        let expected = format!("{{\"message\":\"Hello, {name}!\"}}\n");
        assert!(ran.stdout.contains(&expected), "{arguments:?}: {}", ran.stdout);
    }
    #[cfg(unix)]
    {
        let file =
            fs::File::open(project.directory.join("größe/an event.json")).expect("it is there");
        let ran = run(project.fg(&["invoke", "-q"]).stdin(file)).ended_with(0);
        assert!(ran.stdout.contains("Hello, Eve!"), "{}", ran.stdout);
    }
    for (arguments, reason) in [
        (&["-d", "{}", "{}"][..], "error: two events are given: one with a flag and one without\n"),
        (&["{}", "[]"], "error: two events are given\n  help: cargo fg invoke FUNCTION "),
        (&["habitual", "other"], "error: two functions are given\n"),
        (
            &["habitual", "--bin", "habitual"],
            "error: the function is given twice: with a flag and without one\n",
        ),
        (&["habitul"], "error: there is no bin `habitul`\n  help: there are: habitual\n"),
        (
            &["event.json"],
            "error: the event is not JSON, and the platform accepts only JSON\n  because: ",
        ),
    ] {
        let ran = run(&mut project.fg(&[&["invoke"], arguments].concat())).ended_with(2);
        assert!(ran.stderr.starts_with(reason), "{arguments:?}: {}", ran.stderr);
    }
    let file = run(&mut project.fg(&["invoke", "event.json"])).ended_with(2);
    assert!(
        file.stderr.ends_with("  help: to read the event from this file: -d @event.json\n"),
        "{}",
        file.stderr
    );
}

#[test]
fn a_byte_order_mark_is_removed_and_reported() {
    let project = NewProject::new("marked", &[]);
    fs::write(project.directory.join("bom.json"), b"\xef\xbb\xbf{\"name\":\"Ada\"}")
        .expect("it is written");
    let utf_16: Vec<_> =
        "\u{feff}{\"name\":\"Bob\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(project.directory.join("utf-16.json"), utf_16).expect("it is written");
    for (file, name, note) in [
        (
            "bom.json",
            "Ada",
            "note: the event begins with a byte order mark, which JSON does not allow; it was removed.",
        ),
        ("utf-16.json", "Bob", "note: the event was converted from UTF-16, because JSON is UTF-8."),
    ] {
        let ran = run(&mut project.fg(&["invoke", "-f", file])).ended_with(0);
        assert!(
            ran.stdout.contains(&format!("Hello, {name}!")) && ran.stderr.contains(note),
            "{}{}",
            ran.stdout,
            ran.stderr
        );
    }
}

#[test]
fn commands_of_other_tools_are_aliases_or_explained() {
    let here = Path::new(".");
    for (command, own) in
        [("watch", "dev"), ("serve", "dev"), ("start", "dev"), ("build", "package")]
    {
        let help = run(&mut fg(here, &[command, "--help"])).ended_with(0).stdout;
        assert!(help.contains(&format!("\n  cargo fg {own}\n")), "{command}: {help}");
    }
    for (command, advice) in
        [("run", "`cargo fg invoke` runs the function once"), ("init", "`cargo fg new NAME`")]
    {
        for arguments in
            [&[command][..], &[command, "--region", "cn-north-4", "greet"], &[command, "--help"]]
        {
            let ran = run(&mut fg(here, arguments)).ended_with(2);
            assert!(
                ran.stderr.starts_with(&format!(
                    "error: there is no `cargo fg {command}`\n  help: {advice}"
                )),
                "{}",
                ran.stderr
            );
        }
    }
    let unknown = run(&mut fg(here, &["pakage"])).ended_with(2);
    assert!(unknown.stderr.contains("package"), "{}", unknown.stderr);
}

#[test]
fn an_outdated_lock_file_is_reported_without_naming_a_flag_that_was_not_given() {
    let project = NewProject::bare("stale", "fn main() {}\n");
    run(&mut cargo(&project.directory, &["generate-lockfile"])).ended_with(0);
    let package = ["package", "--target", "x86_64-unknown-linux-gnu"];
    for (from, to) in [
        ("version = \"0.1.0\"", "version = \"0.2.0\""),
        ("edition = \"2024\"\n", "edition = \"2024\"\n[dependencies]\nitoa = \"1\"\n"),
    ] {
        project.edit("Cargo.toml", from, to);
        let ran = run(&mut project.fg(&package)).ended_with(101);
        assert!(
            ran.stderr.starts_with(
                "error: Cargo.lock is out of date: a version or a dependency in Cargo.toml has changed"
            ),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains("help: `cargo update --workspace` updates it")
                && !ran.stderr.contains("--locked"),
            "{}",
            ran.stderr
        );
        run(&mut cargo(&project.directory, &["update", "--workspace"])).ended_with(0);
        let again = run(&mut project.fg(&package));
        assert!(!again.stderr.contains("Cargo.lock is out of date"), "{}", again.stderr);
    }
}
