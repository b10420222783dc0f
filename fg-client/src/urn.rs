//! The name of a function in the API: its URN.

use std::fmt;
use std::str::FromStr;

/// The URN of a function, `urn:fss:<region>:<project id>:function:<package>:<name>`, with or
/// without `:<version>` or `:!<alias>`.
///
/// ```
/// use fg_client::{FunctionUrn, Qualifier};
///
/// # fn main() -> Result<(), fg_client::UrnError> {
/// let urn: FunctionUrn = "urn:fss:cn-north-4:0123:function:default:greet:!prod".parse()?;
/// assert_eq!(urn.name(), "greet");
/// assert_eq!(urn.qualifier(), Some(&Qualifier::Alias("prod".into())));
/// assert_eq!(urn.with_version("v2").to_string(), "urn:fss:cn-north-4:0123:function:default:greet:v2");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionUrn {
    region: String,
    project_id: String,
    package: String,
    name: String,
    qualifier: Option<Qualifier>,
}

/// Which state of a function a URN names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Qualifier {
    /// A version: `latest`, or the name of one that was published.
    Version(String),
    /// An alias, without its `!`.
    Alias(String),
}

impl FunctionUrn {
    /// The URN of a function, without a version.
    ///
    /// # Errors
    ///
    /// [`UrnError`]: a part that is empty, or has a character that no URN has.
    pub fn new(
        region: &str,
        project_id: &str,
        package: &str,
        name: &str,
    ) -> Result<Self, UrnError> {
        format!("urn:fss:{region}:{project_id}:function:{package}:{name}").parse()
    }

    /// The region, such as `cn-north-4`.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The id of the project.
    #[must_use]
    pub fn project_id(&self) -> &str {
        &self.project_id
    }

    /// The app that the function belongs to, `default` for most.
    #[must_use]
    pub fn package(&self) -> &str {
        &self.package
    }

    /// The name of the function.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version or alias, if there is one.
    #[must_use]
    pub fn qualifier(&self) -> Option<&Qualifier> {
        self.qualifier.as_ref()
    }

    /// The function itself, with all its versions.
    #[must_use]
    pub fn without_qualifier(&self) -> Self {
        Self { qualifier: None, ..self.clone() }
    }

    /// This version of the function.
    #[must_use]
    pub fn with_version(&self, version: impl Into<String>) -> Self {
        Self { qualifier: Some(Qualifier::Version(version.into())), ..self.clone() }
    }

    /// This alias of the function, without its `!`.
    #[must_use]
    pub fn with_alias(&self, alias: impl Into<String>) -> Self {
        Self { qualifier: Some(Qualifier::Alias(alias.into())), ..self.clone() }
    }
}

impl fmt::Display for FunctionUrn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, project_id, package, name, qualifier } = self;
        write!(f, "urn:fss:{region}:{project_id}:function:{package}:{name}")?;
        match qualifier {
            None => Ok(()),
            Some(Qualifier::Version(version)) => write!(f, ":{version}"),
            Some(Qualifier::Alias(alias)) => write!(f, ":!{alias}"),
        }
    }
}

impl FromStr for FunctionUrn {
    type Err = UrnError;

    fn from_str(urn: &str) -> Result<Self, UrnError> {
        let error = || UrnError { urn: urn.chars().take(200).collect() };
        let parts: Vec<&str> = urn.split(':').collect();
        let (parts, qualifier) = match parts.len() {
            7 => (parts.as_slice(), None),
            8 => (&parts[..7], Some(parts[7])),
            _ => return Err(error()),
        };
        let &["urn", "fss", region, project_id, "function", package, name] = parts else {
            return Err(error());
        };
        let is_word = |part: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !part.is_empty() && part.len() <= 100 && part.chars().all(allowed)
        };
        let word = qualifier.map(|qualifier| qualifier.strip_prefix('!').unwrap_or(qualifier));
        if ![region, project_id, package, name].into_iter().chain(word).all(is_word) {
            return Err(error());
        }
        let qualifier = qualifier.map(|qualifier| match qualifier.strip_prefix('!') {
            Some(alias) => Qualifier::Alias(alias.to_owned()),
            None => Qualifier::Version(qualifier.to_owned()),
        });
        Ok(Self {
            region: region.to_owned(),
            project_id: project_id.to_owned(),
            package: package.to_owned(),
            name: name.to_owned(),
            qualifier,
        })
    }
}

impl From<&Self> for FunctionUrn {
    fn from(urn: &Self) -> Self {
        urn.clone()
    }
}

/// A string that is not the URN of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrnError {
    urn: String,
}

impl fmt::Display for UrnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not the URN of a function: it has the form \
             urn:fss:REGION:PROJECT_ID:function:PACKAGE:NAME, and :VERSION or :!ALIAS after it",
            self.urn
        )
    }
}

impl std::error::Error for UrnError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urns_are_read_and_written_alike() {
        for urn in [
            "urn:fss:cn-north-4:0123:function:default:greet",
            "urn:fss:cn-north-4:0123:function:default:greet:latest",
            "urn:fss:eu-de:0123:function:my-app:greet_2:v1.0-a",
            "urn:fss:cn-north-4:0123:function:default:greet:!prod",
        ] {
            assert_eq!(urn.parse::<FunctionUrn>().unwrap().to_string(), urn);
        }
    }

    #[test]
    fn what_could_leave_the_path_of_a_request_is_not_a_urn() {
        for urn in [
            "greet",
            "urn:fss:cn-north-4:0123:function:default:",
            "urn:fss:cn-north-4:0123:function:default:a/../b",
            "urn:fss:cn-north-4:0123:function:default:a?b",
            "urn:fss:cn-north-4:0123:function:default:a\nb",
            "urn:fss:cn-north-4:0123:function:default:greet:",
            "urn:fss:cn-north-4:0123:function:default:greet:!",
            "urn:fss:cn-north-4:0123:function:default:greet:v1:v2",
            "urn:smn:cn-north-4:0123:function:default:greet",
        ] {
            let error = urn.parse::<FunctionUrn>().unwrap_err();
            assert!(error.to_string().contains("urn:fss:REGION"), "{error}");
        }
    }

    #[test]
    fn the_qualifier_is_replaced() {
        let urn = FunctionUrn::new("cn-north-4", "0123", "default", "greet").unwrap();
        assert_eq!(urn.with_alias("prod").with_version("v2"), urn.with_version("v2"));
        assert_eq!(urn.with_alias("prod").without_qualifier(), urn);
    }
}
