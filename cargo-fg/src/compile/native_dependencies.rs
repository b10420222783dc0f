//! Explains why a dependency with native code does not build, and suggests solutions. The reason is
//! in the output of its build script, which cargo has printed already, among a hundred other lines
//! and worded differently by each crate.

use crate::compile::machine::{GLIBC, Machine, Tool};
use crate::failure::{Exit, Failure};

/// The documentation of all cases.
const PAGE: &str = "https://github.com/functiongraph-rs/fg/blob/main/docs/packaging.md";

/// What the build needs and does not find.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Missing {
    /// A known tool, and the name under which it was searched.
    Tool(Tool, String),
    /// Any other program.
    Program(String),
    /// A system library for the target.
    Library(String),
    OpenSsl,
    /// A C header.
    Header(String),
}

/// Explains the output of a failed build for this target; `None` if the cause is not recognised.
pub(super) fn explain(output: &str, target: &str) -> Option<Failure> {
    explain_on(output, target, Machine::this)
}

fn explain_on(output: &str, target: &str, machine: impl FnOnce() -> Machine) -> Option<Failure> {
    let (name, missing) = find(output)?;
    let dependency = match name {
        Some(name) => format!("the dependency `{name}` has native code"),
        None => "a dependency has native code".to_owned(),
    };
    let problem = match &missing {
        Missing::Tool(Tool::CompilerForMusl, name) => {
            format!("no C compiler for {target} was found: it looked for `{name}`")
        }
        Missing::Tool(Tool::Compiler, name) => {
            format!("no compiler was found: it looked for `{name}`")
        }
        Missing::Tool(_, name) | Missing::Program(name) => format!("`{name}` was not found"),
        Missing::Library(name) => format!("the library `{name}` was not found for {target}"),
        Missing::OpenSsl => format!("OpenSSL was not found for {target}"),
        Missing::Header(name) => {
            format!("the header `{name}` of a C library was not found for {target}")
        }
    };
    let needs_musl = output.contains("-musl-gcc");
    let mut solutions = solutions(&missing, needs_musl, target, &machine());
    solutions.push(PAGE.to_owned());
    let what = format!("{dependency}, and {problem}");
    Some(Failure::new(Exit::Build, what).advise(solutions.join("\n")))
}

/// The possible solutions, simplest first.
fn solutions(missing: &Missing, needs_musl: bool, target: &str, machine: &Machine) -> Vec<String> {
    let for_glibc = machine.line_for_glibc.as_ref().filter(|_| target != GLIBC);
    let for_glibc =
        for_glibc.map(|line| format!("{line} (needs nothing else: links glibc statically)"));
    let or =
        |first: Option<String>, more: &str| first.into_iter().chain([more.to_owned()]).collect();
    match missing {
        Missing::Tool(Tool::CompilerForMusl, name) if name.ends_with("++") => or(
            for_glibc,
            &format!("install a C++ compiler for musl named {name}; few systems package one"),
        ),
        Missing::Tool(tool @ Tool::CompilerForMusl, _) => or(for_glibc, &machine.install(*tool)),
        Missing::Tool(tool, _) if needs_musl => {
            let install = machine.install(*tool);
            let with_glibc =
                machine.line_for_glibc.as_ref().map(|line| format!("{install}, and then {line}"));
            or(with_glibc, &format!("{install}, and {}", machine.install(Tool::CompilerForMusl)))
        }
        Missing::Tool(tool, _) => vec![machine.install(*tool)],
        Missing::Program(name) => vec![format!("install the program {name}")],
        Missing::OpenSsl => {
            let mut solutions: Vec<_> =
                for_glibc.filter(|_| (machine.has_library)("ssl")).into_iter().collect();
            solutions.push(format!("use rustls instead: {RUSTLS}"));
            solutions.push("enable the feature `vendored` of the crate `openssl`, which builds it with a C compiler, perl and make".to_owned());
            solutions
        }
        Missing::Library(name) => or(
            for_glibc.filter(|_| (machine.has_library)(name)),
            &format!("{BUNDLED} `{name}` itself"),
        ),
        Missing::Header(_) => vec![format!("{BUNDLED} the library itself")],
    }
}

/// How to find what depends on OpenSSL, and how to configure the most common such crate.
const RUSTLS: &str = "`cargo tree -i openssl-sys` shows what depends on OpenSSL; for reqwest 0.12 set \
                      default-features = false, features = [\"rustls-tls\"]";

const BUNDLED: &str = "enable a feature of the dependency, often `bundled`, `vendored` or `static`, so that it builds";

/// Finds the crate that failed to build, and what is missing.
fn find(output: &str) -> Option<(Option<&str>, Missing)> {
    const BEGINNING: &str = "failed to run custom build command for `";
    for (at, _) in output.match_indices(BEGINNING) {
        let rest = &output[at + BEGINNING.len()..];
        let name = rest.split([' ', '`', '\n']).next().filter(|name| !name.is_empty());
        let end = rest.find(BEGINNING).unwrap_or(rest.len());
        let section = &rest[..end];
        // Only a fallback: some build scripts continue after this message and fail for another
        // reason.
        let is_for_pkg_config =
            section.contains("not been configured to support cross-compilation");
        let library =
            || name.filter(|_| is_for_pkg_config).map(|name| Missing::Library(library_of(name)));
        if let Some(missing) = find_in_section(section).or_else(library) {
            return Some((name, missing));
        }
    }
    if let Some(name) = between(output, "error: linker `", "` not found") {
        return Some((None, missing_program(name)));
    }
    let library = output.contains("linking with `").then(|| missing_library(output)).flatten()?;
    Some((None, Missing::Library(library.to_owned())))
}

/// The library that a `-sys` crate is named after.
fn library_of(name: &str) -> String {
    name.trim_start_matches("lib").trim_end_matches("-sys").to_owned()
}

/// Finds what is missing in the output of one build script.
fn find_in_section(section: &str) -> Option<Missing> {
    let has = |parts: &[&str]| parts.iter().any(|part| section.contains(part));
    let tool = |tool, name: &str| Some(Missing::Tool(tool, name.to_owned()));
    // The crate `cc`, which most build scripts use.
    if let Some(name) = between(section, "error occurred in cc-rs: failed to find tool \"", "\"") {
        return Some(missing_program(name));
    }
    if has(&["is `cmake` not installed?"]) {
        return tool(Tool::Cmake, "cmake");
    }
    if let Some(name) = between(section, "Missing dependency: ", "\n") {
        return Some(missing_program(name.trim()));
    }
    if has(&["Could not find `protoc`"]) {
        return tool(Tool::Protoc, "protoc");
    }
    if has(&["Unable to find libclang"]) {
        return tool(Tool::Libclang, "libclang");
    }
    if has(&[
        "Could not find directory of OpenSSL installation",
        "Could not find OpenSSL installation",
    ]) {
        return Some(Missing::OpenSsl);
    }
    if has(&["The pkg-config command could not be found"]) {
        return tool(Tool::PkgConfig, "pkg-config");
    }
    if let Some(name) = between(section, "The system library `", "`") {
        return Some(Missing::Library(name.to_owned()));
    }
    if let Some(name) =
        between(section, "Command '", "' not found. Is ").or_else(|| unknown_command(section))
    {
        return Some(missing_program(name));
    }
    // Older versions of `cc`, and crates that quote its message. Last, since a mere warning can
    // match, too.
    if let Some(name) = between(section, "ailed to find tool. Is `", "`")
        .or_else(|| between(section, "failed to find tool \"", "\""))
    {
        return Some(missing_program(name));
    }
    if let Some(name) = missing_header(section) {
        return Some(Missing::Header(name.to_owned()));
    }
    None
}

fn missing_program(name: &str) -> Missing {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let tool = match base {
        "cmake" => Tool::Cmake,
        "perl" => Tool::Perl,
        "make" | "gmake" => Tool::Make,
        "pkg-config" => Tool::PkgConfig,
        "protoc" => Tool::Protoc,
        _ if base.contains("musl") => Tool::CompilerForMusl,
        _ if ["cc", "c++", "g++", "clang", "clang++"].iter().any(|end| base.ends_with(end)) => {
            Tool::Compiler
        }
        _ => return Missing::Program(name.to_owned()),
    };
    Missing::Tool(tool, name.to_owned())
}

/// The program in an error message of a shell, which for example a Makefile runs.
fn unknown_command(output: &str) -> Option<&str> {
    let lines = output.lines().map(str::trim_end).filter(|line| line.contains("sh: "));
    let names = lines.filter_map(|line| {
        line.strip_suffix(": not found")
            .or_else(|| line.strip_suffix(": command not found"))?
            .rsplit(": ")
            .next()
    });
    names.into_iter().find(|name| !name.is_empty() && !name.contains(' '))
}

/// The header in an error message of gcc or clang.
fn missing_header(output: &str) -> Option<&str> {
    let line =
        output.lines().find_map(|line| line.split_once("fatal error: ").map(|(_, rest)| rest))?;
    let name = line
        .split_once(": No such file or directory")
        .or_else(|| line.split_once(" file not found"))?
        .0;
    Some(name.trim_matches('\''))
}

/// The library in an error message of GNU ld or lld.
fn missing_library(output: &str) -> Option<&str> {
    let rest = ["cannot find -l", "unable to find library -l"]
        .iter()
        .find_map(|message| output.split_once(message))?
        .1;
    rest.split(|letter: char| letter.is_whitespace() || letter == ':')
        .next()
        .filter(|name| !name.is_empty())
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUSL: &str = "x86_64-unknown-linux-musl";
    const LINE: &str = "cargo fg package --target x86_64-unknown-linux-gnu";

    /// The explanation of recorded output, and the solutions.
    fn explained(output: &str, target: &str) -> (String, Vec<String>) {
        let failure = explain_on(output, target, || Machine::debian(Some(LINE)))
            .expect("it is recognised")
            .to_string();
        let (sentence, solutions) = failure.split_once("\n  help: ").expect("there are solutions");
        let mut solutions: Vec<_> = solutions.lines().map(|line| line.trim().to_owned()).collect();
        assert_eq!(solutions.pop().as_deref(), Some(PAGE));
        (sentence.to_owned(), solutions)
    }

    #[test]
    fn a_missing_compiler_for_musl_is_recognised_in_the_output_of_every_crate() {
        for (output, name) in [
            (include_str!("../../tests/cargo_output/ring.txt"), "ring"),
            (include_str!("../../tests/cargo_output/sqlite.txt"), "libsqlite3-sys"),
            (include_str!("../../tests/cargo_output/zstd.txt"), "zstd-sys"),
            (include_str!("../../tests/cargo_output/aws-lc.txt"), "aws-lc-sys"),
            (include_str!("../../tests/cargo_output/openssl-vendored.txt"), "openssl-sys"),
        ] {
            let (sentence, solutions) = explained(output, MUSL);
            let expected = format!(
                "the dependency `{name}` has native code, and no C compiler for {MUSL} was found: it looked for `x86_64-linux-musl-gcc`"
            );
            assert_eq!(sentence, expected);
            assert!(
                solutions.len() == 2
                    && solutions[0].starts_with(LINE)
                    && solutions[1] == "apt-get install musl-tools",
                "{solutions:?}"
            );
        }
    }

    #[test]
    fn other_missing_tools_and_libraries_are_recognised() {
        for (output, target, end, first) in [
            (
                include_str!("../../tests/cargo_output/openssl.txt"),
                MUSL,
                "OpenSSL was not found for x86_64-unknown-linux-musl",
                LINE,
            ),
            (
                include_str!("../../tests/cargo_output/cmake.txt"),
                MUSL,
                "`cmake` was not found",
                "apt-get install cmake, and then cargo fg package --target x86_64-unknown-linux-gnu",
            ),
            (
                include_str!("../../tests/cargo_output/pkg-config-cross.txt"),
                MUSL,
                "the dependency `alsa-sys` has native code, and the library `alsa` was not found for x86_64-unknown-linux-musl",
                "enable a feature of the dependency",
            ),
            (
                include_str!("../../tests/cargo_output/pkg-config.txt"),
                GLIBC,
                "the library `alsa` was not found for x86_64-unknown-linux-gnu",
                "enable a feature of the dependency",
            ),
            (
                include_str!("../../tests/cargo_output/perl.txt"),
                GLIBC,
                "`perl` was not found",
                "apt-get install perl",
            ),
            (
                include_str!("../../tests/cargo_output/protoc.txt"),
                GLIBC,
                "`protoc` was not found",
                "apt-get install protobuf-compiler",
            ),
            (
                include_str!("../../tests/cargo_output/libclang.txt"),
                GLIBC,
                "`libclang` was not found",
                "apt-get install libclang-dev",
            ),
            (
                include_str!("../../tests/cargo_output/header.txt"),
                GLIBC,
                "the header `librdkafka/rdkafka.h` of a C library was not found for x86_64-unknown-linux-gnu",
                "enable a feature of the dependency",
            ),
            (
                include_str!("../../tests/cargo_output/library.txt"),
                GLIBC,
                "the library `rdkafka` was not found for x86_64-unknown-linux-gnu",
                "enable a feature of the dependency",
            ),
            (
                include_str!("../../tests/cargo_output/linker.txt"),
                MUSL,
                "no compiler was found: it looked for `cc`",
                "apt-get install build-essential",
            ),
        ] {
            let (sentence, solutions) = explained(output, target);
            assert!(sentence.ends_with(end), "{sentence}");
            assert!(solutions[0].starts_with(first), "{solutions:?}");
        }
    }

    #[test]
    fn a_crate_that_only_warned_is_not_taken_for_the_one_that_failed() {
        let output = "warning: one-sys@1.0.0: failed to find tool \"cc\"\nerror: failed to run custom build command for `two v1.0.0`\n\
                    it has failed\nerror: failed to run custom build command for `three-sys v1.0.0 (/a)`\n\
                    error occurred in cc-rs: failed to find tool \"x86_64-linux-musl-g++\": No such file or directory\n";
        let (sentence, solutions) = explained(output, MUSL);
        assert!(sentence.starts_with("the dependency `three-sys` has native code"), "{sentence}");
        assert!(
            solutions[0].starts_with(LINE)
                && solutions[1].starts_with("install a C++ compiler for musl"),
            "{solutions:?}"
        );
        assert!(explain_on("error: mismatched types", MUSL, Machine::unknown).is_none());
    }

    #[test]
    fn the_glibc_target_is_not_suggested_if_it_would_not_work_or_is_used_already() {
        let output = include_str!("../../tests/cargo_output/ring.txt");
        let explanation = |target, machine: Machine| {
            explain_on(output, target, || machine).expect("it is recognised").to_string()
        };
        assert!(!explanation(MUSL, Machine::debian(None)).contains("--target"));
        assert!(!explanation(GLIBC, Machine::debian(Some(LINE))).contains("--target"));
        let openssl = include_str!("../../tests/cargo_output/openssl.txt");
        let machine = Machine { has_library: |_| false, ..Machine::debian(Some(LINE)) };
        let text = explain_on(openssl, MUSL, || machine).expect("it is recognised").to_string();
        assert!(text.contains("  help: use rustls instead"), "{text}");
    }
}
