//! The compiler gets both the flags of `cargo fg package` and those of the user, wherever they are
//! set.

use std::fs;
use std::io::{Cursor, Read};
use std::process::Command;

use zip::ZipArchive;

use crate::fg::{NewProject, cargo, run};
use crate::package::{package, target, written};

/// Does not compile without the user's flag, and contains an absolute path of its source.
const MAIN: &str = "#[cfg(not(of_the_user))]\ncompile_error!(\"the user's flag is lost\");\n\n\
                    fn main() { println!(\"{}\", include!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/src/part.rs\"))); }\n";

fn project(name: &str) -> NewProject {
    let project = NewProject::bare(name, MAIN);
    project.write("src/part.rs", "file!()\n");
    fs::create_dir(project.directory.join(".cargo")).expect("it is made");
    project
}

#[track_caller]
fn assert_that_both_are_there(project: &NewProject, command: &mut Command, place: &str) {
    let ran = run(command);
    assert_eq!(ran.code, Some(0), "{place}: {}", ran.stderr);
    let mut zip =
        ZipArchive::new(Cursor::new(written(&project.directory, &ran).1)).expect("a zip file");
    let name = project.directory.file_name().expect("a name").to_string_lossy();
    let mut program = Vec::new();
    zip.by_name(&name).expect("it is there").read_to_end(&mut program).expect("it is read");
    let text = String::from_utf8_lossy(&program);
    assert!(text.contains("/workspace/src/part.rs"), "{place}: our flags are lost");
    assert!(
        !text.contains(project.directory.to_string_lossy().as_ref()),
        "{place}: our flags are lost"
    );
}

#[test]
fn flags_of_the_users_configuration_are_kept_wherever_they_are() {
    let project = project("configured");
    let by_name = format!("target.{}", target());
    let list = "rustflags = [\"--cfg\", \"of_the_user\"]";
    let text = "rustflags = \"--cfg of_the_user\"";
    for table in ["build", &by_name, "target.'cfg(all())'"] {
        for flags in [list, text] {
            let configuration = format!("[{table}]\n{flags}\n");
            project.write(".cargo/config.toml", &configuration);
            assert_that_both_are_there(
                &project,
                &mut package(&project.directory, &[]),
                &configuration,
            );
        }
    }
    let unrelated = format!(
        "[build]\n{list}\n[target.'cfg(windows)']\nrustflags = [\"-Ctarget-feature=+crt-static\"]\n"
    );
    project.write(".cargo/config.toml", &unrelated);
    assert_that_both_are_there(&project, &mut package(&project.directory, &[]), &unrelated);

    // Older versions of cargo do not know `include`.
    project.write(".cargo/config.toml", "include = [\"shared.toml\"]\n");
    project.write(".cargo/shared.toml", &format!("[{by_name}]\n{text}\n"));
    let takes_it =
        run(&mut cargo(&project.directory, &["check", "--release", "--target", target()])).code
            == Some(0);
    if takes_it {
        assert_that_both_are_there(&project, &mut package(&project.directory, &[]), "include");
    } else {
        println!("SKIPPED: this cargo does not take `include` in its configuration");
    }
}

#[test]
fn flags_in_variables_are_kept_whichever_it_is() {
    let project = project("variable");
    let by_name = format!("CARGO_TARGET_{}_RUSTFLAGS", target().to_uppercase().replace('-', "_"));
    for (name, value) in [
        ("RUSTFLAGS", "--cfg of_the_user"),
        ("CARGO_ENCODED_RUSTFLAGS", "--cfg\x1fof_the_user"),
        ("CARGO_BUILD_RUSTFLAGS", "--cfg of_the_user"),
        (by_name.as_str(), "--cfg of_the_user"),
    ] {
        assert_that_both_are_there(
            &project,
            package(&project.directory, &[]).env(name, value),
            name,
        );
    }
    // Cargo only uses one of several places; `package` does not change that.
    project.write(".cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"of_the_file\"]\n");
    let ran =
        run(package(&project.directory, &[]).env("CARGO_BUILD_RUSTFLAGS", "--cfg of_the_user"));
    let plain = run(cargo(&project.directory, &["check", "--release", "--target", target()])
        .env("CARGO_BUILD_RUSTFLAGS", "--cfg of_the_user"));
    assert_eq!(ran.code == Some(0), plain.code == Some(0), "{}", ran.stderr);
}

#[test]
fn invalid_flags_are_reported_by_the_compiler() {
    let project = project("misconfigured");
    project.write(".cargo/config.toml", "[build]\nrustflags = [\"--no-such-flag\"]\n");
    let ran = run(&mut package(&project.directory, &[])).ended_with(101);
    assert!(ran.stderr.contains("no-such-flag"), "{}", ran.stderr);
}

#[test]
fn target_cpu_native_is_reported() {
    let project = project("native");
    let flags = "--cfg of_the_user -C target-cpu=native";
    let ran = run(package(&project.directory, &[]).env("RUSTFLAGS", flags)).ended_with(0);
    assert!(
        ran.stderr.contains("note: `target-cpu=native` builds for the processor of this machine"),
        "{}",
        ran.stderr
    );
}

#[test]
fn ordinary_builds_and_packages_do_not_share_programs() {
    let project = project("mixed");
    let program = |ran: &crate::fg::Ran| written(&project.directory, ran).1;
    let flags = "--cfg of_the_user";
    let first =
        program(&run(package(&project.directory, &[]).env("RUSTFLAGS", flags)).ended_with(0));
    let plain = ["build", "--release", "--target", target()];
    run(cargo(&project.directory, &plain).env("RUSTFLAGS", flags)).ended_with(0);
    let built = crate::fg::target_directory().join(target()).join("release/mixed");
    let built = fs::read(built).expect("it is built");
    assert!(
        String::from_utf8_lossy(&built).contains(project.directory.to_string_lossy().as_ref()),
        "it has our flags"
    );
    let second =
        program(&run(package(&project.directory, &[]).env("RUSTFLAGS", flags)).ended_with(0));
    assert!(first == second, "the ordinary build is in the package");
}

#[cfg(unix)]
#[test]
fn wrappers_of_the_compiler_are_the_users_own() {
    let project = project("wrapped");
    let script = |name: &str| {
        let log = project.directory.join(name).with_extension("log");
        crate::package::write_executable(
            &project.directory.join(name),
            &format!("#!/bin/sh\necho \"$@\" >>'{}'\nexec \"$@\"\n", log.display()),
        );
        log
    };
    let (outer, inner) = (script("wrapper"), script("workspace-wrapper"));
    let configuration = format!(
        "[build]\nrustflags = \"--cfg of_the_user\"\nrustc-wrapper = '{0}/wrapper'\nrustc-workspace-wrapper = '{0}/workspace-wrapper'\n",
        project.directory.display()
    );
    project.write(".cargo/config.toml", &configuration);
    assert_that_both_are_there(&project, &mut package(&project.directory, &[]), "wrappers");
    for log in [outer, inner] {
        let calls = fs::read_to_string(log).expect("it was called");
        let call = calls
            .lines()
            .find(|call| call.contains("--crate-name wrapped "))
            .expect("the function is compiled with it");
        // A compiler cache needs this to distinguish builds.
        assert!(
            call.contains("--remap-path-prefix=") && call.contains("--cfg of_the_user"),
            "{call}"
        );
    }
}

#[test]
fn a_program_that_the_configuration_makes_dynamic_is_refused() {
    let project = NewProject::bare("dynamically", "fn main() {}\n");
    if !cfg!(all(target_os = "linux", target_env = "gnu")) {
        println!("SKIPPED: a dynamic program needs a glibc of this machine");
        return;
    }
    fs::create_dir(project.directory.join(".cargo")).expect("it is made");
    project.write(".cargo/config.toml", "[build]\nrustflags = \"-C target-feature=-crt-static\"\n");
    let command = &["package", "--target", "x86_64-unknown-linux-gnu"];
    let ran = run(&mut project.fg(command)).ended_with(1);
    assert!(ran.stderr.contains("because: `dynamically` is linked dynamically"), "{}", ran.stderr);
}
