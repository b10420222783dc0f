//! Where a value came from.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from, for people: `variable HW_ACCESS_KEY`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The program gave it: code, or an argument.
    Program,
    /// A variable of this name.
    Variable(String),
    /// A file of the official SDKs.
    File {
        /// The file.
        path: PathBuf,
        /// Its section.
        section: String,
    },
    /// The configuration of KooCLI.
    KooCli {
        /// The file.
        path: PathBuf,
        /// Its profile.
        profile: String,
    },
    /// The metadata service of a cloud server, at this address.
    Metadata(String),
    /// The URN of the function.
    Urn,
    /// IAM said so, for the region.
    Iam,
    /// The usual value for the region.
    Region,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program => f.write_str("given by the program"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::File { path, section } => write!(f, "file {}, section {section}", path.display()),
            Self::KooCli { path, profile } => {
                write!(f, "KooCLI's file {}, profile {profile}", path.display())
            }
            Self::Metadata(url) => write!(f, "metadata service {url}"),
            Self::Urn => f.write_str("the URN of the function"),
            Self::Iam => f.write_str("IAM, by the region's name"),
            Self::Region => f.write_str("usual for the region"),
        }
    }
}

/// A value, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

impl<T> Found<T> {
    pub(crate) fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }

    /// From a variable.
    pub(crate) fn variable(name: &str, value: T) -> Self {
        Self { value, source: Source::Variable(name.to_owned()) }
    }
}

impl Found<String> {
    /// The same value borrowed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.value
    }
}
