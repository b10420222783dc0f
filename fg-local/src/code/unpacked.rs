//! The folder of an unpacked package, and what is said if the program is not in it.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::entry_name::quoted;

/// A package that is unpacked. Its folder stays as long as this is held.
#[derive(Debug)]
pub(crate) struct Unpacked {
    folder: PathBuf,
}

impl Unpacked {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What there is instead of a program at the top of the package: the end of a sentence that
    /// says it is missing, such as `it is in the folder "dist", and has to be at the top`.
    pub(crate) fn hint(&self, program: &str) -> String {
        const SHOWN: usize = 5;

        let path = self.folder.join(program);
        if path.is_dir() {
            return format!("{} is a folder", quoted(program));
        }
        if path.is_file() {
            return if is_executable(&path) {
                "it is there, and is executable".into()
            } else {
                "it is there, but not executable: set its mode to 0755 before packing, and pack on \
                 a system that keeps modes"
                    .into()
            };
        }
        let mut names: Vec<_> = fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort_unstable();
        let holder = names.iter().find(|name| self.folder.join(name).join(program).is_file());
        if let Some(holder) = holder {
            return format!(
                "it is in the folder {}, and has to be at the top: pack what is in that folder, \
                 not the folder",
                quoted(holder)
            );
        }
        if names.is_empty() {
            return "the package is empty".into();
        }
        let shown: Vec<_> = names.iter().take(SHOWN).map(|name| quoted(name)).collect();
        let more = match names.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("at the top there is {}{more}", shown.join(", "))
    }
}

impl Deref for Unpacked {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.folder
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}
