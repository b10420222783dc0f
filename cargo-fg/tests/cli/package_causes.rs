//! Messages of `cargo fg package` about dependencies with C code that cannot be built here.

use std::fs;

use crate::fg::{NewProject, run};
use crate::package::{MAIN, is_installed};

/// A function with a dependency whose build script prints this and fails, as those of C libraries
/// do.
fn project(name: &str, said: &str) -> NewProject {
    let project = NewProject::bare(name, MAIN);
    let manifest = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        &format!("{manifest}\n[dependencies]\n{name}-sys = {{ path = \"c\" }}\n"),
    );
    fs::create_dir_all(project.directory.join("c/src")).expect("it is made");
    project.write(
        "c/Cargo.toml",
        &format!("[package]\nname = \"{name}-sys\"\nversion = \"1.2.3\"\nedition = \"2024\"\n"),
    );
    project.write("c/src/lib.rs", "");
    project.write(
        "c/build.rs",
        &format!(
            "fn main() {{\n    eprintln!(\"{{}}\", {said:?});\n    std::process::exit(1);\n}}\n"
        ),
    );
    project
}

#[test]
fn a_missing_c_compiler_is_reported_with_solutions() {
    let name = "x86_64-linux-musl-gcc";
    let said = format!(
        "\n\nerror occurred in cc-rs: failed to find tool {name:?}: No such file or directory (os error 2)\n\n"
    );
    let project = project("tooled", &said);
    let target = "x86_64-unknown-linux-musl";
    if !is_installed(target) {
        println!("SKIPPED: {target} is not installed");
        return;
    }
    let ran = run(&mut project.fg(&["package", "--include", "Cargo.toml", "--target", target]))
        .ended_with(101);
    assert!(
        ran.stderr.contains("error occurred in cc-rs"),
        "what cargo says is shown: {}",
        ran.stderr
    );
    let sentence = format!(
        "error: the dependency `tooled-sys` has native code, and no C compiler for {target} was found: it looked for `{name}`\n  help: "
    );
    let (_, ways) = ran.stderr.split_once(&sentence).unwrap_or_else(|| panic!("{}", ran.stderr));
    let ways: Vec<_> = ways.lines().map(str::trim).collect();
    if cfg!(all(target_os = "linux", target_arch = "x86_64"))
        && is_installed("x86_64-unknown-linux-gnu")
        && has_static_glibc()
    {
        let line = "cargo fg package --include Cargo.toml --target x86_64-unknown-linux-gnu (needs nothing else";
        assert!(ways[0].starts_with(line), "{ways:?}");
    } else {
        println!("SKIPPED: there is no static glibc, so it is not suggested");
    }
    assert!(ways.last().is_some_and(|page| page.ends_with("/docs/packaging.md")), "{ways:?}");
}

fn has_static_glibc() -> bool {
    let output = std::process::Command::new("cc").arg("-print-file-name=libc.a").output();
    output.is_ok_and(|output| output.stdout.starts_with(b"/"))
}

#[test]
fn unknown_errors_are_left_to_cargo() {
    let project = project("unknown", "the moon is in the wrong phase");
    let ran = run(&mut crate::package::package(&project.directory, &[])).ended_with(101);
    assert!(ran.stderr.contains("the moon is in the wrong phase"), "{}", ran.stderr);
    assert!(
        ran.stderr
            .ends_with("error: the function does not compile; see the compiler's errors above\n"),
        "{}",
        ran.stderr
    );
}
