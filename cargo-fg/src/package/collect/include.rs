//! What `--include` means: what is taken, and where it goes.

use std::path::{Component, Path, PathBuf};

use crate::package::collect::{Refused, entry_name};

/// One thing to include.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::package) struct Include {
    /// What is taken, as it was written.
    pub(super) written: String,
    /// The same as a path that can be opened.
    pub(super) source: PathBuf,
    /// Where it goes, with slashes; empty for the root of the package.
    pub(super) destination: String,
}

impl Include {
    /// Reads `PATH` or `DEST=SOURCE`, for a package in this directory.
    pub(in crate::package) fn parse(written: &Path, directory: &Path) -> Result<Self, Refused> {
        let shown = written.display().to_string();
        let Some(text) = written.to_str() else {
            return Err(Refused::new(shown, "its name is not UTF-8, and in a package names are"));
        };
        if text.is_empty() {
            return Err(Refused::new("\"\"", "it is empty")
                .advise("the whole directory of the package is `.`"));
        }
        match text.split_once('=') {
            // A file may have the sign in its name.
            Some((destination, source)) if directory.join(text).symlink_metadata().is_err() => {
                Self::with_destination(destination, source, directory)
            }
            _ => Self::below(text, directory),
        }
    }

    fn with_destination(written: &str, source: &str, directory: &Path) -> Result<Self, Refused> {
        let refused = |reason: &str| {
            Refused::new(format!("{written}={source}"), reason)
                .advise("it is written DEST=SOURCE, such as templates=../shared/templates")
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
                .ok_or_else(|| refused("it has no name to go under"))?;
            let destination = parts.iter().copied().chain([name]).collect::<Vec<_>>().join("/");
            return Ok(Self { written: source.to_owned(), source: full, destination });
        }
        parts.retain(|part| !part.is_empty());
        Ok(Self { written: source.to_owned(), destination: parts.join("/"), source: full })
    }

    /// What lies below the package's directory has the same path in the package.
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
                    return Err(Refused::new(text, format!("it is not below {}", directory.display()))
                        .advise(format!("what lies elsewhere in the workspace is given a place in the package: {example}")));
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
    fn a_path_goes_where_it_is_and_a_destination_where_it_says() {
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
