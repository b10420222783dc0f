//! The command that starts the program of a function.

use std::path::Path;
use std::process::Command;

use super::environment::{self, Variable};
use crate::settings::{Program, Settings};

/// A command, and whether the program is a script that a shell runs for want of another
/// interpreter.
#[derive(Debug)]
pub(crate) struct ProgramCommand {
    pub(crate) command: Command,
    pub(crate) runs_in_shell: bool,
}

/// The program with its arguments, its directory and its environment.
pub(crate) fn command(settings: &Settings, interface: &[Variable]) -> ProgramCommand {
    let (path, arguments) = match &settings.program {
        Program::Started { path, arguments } => (path.as_path(), arguments.as_slice()),
        Program::Attached => (Path::new(""), &[][..]),
    };
    // The process runs in another directory, where a relative path would mean another file.
    let absolute = if path.exists() { std::path::absolute(path).ok() } else { None };
    let path = absolute.as_deref().unwrap_or(path);
    let runs_in_shell = system::needs_shell(path, settings.kind);
    let mut command = if runs_in_shell {
        let mut shell = Command::new("/bin/sh");
        shell.arg(path);
        shell
    } else {
        Command::new(path)
    };
    command.args(arguments).current_dir(settings.code_root());
    command.env_clear().envs(environment::variables(settings, interface));
    ProgramCommand { command, runs_in_shell }
}

#[cfg(unix)]
mod system {
    use std::fs::File;
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use crate::settings::Kind;

    /// How much of a file is looked at, in bytes.
    const LOOKED_AT: u64 = 256;

    /// Whether a shell has to run this file, as the platform does it: for an HTTP function every
    /// script that has no shebang or is not executable, since its samples are like that. The
    /// bootstrap of a custom runtime has to be executable, and may be a shell script.
    pub(super) fn needs_shell(path: &Path, kind: Kind) -> bool {
        let Ok(mut file) = File::open(path) else { return false };
        let Ok(metadata) = file.metadata() else { return false };
        let mut begin = Vec::new();
        if !metadata.is_file() || file.by_ref().take(LOOKED_AT).read_to_end(&mut begin).is_err() {
            return false;
        }
        // Machine code has bytes that no script has.
        let is_script = !begin.contains(&0) && !begin.is_empty();
        let is_executable = metadata.permissions().mode() & 0o111 != 0;
        match kind {
            Kind::Http => is_script && !(is_executable && begin.starts_with(b"#!")),
            Kind::Event => is_script && is_executable && !begin.starts_with(b"#!"),
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::path::Path;

    use crate::settings::Kind;

    /// There is no shell.
    pub(super) fn needs_shell(_path: &Path, _kind: Kind) -> bool {
        false
    }
}
