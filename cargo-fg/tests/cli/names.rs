//! Programs of the same name in several packages of a workspace.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::dev::Dev;
use crate::fg::{NewProject, fg, repository, run, target_directory, use_lock_file};

/// Packages that each have a program of this name, which returns its package. Each test uses a
/// different name, because they share the target directory.
fn workspace(names: &[&str], program: &str, more: &str) -> TempDir {
    let workspace = tempfile::tempdir().expect("a directory");
    let root = workspace.path();
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = {names:?}\n{more}");
    fs::write(root.join("Cargo.toml"), manifest).expect("it is written");
    for name in names {
        package(&root.join(name), name, program);
    }
    use_lock_file(root);
    workspace
}

fn package(directory: &Path, name: &str, program: &str) {
    fs::create_dir_all(directory.join("src")).expect("it is made");
    let fg = toml::Value::from(repository().display().to_string());
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[[bin]]\nname = \"{program}\"\npath = \"src/main.rs\"\n\
         [dependencies]\nfg = {{ package = \"functiongraph\", path = {fg} }}\n"
    );
    fs::write(directory.join("Cargo.toml"), manifest).expect("it is written");
    let main = format!(
        "#[fg::handler]\nasync fn handle(_: fg::Ignored, ctx: &fg::Context) -> Result<String, fg::Error> {{\n    \
         Ok(format!(\"{name} as {{}}\", ctx.function_name()))\n}}\n\nfn main() -> std::process::ExitCode {{\n    fg::run::<handle>()\n}}\n"
    );
    fs::write(directory.join("src/main.rs"), main).expect("it is written");
}

#[test]
fn two_programs_of_the_same_name_are_served_under_different_names() {
    let workspace = workspace(&["twin-a", "twin-b"], "twin", "");
    let mut dev = Dev::start_in(workspace.path(), &["--timer", "twin-b/twin=@every 1h"]);
    dev.wait_for("Timer timer-1 (@every 1h) for twin-b/twin\n", 1);
    for name in ["twin-a", "twin-b"] {
        dev.wait_for(&format!("Serving {name}/twin on http://"), 1);
        dev.wait_for(
            &format!(
                "note: SDKs and the function itself see {name}/twin under the name {name}-twin\n"
            ),
            1,
        );
        let urn = format!("urn%3Afss%3Alocal%3Ap%3Afunction%3Adefault%3A{name}-twin");
        let (status, body) = dev.ask(&format!("POST /v2/p/fgs/functions/{urn}/invocations"), "{}");
        assert_eq!((status, body), (200, format!("\"{name} as {name}-twin\"")), "{}", dev.said());
        let (status, body) = dev.ask(&format!("POST /{name}/twin"), "{}");
        assert_eq!((status, body), (200, format!("\"{name} as {name}-twin\"")), "{}", dev.said());
    }
    let (status, body) = dev.ask("GET /", "");
    assert_eq!(status, 200);
    assert!(
        body.contains("\"path\": \"/twin-a/twin\"") && body.contains("\"path\": \"/twin-b/twin\""),
        "{body}"
    );
    // An edit of one does not restart the other.
    let main = workspace.path().join("twin-a/src/main.rs");
    let text = fs::read_to_string(&main).expect("it is there").replace("twin-a as", "another as");
    fs::write(&main, text).expect("it is written");
    dev.wait_for("Ready twin-a/twin\n", 2);
    assert_eq!(dev.ask("POST /twin-a/twin", "{}").1, "\"another as twin-a-twin\"");
    assert_eq!(dev.ask("POST /twin-b/twin", "{}").1, "\"twin-b as twin-b-twin\"");
    assert_eq!(dev.said().matches("Ready twin-b/twin\n").count(), 1, "{}", dev.said());
}

#[test]
fn suggested_choices_between_functions_work() {
    let workspace = workspace(
        &["pair-a", "pair-b", "pair-c"],
        "bootstrap",
        "default-members = [\"pair-a\", \"pair-b\"]\n",
    );
    let root = workspace.path();
    for arguments in
        [&["invoke"][..], &["invoke", "--bin", "bootstrap"], &["package"], &["dev", "--attach"]]
    {
        let ran = run(&mut fg(root, arguments)).ended_with(2);
        let choices =
            "\n  help: choose one: -p pair-a --bin bootstrap, or -p pair-b --bin bootstrap\n";
        assert!(ran.stderr.ends_with(choices), "{arguments:?}: {}", ran.stderr);
    }
    for arguments in [
        &["-p", "pair-b", "--bin", "bootstrap"][..],
        &["-p", "pair-b"],
        &["--bin", "pair-b/bootstrap"],
        &["pair-b/bootstrap", "{}"],
    ] {
        let ran = run(&mut fg(root, &[&["invoke", "-q"], arguments].concat())).ended_with(0);
        assert!(
            ran.stdout.contains("\n\"pair-b as pair-b-bootstrap\"\n"),
            "{arguments:?}: {}",
            ran.stdout
        );
    }
    let elsewhere =
        run(&mut fg(&root.join("pair-a"), &["invoke", "--bin", "pair-c/bootstrap"])).ended_with(0);
    assert!(elsewhere.stdout.contains("pair-c as"), "{}", elsewhere.stdout);

    for name in ["pair-a", "pair-b"] {
        let arguments = ["package", "-p", name, "--target", "x86_64-unknown-linux-gnu"];
        let ran = run(&mut fg(root, &arguments)).ended_with(0);
        let zip = target_directory().join("fg").join(format!("{name}-bootstrap.zip"));
        assert_eq!(ran.stdout.trim(), zip.to_string_lossy(), "{}", ran.stderr);
        assert!(zip.exists());
    }
}

#[test]
fn an_unknown_program_is_reported_with_suggestions() {
    let project = NewProject::bare("lonely", "fn main() {}\n");
    fs::create_dir(project.directory.join("examples")).expect("it is made");
    project.write("examples/demo.rs", "fn main() {}\n");
    project.write(
        "Cargo.toml",
        &(project.read("Cargo.toml") + "[workspace]\nmembers = [\"kit\", \"other\"]\n"),
    );
    for (name, file) in [("kit", "lib.rs"), ("other", "main.rs")] {
        fs::create_dir_all(project.directory.join(name).join("src")).expect("it is made");
        project.write(
            &format!("{name}/Cargo.toml"),
            &format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        );
        project.write(&format!("{name}/src/{file}"), "fn main() {}\n");
    }
    let said = |directory: &Path, arguments: &[&str]| {
        let ran = run(&mut fg(directory, &[&["invoke"], arguments].concat())).ended_with(2);
        ran.stderr
    };
    let root = project.directory.as_path();
    assert_eq!(
        said(root, &["--bin", "demo"]),
        "error: there is no bin `demo`\n  help: it is an example: --example demo\n"
    );
    assert_eq!(
        said(root, &["--bin", "other"]),
        "error: there is no bin `other`\n  help: there is one in another package: -p other --bin other\n"
    );
    assert_eq!(
        said(root, &["-p", "othr"]),
        "error: there is no package `othr` in this workspace\n  help: did you mean `other`? there are: kit, lonely, other\n"
    );
    let library = said(&root.join("kit"), &[]);
    assert!(library.starts_with("error: there is no function: "), "{library}");
    assert!(
        library.ends_with(
            "  help: other packages of the workspace have programs: -p lonely, or -p other\n"
        ),
        "{library}"
    );
}
