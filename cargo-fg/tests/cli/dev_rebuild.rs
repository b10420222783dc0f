//! `cargo fg dev` when files change: files that a build script uses, and which functions are
//! started again.

use std::fs;

use crate::dev::Dev;
use crate::fg::NewProject;

/// A function that returns the output of its build script.
const MAIN: &str = r#"
#[fg::handler]
async fn handle(_: fg::Ignored) -> Result<&'static str, fg::Error> {
    Ok(TEXT)
}

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}
"#;

fn with_build_script(name: &str, main: &str, script: &str) -> NewProject {
    let project = NewProject::new(name, &[]);
    project.write("src/main.rs", &format!("{main}{MAIN}"));
    project.write("build.rs", script);
    fs::create_dir_all(project.directory.join("proto/deep")).expect("it is made");
    project.write("proto/deep/greeting.txt", "v1");
    project
}

#[test]
fn edits_in_a_directory_that_a_build_script_names_are_seen() {
    let script = r#"
fn main() {
    println!("cargo::rerun-if-changed=proto");
    let text = std::fs::read_to_string("proto/deep/greeting.txt").unwrap();
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").unwrap());
    std::fs::write(out.join("text.rs"), format!("const TEXT: &str = {text:?};")).unwrap();
}
"#;
    let project = with_build_script(
        "reads-a-directory",
        "include!(concat!(env!(\"OUT_DIR\"), \"/text.rs\"));\n",
        script,
    );
    let mut dev = Dev::start(&project, &[]);
    assert_eq!(dev.ask("POST /", "{}"), (200, "\"v1\"".to_owned()));
    project.write("proto/deep/greeting.txt", "v2");
    dev.wait_for("Changed proto/deep/greeting.txt\n", 1);
    dev.wait_for("Ready reads-a-directory\n", 2);
    assert_eq!(dev.ask("POST /", "{}"), (200, "\"v2\"".to_owned()));
    project.write("unread.txt", "unread");
    project.write("proto/new.txt", "");
    dev.wait_for("Changed proto/new.txt\n", 1);
    assert!(!dev.said().contains("unread.txt"), "{}", dev.said());
}

#[test]
fn without_rerun_if_changed_every_file_of_the_package_is_watched_even_after_a_failed_build() {
    let script = r#"
fn main() {
    let text = std::fs::read_to_string("schema.txt").expect("there is a schema");
    std::fs::write("src/generated.rs", format!("pub const TEXT: &str = {:?};\n", text.trim())).unwrap();
}
"#;
    let project =
        with_build_script("silent-script", "mod generated;\nuse generated::TEXT;\n", script);
    let mut dev = Dev::start(&project, &[]);
    dev.wait_for("Waiting for a change\n", 1);
    project.write("schema.txt", "v1");
    dev.wait_for("Changed schema.txt\n", 1);
    dev.wait_for("Ready silent-script\n", 1);
    assert_eq!(dev.ask("POST /", "{}"), (200, "\"v1\"".to_owned()));
    project.write("schema.txt", "v2\n");
    dev.wait_for("Changed schema.txt\n", 2);
    dev.wait_for("Ready silent-script\n", 2);
    assert_eq!(dev.ask("POST /", "{}"), (200, "\"v2\"".to_owned()));
    // The script writes the same content in each build, which must not trigger another one.
    project.edit(
        "src/main.rs",
        "async fn handle",
        "#[allow(clippy::unused_async)]\nasync fn handle",
    );
    dev.wait_for("Changed src/main.rs\n", 1);
    dev.wait_for("Ready silent-script\n", 3);
    project.write("schema.txt", "v3\n");
    dev.wait_for("Changed schema.txt\n", 3);
    assert_eq!(
        dev.said().matches("Changed ").count(),
        4,
        "it builds again and again: {}",
        dev.said()
    );
}

#[test]
fn a_file_that_every_build_changes_does_not_cause_endless_builds() {
    let script = r#"
fn main() {
    println!("cargo::rerun-if-changed=never-there");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    std::fs::write("generated.txt", now.to_string()).unwrap();
}
"#;
    let project = with_build_script(
        "restless",
        "const TEXT: &str = include_str!(\"../generated.txt\");\n",
        script,
    );
    let mut dev = Dev::start(&project, &[]);
    let note = "note: every build writes generated.txt with different contents; changes of it are ignored\n";
    dev.wait_for("Ready restless\n", 1);
    project.edit("src/main.rs", "fn main()", "/// It runs.\nfn main()");
    dev.wait_for(note, 1);
    let ready = dev.said().matches("Ready restless\n").count();
    project.edit(
        "src/main.rs",
        "async fn handle",
        "#[allow(clippy::unused_async)]\nasync fn handle",
    );
    dev.wait_for("Changed src/main.rs\n", 2);
    dev.wait_for("Ready restless\n", ready + 1);
    assert_eq!(dev.said().matches(note).count(), 1, "{}", dev.said());
}

#[test]
fn a_function_that_an_edit_does_not_change_is_not_restarted() {
    let project = NewProject::new("steady", &[]);
    fs::create_dir(project.directory.join("src/bin")).expect("it is made");
    project.write("src/bin/edited-one.rs", &project.read("src/main.rs"));
    project.write(".env", "A=1\n");
    let mut dev = Dev::start(&project, &["steady", "edited-one", "--env-file", ".env"]);
    dev.wait_for("Ready steady\n", 1);
    dev.wait_for("Ready edited-one\n", 1);
    project.edit("src/bin/edited-one.rs", "Hello, {}", "Ahoy, {}");
    dev.wait_for("Ready edited-one\n", 2);
    assert_eq!(dev.ask("POST /edited-one", r#"{"name":"Ada"}"#).1, r#"{"message":"Ahoy, Ada!"}"#);
    assert_eq!(dev.ask("POST /steady", r#"{"name":"Ada"}"#).1, r#"{"message":"Hello, Ada!"}"#);
    assert_eq!(dev.said().matches("Ready steady\n").count(), 1, "{}", dev.said());
    // A change of its environment restarts it.
    project.write(".env", "A=2\n");
    dev.wait_for("Changed .env\n", 1);
    dev.wait_for("Ready steady\n", 2);
    dev.wait_for("Ready edited-one\n", 3);
}
