//! Names of functions: the URN `urn:fss:<region>:<project>:function:<package>:<name>[:<version>]`,
//! with `!` before an alias, and its short forms.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a function in its package, which is unique in a project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct FunctionName {
    pub(crate) package: String,
    pub(crate) name: String,
}

impl FunctionName {
    pub(crate) fn new(package: impl Into<String>, name: impl Into<String>) -> Self {
        Self { package: package.into(), name: name.into() }
    }
}

/// `<package>:<name>`. Neither part contains a colon, so it is unique.
impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.package, self.name)
    }
}

/// The last field of a URN: a version, `latest` included, or an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Qualifier {
    Version(String),
    Alias(String),
}

impl Qualifier {
    /// Reads a version, or `!` and an alias.
    pub(crate) fn parse(field: &str) -> Self {
        match field.strip_prefix('!') {
            Some(alias) => Self::Alias(alias.to_owned()),
            None => Self::Version(field.to_owned()),
        }
    }
}

impl fmt::Display for Qualifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => f.write_str(version),
            Self::Alias(alias) => write!(f, "!{alias}"),
        }
    }
}

/// What a caller has named: a function, and a version or an alias if the URN has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionRef {
    /// `None` in a short form without a package.
    pub(crate) package: Option<String>,
    pub(crate) name: String,
    pub(crate) qualifier: Option<Qualifier>,
}

impl FunctionRef {
    /// Reads a URN with or without its last field, or a short form: `name`, `name:version`,
    /// `package:name:version`, `function:package:name:version`. Of the short forms only the number
    /// of fields is documented. The region and the project of a URN are not compared, since clients
    /// have their own. `None` if it is none of these.
    pub(crate) fn parse(urn: &str) -> Option<Self> {
        let fields: Vec<_> = urn.split(':').collect();
        if fields.iter().any(|field| field.is_empty()) {
            return None;
        }
        let (package, name, qualifier) = match fields[..] {
            ["urn", "fss", _, _, "function", package, name] => (Some(package), name, None),
            ["urn", "fss", _, _, "function", package, name, last]
            | ["function", package, name, last] => (Some(package), name, Some(last)),
            ["urn", ..] => return None,
            [name] => (None, name, None),
            [name, last] => (None, name, Some(last)),
            [package, name, last] => (Some(package), name, Some(last)),
            _ => return None,
        };
        Some(Self {
            package: package.map(ToOwned::to_owned),
            name: name.to_owned(),
            qualifier: qualifier.map(Qualifier::parse),
        })
    }

    /// Whether it names this function, with any version.
    pub(crate) fn is_for(&self, function: &FunctionName) -> bool {
        self.name == function.name
            && self.package.as_ref().is_none_or(|package| *package == function.package)
    }
}

/// The region and the project that URNs of this server have.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) region: String,
    pub(crate) project_id: String,
}

impl Place {
    /// The URN with this last field: a version, or `!` and an alias.
    pub(crate) fn urn(&self, function: &FunctionName, last: &str) -> String {
        format!("{}:{last}", self.bare_urn(function))
    }

    /// The URN without a version.
    pub(crate) fn bare_urn(&self, function: &FunctionName) -> String {
        let Self { region, project_id } = self;
        format!("urn:fss:{region}:{project_id}:function:{function}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_urn_is_read_with_any_last_field_and_in_its_short_forms() {
        let version = |name: &str| Some(Qualifier::Version(name.into()));
        for (urn, package, qualifier) in [
            ("urn:fss:eu-de:p:function:default:greet", Some("default"), None),
            ("urn:fss:eu-de:p:function:default:greet:latest", Some("default"), version("latest")),
            ("urn:fss:eu-de:p:function:default:greet:v1", Some("default"), version("v1")),
            (
                "urn:fss:eu-de:p:function:default:greet:!prod",
                Some("default"),
                Some(Qualifier::Alias("prod".into())),
            ),
            ("greet", None, None),
            ("greet:v1", None, version("v1")),
            ("default:greet:v1", Some("default"), version("v1")),
        ] {
            let expected =
                FunctionRef { package: package.map(Into::into), name: "greet".into(), qualifier };
            assert_eq!(FunctionRef::parse(urn), Some(expected), "{urn}");
        }
    }

    #[test]
    fn other_strings_name_no_function() {
        for urn in
            ["", ":", "a::b", "urn:fss:x", "urn:smn:eu-de:p:function:default:greet", "a:b:c:d:e"]
        {
            assert_eq!(FunctionRef::parse(urn), None, "{urn}");
        }
    }
}
