//! Which tools and libraries this machine has, and how to install more.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

/// The target that links glibc statically, and compiles C with the compiler of the machine.
pub(super) const GLIBC: &str = "x86_64-unknown-linux-gnu";

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Installer {
    /// The program to search in `PATH`.
    program: &'static str,
    /// The command that installs packages.
    install: &'static str,
    /// The packages of the tools.
    names: [&'static str; TOOLS],
}

/// A tool that a build may need.
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

/// The tools and libraries of a machine.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    /// The command line that packages for [`GLIBC`], if everything it needs is installed.
    pub(super) line_for_glibc: Option<String>,
    /// Whether there is a static library of this name for [`GLIBC`].
    pub(super) has_library: fn(&str) -> bool,
    pub(super) installer: Option<Installer>,
}

impl Machine {
    pub(super) fn this() -> Self {
        let installer = INSTALLERS.into_iter().find(|installer| is_in_path(installer.program));
        let line_for_glibc = links_glibc_statically().then(|| line_for_glibc(env::args().skip(1)));
        Self { line_for_glibc, has_library, installer }
    }

    /// The command that installs a tool, or only its name if the package manager is not known.
    pub(super) fn install(&self, tool: Tool) -> String {
        match &self.installer {
            Some(installer) => format!("{} {}", installer.install, installer.names[tool as usize]),
            None => format!("install {}", INSTALLERS[0].names[tool as usize]),
        }
    }

    /// A Debian system with OpenSSL.
    #[cfg(test)]
    pub(super) fn debian(line_for_glibc: Option<&str>) -> Self {
        let line_for_glibc = line_for_glibc.map(str::to_owned);
        Self { line_for_glibc, has_library: |name| name == "ssl", installer: Some(INSTALLERS[0]) }
    }

    /// A system about which nothing is known.
    #[cfg(test)]
    pub(super) fn unknown() -> Self {
        Self { line_for_glibc: None, has_library: |_| false, installer: None }
    }
}

fn is_in_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Whether the standard library for [`GLIBC`], a C compiler and a static glibc are installed.
fn links_glibc_statically() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64"))
        && prints_existing_path("rustc", &["--print", "target-libdir", "--target", GLIBC])
        && has_library("c")
}

fn has_library(name: &str) -> bool {
    // Without such a library the compiler prints the plain file name.
    prints_existing_path("cc", &[&format!("-print-file-name=lib{name}.a")])
}

/// Whether a program prints an absolute path that exists.
fn prints_existing_path(program: &str, arguments: &[&str]) -> bool {
    let output =
        Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output();
    output.is_ok_and(|output| {
        let printed = String::from_utf8_lossy(&output.stdout);
        let path = Path::new(printed.trim());
        output.status.success() && path.is_absolute() && path.exists()
    })
}

/// The command line of this process, but for [`GLIBC`].
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
    fn each_package_manager_has_its_own_command() {
        let names = INSTALLERS.map(|installer| {
            Machine { installer: Some(installer), ..Machine::unknown() }.install(Tool::Protoc)
        });
        assert_eq!(names[0], "apt-get install protobuf-compiler");
        assert_eq!(names[4], "brew install protobuf");
        assert_eq!(Machine::unknown().install(Tool::CompilerForMusl), "install musl-tools");
    }
}
