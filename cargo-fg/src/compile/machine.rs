//! What this machine has that helps a build which lacks something.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

/// The target that links glibc statically, and builds C with the compiler of the machine.
pub(super) const GLIBC: &str = "x86_64-unknown-linux-gnu";

/// How programs are installed here: the command, and what the tools are called there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Installer {
    /// Its program, by which it is found.
    program: &'static str,
    install: &'static str,
    names: [&'static str; TOOLS],
}

/// What a build can lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    CompilerForMusl,
    Compiler,
    Cmake,
    Perl,
    Make,
    PkgConfig,
    Libclang,
    Protoc,
}

const TOOLS: usize = 8;

/// In the order of [`Tool`].
const INSTALLERS: [Installer; 5] = [
    Installer {
        program: "apt-get",
        install: "apt-get install",
        names: [
            "musl-tools",
            "build-essential",
            "cmake",
            "perl",
            "make",
            "pkg-config",
            "libclang-dev",
            "protobuf-compiler",
        ],
    },
    Installer {
        program: "dnf",
        install: "dnf install",
        names: [
            "musl-gcc",
            "gcc gcc-c++",
            "cmake",
            "perl",
            "make",
            "pkgconf-pkg-config",
            "clang-devel",
            "protobuf-compiler",
        ],
    },
    Installer {
        program: "pacman",
        install: "pacman -S",
        names: ["musl", "base-devel", "cmake", "perl", "make", "pkgconf", "clang", "protobuf"],
    },
    Installer {
        program: "apk",
        install: "apk add",
        names: [
            "build-base",
            "build-base",
            "cmake",
            "perl",
            "make",
            "pkgconf",
            "clang-dev",
            "protoc",
        ],
    },
    Installer {
        program: "brew",
        install: "brew install",
        names: [
            "filosottile/musl-cross/musl-cross",
            "gcc",
            "cmake",
            "perl",
            "make",
            "pkgconf",
            "llvm",
            "protobuf",
        ],
    },
];

/// This machine, as far as it matters to a build that has failed.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    /// The command line that packages for [`GLIBC`], where that works with what is installed.
    pub(super) line_for_glibc: Option<String>,
    /// Whether a library of this name is here for [`GLIBC`], to be linked statically.
    pub(super) has_library: fn(&str) -> bool,
    pub(super) installer: Option<Installer>,
}

impl Machine {
    pub(super) fn this() -> Self {
        let installer = INSTALLERS.into_iter().find(|installer| is_in_path(installer.program));
        let line_for_glibc = links_glibc_statically().then(|| line_for_glibc(env::args().skip(1)));
        Self { line_for_glibc, has_library, installer }
    }

    /// What to type to have a tool, or its name where that is not known.
    pub(super) fn install(&self, tool: Tool) -> String {
        match &self.installer {
            Some(installer) => format!("{} {}", installer.install, installer.names[tool as usize]),
            None => format!("install {}", INSTALLERS[0].names[tool as usize]),
        }
    }

    /// One with OpenSSL.
    #[cfg(test)]
    pub(super) fn debian(line_for_glibc: Option<&str>) -> Self {
        let line_for_glibc = line_for_glibc.map(str::to_owned);
        Self { line_for_glibc, has_library: |name| name == "ssl", installer: Some(INSTALLERS[0]) }
    }

    /// One that nothing is known of.
    #[cfg(test)]
    pub(super) fn unknown() -> Self {
        Self { line_for_glibc: None, has_library: |_| false, installer: None }
    }
}

fn is_in_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Whether Rust's library for [`GLIBC`], a C compiler and glibc as a static library are here.
fn links_glibc_statically() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64"))
        && names_a_path("rustc", &["--print", "target-libdir", "--target", GLIBC])
        && has_library("c")
}

fn has_library(name: &str) -> bool {
    // What the compiler does not have it repeats as a bare name.
    names_a_path("cc", &[&format!("-print-file-name=lib{name}.a")])
}

/// Whether a program answers with a path, and that is there.
fn names_a_path(program: &str, arguments: &[&str]) -> bool {
    let output =
        Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output();
    output.is_ok_and(|output| {
        let answer = String::from_utf8_lossy(&output.stdout);
        let path = Path::new(answer.trim());
        output.status.success() && path.is_absolute() && path.exists()
    })
}

/// This command line again, for another target.
fn line_for_glibc(arguments: impl Iterator<Item = String>) -> String {
    let mut arguments = arguments.skip_while(|argument| argument == "fg");
    let mut line = "cargo fg".to_owned();
    while let Some(argument) = arguments.next() {
        if argument == "--target" {
            arguments.next();
        } else if !argument.starts_with("--target=") {
            let is_plain =
                |letter: char| letter.is_ascii_alphanumeric() || "-_./=,:+@".contains(letter);
            let quoted = if argument.chars().all(is_plain) {
                argument
            } else {
                format!("'{}'", argument.replace('\'', "'\\''"))
            };
            line += &format!(" {quoted}");
        }
    }
    format!("{line} --target {GLIBC}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_repeated_for_another_target() {
        let line = |text: &str| line_for_glibc(text.split(' ').map(str::to_owned));
        assert_eq!(line("fg package"), format!("cargo fg package --target {GLIBC}"));
        let given = "package --target x86_64-unknown-linux-musl --bin a --include a;b --target=x -o out.zip";
        assert_eq!(
            line(given),
            format!("cargo fg package --bin a --include 'a;b' -o out.zip --target {GLIBC}")
        );
    }

    #[test]
    fn each_system_has_its_own_command() {
        let names = INSTALLERS.map(|installer| {
            Machine { installer: Some(installer), ..Machine::unknown() }.install(Tool::Protoc)
        });
        assert_eq!(names[0], "apt-get install protobuf-compiler");
        assert_eq!(names[4], "brew install protobuf");
        assert_eq!(Machine::unknown().install(Tool::CompilerForMusl), "install musl-tools");
    }
}
