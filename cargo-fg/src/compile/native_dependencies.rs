//! Why a dependency that is not Rust alone does not build, and the ways out. Its build script says
//! so among a hundred lines, in words of its own; cargo has shown them already, and these say what
//! they come to.

use crate::compile::machine::{GLIBC, Machine, Tool};
use crate::failure::{Exit, Failure};

/// Where all of it is written down.
const PAGE: &str = "https://github.com/functiongraph-rs/fg/blob/main/docs/packaging.md";

/// What is lacking.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Lack {
    /// A program, and its name as it was looked for.
    Tool(Tool, String),
    /// A program that is not known by more than its name.
    Program(String),
    /// A library of the system, for the target.
    Library(String),
    OpenSsl,
    /// A C header.
    Header(String),
}

/// What cargo's words come to for a build for this target, where they are known.
pub(super) fn explain(said: &str, target: &str) -> Option<Failure> {
    explain_on(said, target, Machine::this)
}

fn explain_on(said: &str, target: &str, machine: impl FnOnce() -> Machine) -> Option<Failure> {
    let (of, lack) = find(said)?;
    let needs = match of {
        Some(name) => format!("the dependency `{name}` is not Rust alone"),
        None => "a dependency is not Rust alone".to_owned(),
    };
    let lacks = match &lack {
        Lack::Tool(Tool::CompilerForMusl, name) => {
            format!("there is no C compiler for {target} here: it looked for `{name}`")
        }
        Lack::Tool(Tool::Compiler, name) => {
            format!("there is no compiler here that it can use: it looked for `{name}`")
        }
        Lack::Tool(_, name) | Lack::Program(name) => format!("`{name}` is not here"),
        Lack::Library(name) => format!("the library `{name}` is not here for {target}"),
        Lack::OpenSsl => format!("OpenSSL is not here for {target}"),
        Lack::Header(name) => {
            format!("the header `{name}` of a C library is not here for {target}")
        }
    };
    let lacks_musl = said.contains("-musl-gcc");
    let mut ways = ways(&lack, lacks_musl, target, &machine());
    ways.push(PAGE.to_owned());
    Some(Failure::new(Exit::Build, format!("{needs}, and {lacks}")).advise(ways.join("\n")))
}

/// The ways out, shortest first.
fn ways(lack: &Lack, lacks_musl: bool, target: &str, machine: &Machine) -> Vec<String> {
    let for_glibc = machine.line_for_glibc.as_ref().filter(|_| target != GLIBC);
    let for_glibc = for_glibc
        .map(|line| format!("{line} (works with what is installed: glibc, linked statically)"));
    let or =
        |first: Option<String>, more: &str| first.into_iter().chain([more.to_owned()]).collect();
    match lack {
        Lack::Tool(Tool::CompilerForMusl, name) if name.ends_with("++") => or(
            for_glibc,
            &format!("a C++ compiler for musl, named {name}: few systems have one to install"),
        ),
        Lack::Tool(tool @ Tool::CompilerForMusl, _) => or(for_glibc, &machine.install(*tool)),
        Lack::Tool(tool, _) if lacks_musl => {
            let install = machine.install(*tool);
            let with_glibc =
                machine.line_for_glibc.as_ref().map(|line| format!("{install}, and then {line}"));
            or(with_glibc, &format!("{install}, and {}", machine.install(Tool::CompilerForMusl)))
        }
        Lack::Tool(tool, _) => vec![machine.install(*tool)],
        Lack::Program(name) => vec![format!("install what has the program {name}")],
        Lack::OpenSsl => {
            let mut ways: Vec<_> =
                for_glibc.filter(|_| (machine.has_library)("ssl")).into_iter().collect();
            ways.push(format!("rustls in its place: {RUSTLS}"));
            ways.push("the feature `vendored` of the crate `openssl`, which builds it with a C compiler, perl and make".to_owned());
            ways
        }
        Lack::Library(name) => or(
            for_glibc.filter(|_| (machine.has_library)(name)),
            &format!("{BUNDLED} `{name}` itself"),
        ),
        Lack::Header(_) => vec![format!("{BUNDLED} the library itself")],
    }
}

/// Who asks for OpenSSL, and what the most common of them takes instead.
const RUSTLS: &str = "`cargo tree -i openssl-sys` says what asks for OpenSSL; reqwest 0.12 takes \
                      default-features = false, features = [\"rustls-tls\"]";

const BUNDLED: &str =
    "a feature of the dependency, often `bundled`, `vendored` or `static`, with which it builds";

/// Which crate lacks what.
fn find(said: &str) -> Option<(Option<&str>, Lack)> {
    const BEGINS: &str = "failed to run custom build command for `";
    for (at, _) in said.match_indices(BEGINS) {
        let rest = &said[at + BEGINS.len()..];
        let name = rest.split([' ', '`', '\n']).next().filter(|name| !name.is_empty());
        let end = rest.find(BEGINS).unwrap_or(rest.len());
        let section = &rest[..end];
        // Some go on after these words, and say other ones.
        let is_for_pkg_config =
            section.contains("not been configured to support cross-compilation");
        let library =
            || name.filter(|_| is_for_pkg_config).map(|name| Lack::Library(library_of(name)));
        if let Some(lack) = lack(section).or_else(library) {
            return Some((name, lack));
        }
    }
    if let Some(name) = between(said, "error: linker `", "` not found") {
        return Some((None, called(name)));
    }
    let library = said.contains("linking with `").then(|| missing_library(said)).flatten()?;
    Some((None, Lack::Library(library.to_owned())))
}

/// The library that a crate is named after.
fn library_of(name: &str) -> String {
    name.trim_start_matches("lib").trim_end_matches("-sys").to_owned()
}

fn lack(said: &str) -> Option<Lack> {
    let has = |parts: &[&str]| parts.iter().any(|part| said.contains(part));
    let tool = |tool, name: &str| Some(Lack::Tool(tool, name.to_owned()));
    // cc-rs, in whose words most of them speak.
    if let Some(name) = between(said, "error occurred in cc-rs: failed to find tool \"", "\"") {
        return Some(called(name));
    }
    if has(&["is `cmake` not installed?"]) {
        return tool(Tool::Cmake, "cmake");
    }
    if let Some(name) = between(said, "Missing dependency: ", "\n") {
        return Some(called(name.trim()));
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
        return Some(Lack::OpenSsl);
    }
    if has(&["The pkg-config command could not be found"]) {
        return tool(Tool::PkgConfig, "pkg-config");
    }
    if let Some(name) = between(said, "The system library `", "`") {
        return Some(Lack::Library(name.to_owned()));
    }
    if let Some(name) = between(said, "Command '", "' not found. Is ").or_else(|| of_shell(said)) {
        return Some(called(name));
    }
    // Older versions of it, and those who have its words in theirs; a warning may have them, too.
    if let Some(name) = between(said, "ailed to find tool. Is `", "`")
        .or_else(|| between(said, "failed to find tool \"", "\""))
    {
        return Some(called(name));
    }
    if let Some(name) = header(said) {
        return Some(Lack::Header(name.to_owned()));
    }
    None
}

fn called(name: &str) -> Lack {
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
        _ => return Lack::Program(name.to_owned()),
    };
    Lack::Tool(tool, name.to_owned())
}

/// As a shell says it that a Makefile has started.
fn of_shell(said: &str) -> Option<&str> {
    let lines = said.lines().map(str::trim_end).filter(|line| line.contains("sh: "));
    let names = lines.filter_map(|line| {
        line.strip_suffix(": not found")
            .or_else(|| line.strip_suffix(": command not found"))?
            .rsplit(": ")
            .next()
    });
    names.into_iter().find(|name| !name.is_empty() && !name.contains(' '))
}

/// As gcc says it, and as clang does.
fn header(said: &str) -> Option<&str> {
    let line =
        said.lines().find_map(|line| line.split_once("fatal error: ").map(|(_, rest)| rest))?;
    let name = line
        .split_once(": No such file or directory")
        .or_else(|| line.split_once(" file not found"))?
        .0;
    Some(name.trim_matches('\''))
}

/// As GNU ld says it, and as lld does.
fn missing_library(said: &str) -> Option<&str> {
    let rest = ["cannot find -l", "unable to find library -l"]
        .iter()
        .find_map(|words| said.split_once(words))?
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

    /// What is said about words of cargo's, which were recorded.
    fn explained(said: &str, target: &str) -> (String, Vec<String>) {
        let failure = explain_on(said, target, || Machine::debian(Some(LINE)))
            .expect("it is known")
            .to_string();
        let (sentence, ways) = failure.split_once("\n  help: ").expect("there are ways out");
        let mut ways: Vec<_> = ways.lines().map(|way| way.trim().to_owned()).collect();
        assert_eq!(ways.pop().as_deref(), Some(PAGE));
        (sentence.to_owned(), ways)
    }

    #[test]
    fn a_compiler_for_musl_that_is_missing_is_known_in_the_words_of_every_crate() {
        for (said, name) in [
            (include_str!("../../tests/cargo_output/ring.txt"), "ring"),
            (include_str!("../../tests/cargo_output/sqlite.txt"), "libsqlite3-sys"),
            (include_str!("../../tests/cargo_output/zstd.txt"), "zstd-sys"),
            (include_str!("../../tests/cargo_output/aws-lc.txt"), "aws-lc-sys"),
            (include_str!("../../tests/cargo_output/openssl-vendored.txt"), "openssl-sys"),
        ] {
            let (sentence, ways) = explained(said, MUSL);
            let expected = format!(
                "the dependency `{name}` is not Rust alone, and there is no C compiler for {MUSL} here: it looked for `x86_64-linux-musl-gcc`"
            );
            assert_eq!(sentence, expected);
            assert!(
                ways.len() == 2
                    && ways[0].starts_with(LINE)
                    && ways[1] == "apt-get install musl-tools",
                "{ways:?}"
            );
        }
    }

    #[test]
    fn what_else_is_missing_is_known_with_what_has_it() {
        for (said, target, end, first) in [
            (
                include_str!("../../tests/cargo_output/openssl.txt"),
                MUSL,
                "OpenSSL is not here for x86_64-unknown-linux-musl",
                LINE,
            ),
            (
                include_str!("../../tests/cargo_output/cmake.txt"),
                MUSL,
                "`cmake` is not here",
                "apt-get install cmake, and then cargo fg package --target x86_64-unknown-linux-gnu",
            ),
            (
                include_str!("../../tests/cargo_output/pkg-config-cross.txt"),
                MUSL,
                "the dependency `alsa-sys` is not Rust alone, and the library `alsa` is not here for x86_64-unknown-linux-musl",
                "a feature of the dependency",
            ),
            (
                include_str!("../../tests/cargo_output/pkg-config.txt"),
                GLIBC,
                "the library `alsa` is not here for x86_64-unknown-linux-gnu",
                "a feature of the dependency",
            ),
            (
                include_str!("../../tests/cargo_output/perl.txt"),
                GLIBC,
                "`perl` is not here",
                "apt-get install perl",
            ),
            (
                include_str!("../../tests/cargo_output/protoc.txt"),
                GLIBC,
                "`protoc` is not here",
                "apt-get install protobuf-compiler",
            ),
            (
                include_str!("../../tests/cargo_output/libclang.txt"),
                GLIBC,
                "`libclang` is not here",
                "apt-get install libclang-dev",
            ),
            (
                include_str!("../../tests/cargo_output/header.txt"),
                GLIBC,
                "the header `librdkafka/rdkafka.h` of a C library is not here for x86_64-unknown-linux-gnu",
                "a feature of the dependency",
            ),
            (
                include_str!("../../tests/cargo_output/library.txt"),
                GLIBC,
                "the library `rdkafka` is not here for x86_64-unknown-linux-gnu",
                "a feature of the dependency",
            ),
            (
                include_str!("../../tests/cargo_output/linker.txt"),
                MUSL,
                "there is no compiler here that it can use: it looked for `cc`",
                "apt-get install build-essential",
            ),
        ] {
            let (sentence, ways) = explained(said, target);
            assert!(sentence.ends_with(end), "{sentence}");
            assert!(ways[0].starts_with(first), "{ways:?}");
        }
    }

    #[test]
    fn the_crate_that_failed_is_told_from_one_that_only_warned() {
        let said = "warning: one-sys@1.0.0: failed to find tool \"cc\"\nerror: failed to run custom build command for `two v1.0.0`\n\
                    it has failed\nerror: failed to run custom build command for `three-sys v1.0.0 (/a)`\n\
                    error occurred in cc-rs: failed to find tool \"x86_64-linux-musl-g++\": No such file or directory\n";
        let (sentence, ways) = explained(said, MUSL);
        assert!(sentence.starts_with("the dependency `three-sys` is not Rust alone"), "{sentence}");
        assert!(
            ways[0].starts_with(LINE) && ways[1].starts_with("a C++ compiler for musl"),
            "{ways:?}"
        );
        assert!(explain_on("error: mismatched types", MUSL, Machine::unknown).is_none());
    }

    #[test]
    fn the_other_target_is_not_offered_where_it_would_not_work_or_is_the_one() {
        let said = include_str!("../../tests/cargo_output/ring.txt");
        let ways = |target, machine: Machine| {
            explain_on(said, target, || machine).expect("it is known").to_string()
        };
        assert!(!ways(MUSL, Machine::debian(None)).contains("--target"));
        assert!(!ways(GLIBC, Machine::debian(Some(LINE))).contains("--target"));
        let openssl = include_str!("../../tests/cargo_output/openssl.txt");
        let machine = Machine { has_library: |_| false, ..Machine::debian(Some(LINE)) };
        let told = explain_on(openssl, MUSL, || machine).expect("it is known").to_string();
        assert!(told.contains("  help: rustls in its place"), "{told}");
    }
}
