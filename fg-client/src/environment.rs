//! What is read of the machine: variables, files of the home folder, and the metadata service.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where credentials and settings are looked for. [`Environment::from_process`] is the process's;
/// tests, and programs that serve several users, make their own.
///
/// ```
/// use fg_client::Environment;
///
/// let environment = Environment::empty()
///     .variable("HUAWEICLOUD_SDK_AK", "AccessKey")
///     .variable("HUAWEICLOUD_SDK_SK", "SecretKey");
/// ```
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    home: Option<PathBuf>,
    metadata: Option<String>,
}

/// The metadata service of a cloud server.
const METADATA: &str = "http://169.254.169.254";

impl Environment {
    /// Nothing: no variable, no home folder, no metadata service.
    #[must_use]
    pub fn empty() -> Self {
        Self { variables: BTreeMap::new(), home: None, metadata: None }
    }

    /// The variables of this process, the home folder of its user, and the metadata service of the
    /// machine. Variables that are not UTF-8 are left out.
    #[must_use]
    pub fn from_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        // `std::env::home_dir` is deprecated in Rust 1.85.
        let home = std::env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
        let home = home.map(PathBuf::from).filter(|home| home.is_absolute());
        Self { variables, home, metadata: Some(METADATA.to_owned()) }
    }

    /// With this variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// With this home folder.
    #[must_use]
    pub fn home(mut self, home: impl Into<PathBuf>) -> Self {
        self.home = Some(home.into());
        self
    }

    /// With the metadata service at this address, `http://169.254.169.254` on the platform.
    #[must_use]
    pub fn metadata(mut self, url: impl Into<String>) -> Self {
        self.metadata = Some(url.into());
        self
    }

    /// Without a metadata service.
    #[must_use]
    pub fn without_metadata(mut self) -> Self {
        self.metadata = None;
        self
    }

    /// The value of a variable. An empty one counts as absent, as most shells and CI systems mean
    /// it.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The first of these variables that is there.
    pub(crate) fn first<'a>(&'a self, names: &[&'a str]) -> Option<(&'a str, &'a str)> {
        names.iter().find_map(|name| Some((*name, self.get(name)?)))
    }

    /// The variables whose names begin so.
    pub(crate) fn starting_with<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.variables
            .range(prefix.to_owned()..)
            .take_while(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.as_str(), value.trim()))
            .filter(|(_, value)| !value.is_empty())
    }

    /// A path in the home folder.
    pub(crate) fn in_home(&self, path: impl AsRef<Path>) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(path))
    }

    /// The address of the metadata service.
    pub(crate) fn metadata_url(&self) -> Option<&str> {
        self.metadata.as_deref()
    }
}

impl fmt::Debug for Environment {
    // The values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables.keys().collect::<Vec<_>>())
            .field("home", &self.home)
            .field("metadata", &self.metadata)
            .finish()
    }
}
