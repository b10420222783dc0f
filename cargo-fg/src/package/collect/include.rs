//! Parses the values of `--include`: a source, and its path in the package.

use std::path::{Component, Path, PathBuf};

use crate::package::collect::{Refused, entry_name};

/// One value of `--include`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::package) struct Include {
    /// The source, as the user wrote it.
    pub(super) written: String,
    /// The path of the source.
    pub(super) source: PathBuf,
    /// The path in the package, with slashes; empty for its root.
    pub(super) destination: String,
}

impl Include {
    /// Parses `PATH` or `DEST=SOURCE`, for a package in this directory.
    pub(in crate::package) fn parse(written: &Path, directory: &Path) -> Result<Self, Refused> {
        let shown = written.display().to_string();
        let Some(text) = written.to_str() else {
            return Err(Refused::new(shown, "its name is not UTF-8, as a package requires"));
        };
        if text.is_empty() {
            return Err(Refused::new("\"\"", "it is empty")
                .advise("use `.` for the whole directory of the package"));
        }
        match text.split_once('=') {
            // The name of a file may contain an equals sign.
            Some((destination, source)) if directory.join(text).symlink_metadata().is_err() => {
                Self::with_destination(destination, source, directory)
            }
            _ => Self::below(text, directory),
        }
    }

    fn with_destination(written: &str, source: &str, directory: &Path) -> Result<Self, Refused> {
        let refused = |reason: &str| {
            Refused::new(format!("{written}={source}"), reason)
                .advise("the format is DEST=SOURCE, such as templates=../shared/templates")
        };
        if written.is_empty() || source.is_empty() {
            return Err(refused("one side is empty"));
        }
        let mut parts = entry_name::parts(written).map_err(refused)?;
        let full = directory.join(source);
        let goes_below = parts.is_empty() || written.ends_with('/');
        if goes_below && !full.is_dir() {
            let name = full
                .file_name()
                .and_then(|name| name.to_str())
                .ok_or_else(|| refused("the source has no file name"))?;
            let destination = parts.iter().copied().chain([name]).collect::<Vec<_>>().join("/");
            return Ok(Self { written: source.to_owned(), source: full, destination });
        }
        parts.retain(|part| !part.is_empty());
        Ok(Self { written: source.to_owned(), destination: parts.join("/"), source: full })
    }

    /// A source in the package's directory has the same relative path in the zip file.
    fn below(text: &str, directory: &Path) -> Result<Self, Refused> {
        let path = Path::new(text);
        let mut parts = Vec::new();
        for part in path.components() {
            match part {
                Component::Normal(name) => parts.push(name.to_string_lossy()),
                Component::CurDir => {}
                _ => {
                    let name = path
                        .file_name()
                        .filter(|_| path.is_relative())
                        .map(|name| name.to_string_lossy());
                    let example = name
                        .map_or_else(|| "DEST=SOURCE".to_owned(), |name| format!("{name}={text}"));
                    return Err(Refused::new(text, format!("it is not in {}", directory.display()))
                        .advise(format!("to include it from elsewhere in the workspace, choose its path in the package: {example}")));
                }
            }
        }
        parts
            .iter()
            .try_for_each(|part| entry_name::check(part))
            .map_err(|reason| Refused::new(text, reason))?;
        Ok(Self {
            written: text.to_owned(),
            source: directory.join(path),
            destination: parts.join("/"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_path_keeps_its_place_and_a_destination_is_used_as_given() {
        let directory = tempfile::tempdir().expect("a directory");
        fs::create_dir_all(directory.path().join("package/assets")).expect("it is made");
        fs::create_dir(directory.path().join("shared")).expect("it is made");
        for file in ["package/a.txt", "package/a=b.txt", "shared/logo.svg"] {
            fs::write(directory.path().join(file), "").expect("it is written");
        }
        let package = directory.path().join("package");
        let destination = |written: &str| {
            Include::parse(Path::new(written), &package).map(|include| include.destination)
        };
        for (written, expected) in [
            ("assets", "assets"),
            ("./assets/", "assets"),
            (".", ""),
            ("a=b.txt", "a=b.txt"),
            ("b.txt=a.txt", "b.txt"),
            ("img=../shared", "img"),
            ("img/=../shared", "img"),
            ("img/=../shared/logo.svg", "img/logo.svg"),
            (".=../shared/logo.svg", "logo.svg"),
            (".=../shared", ""),
        ] {
            assert_eq!(destination(written), Ok(expected.to_owned()), "{written}");
        }
        for written in [
            "",
            "../shared",
            "/etc/passwd",
            "=a.txt",
            "a=",
            "/img=assets",
            "../img=assets",
            "i\\j=assets",
        ] {
            assert!(destination(written).is_err(), "{written}");
        }
        let advice = Include::parse(Path::new("../shared"), &package).expect_err("it is not below");
        assert!(format!("{advice:?}").contains("shared=../shared"), "{advice:?}");
    }
}
