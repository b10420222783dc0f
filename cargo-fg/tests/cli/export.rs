//! `cargo fg export terraform`: the file that it writes, and what it does not overwrite.

use crate::fg::{NewProject, run};

fn project(name: &str) -> NewProject {
    let project = NewProject::bare(name, "fn main() {}\n");
    let manifest = project.read("Cargo.toml");
    let metadata = r#"
[package.metadata.fg]
memory = 256
environment = { GREETING = "${Hi}", DB_PASSWORD = { env = "NO_SUCH_SECRET" } }

[package.metadata.fg.env.prod]
name = "greet-prod"
"#;
    project.write("Cargo.toml", &(manifest + metadata));
    project
}

#[test]
fn the_file_has_the_settings_and_no_secret_has_to_be_set() {
    let project = project("export");
    let mut command = project.fg(&["export", "terraform", "--output", "infra/main.tf"]);
    let ran = run(command.env("NO_SUCH_SECRET", "hunter2")).ended_with(0);
    assert_eq!(ran.stdout, "infra/main.tf\n");
    assert!(ran.stderr.contains("note: next: `cargo fg package` builds "), "{}", ran.stderr);
    let text = project.read("infra/main.tf");
    assert!(text.contains("  memory_size           = 256\n"), "{text}");
    assert!(text.contains("GREETING = \"$${Hi}\"\n"), "{text}");
    assert!(text.contains("DB_PASSWORD = var.NO_SUCH_SECRET\n"), "{text}");
    assert!(text.contains("/fg/export.zip\")\n"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");

    // Another environment, to standard output, without the secret.
    let mut command = project.fg(&["export", "terraform", "--environment", "prod", "-o", "-"]);
    let printed = run(command.env_remove("NO_SUCH_SECRET")).ended_with(0).stdout;
    assert!(printed.contains("name                  = \"greet-prod\"\n"), "{printed}");
    assert!(printed.starts_with("# Written by `cargo fg export terraform`"), "{printed}");
    let other = ["export", "terraform", "--provider", "opentelekomcloud", "-o", "-"];
    let printed = run(&mut project.fg(&other)).ended_with(0).stdout;
    assert!(
        printed.contains("resource \"opentelekomcloud_fgs_function_v2\" \"export\""),
        "{printed}"
    );
}

#[test]
fn a_file_that_was_written_by_hand_is_kept() {
    let project = project("export-kept");
    project.write("main.tf", "# mine\n");
    let ran = run(&mut project.fg(&["export", "terraform"])).ended_with(2);
    assert!(
        ran.stderr.starts_with("error: main.tf exists, and was not written by this command\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(project.read("main.tf"), "# mine\n");
    run(&mut project.fg(&["export", "terraform", "--force"])).ended_with(0);
    run(&mut project.fg(&["export", "terraform", "--alias", "prod"])).ended_with(0);
    assert!(project.read("main.tf").contains("name = \"prod\""));
}
