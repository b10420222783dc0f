//! Publishing a function, and the deletion of what was published.

use jiff::Timestamp;

use super::config::description_too_long;
use super::function::Function;
use super::names::check_version_name;
use super::version::{LATEST, Version};
use crate::error::ApiError;

/// How many published versions a function keeps. The platform's limit is not documented; this one
/// bounds the record of a function.
const MAX_VERSIONS: usize = 1000;

impl Function {
    /// Publishes `latest` under this name, or under one that is made of the time.
    ///
    /// # Errors
    ///
    /// If nothing has changed since the last publication, or the name is wrong or taken.
    pub(crate) fn publish(
        &mut self,
        name: Option<&str>,
        description: &str,
        now: Timestamp,
    ) -> Result<Version, ApiError> {
        let name =
            name.map_or_else(|| now.strftime("v%Y%m%d-%H%M%S").to_string(), ToOwned::to_owned);
        check_version_name(&name)?;
        if description.chars().count() > 512 {
            return Err(description_too_long());
        }
        if self.versions.iter().any(|version| version.name == name) {
            return Err(ApiError::conflict(
                "FSS.1062",
                format!("The version already exists: {} has a version {name}", self.name),
            ));
        }
        if let Some(last) = self
            .versions
            .last()
            .filter(|last| last.config == self.latest.config && last.code == self.latest.code)
        {
            return Err(ApiError::bad_request(
                "FSS.1016",
                format!(
                    "The function cannot be published because no changes have been made since \
                     last publication: version {} has the same code and configuration",
                    last.name
                ),
            ));
        }
        if self.versions.len() >= MAX_VERSIONS {
            return Err(ApiError::forbidden(
                "FSS.0403",
                format!(
                    "{} has {MAX_VERSIONS} versions; delete those that are not needed",
                    self.name
                ),
            ));
        }
        let version = Version {
            name,
            description: description.to_owned(),
            last_modified: now,
            ..self.latest.clone()
        };
        self.versions.push(version.clone());
        Ok(version)
    }

    /// Removes a published version with its triggers and settings, and the aliases that stand for
    /// it.
    ///
    /// # Errors
    ///
    /// If it is `latest`, or is not there, or is the additional version of an alias, or an alias
    /// that would go has triggers.
    pub(crate) fn remove_version(&mut self, name: &str) -> Result<(), ApiError> {
        if name == LATEST {
            return Err(ApiError::bad_request(
                "FSS.1015",
                "Invalid function version: `latest` cannot be deleted alone; without a version in \
                 the URN the whole function is deleted",
            ));
        }
        self.version(name)?;
        if let Some(alias) = self.aliases.iter().find(|alias| alias.additional() == Some(name)) {
            return Err(ApiError::forbidden(
                "FSS.1094",
                format!(
                    "The version cannot be deleted because it has been used as the additional \
                     version of an alias: {}",
                    alias.name
                ),
            ));
        }
        let aliases: Vec<_> = self
            .aliases
            .iter()
            .filter(|alias| alias.version == name)
            .map(|alias| alias.name.clone())
            .collect();
        for alias in &aliases {
            self.check_removable(alias)?;
        }
        for alias in &aliases {
            self.remove_alias(alias)?;
        }
        self.versions.retain(|version| version.name != name);
        self.forget(name);
        Ok(())
    }

    /// Removes what belongs to a version, or to `!` and an alias.
    pub(super) fn forget(&mut self, qualifier: &str) {
        self.triggers.retain(|trigger| trigger.qualifier != qualifier);
        self.async_configs.remove(qualifier);
        self.reserved.remove(qualifier);
    }
}

#[cfg(test)]
mod tests {
    use super::super::alias::{Alias, VersionStrategy};
    use super::super::function::tests::{function, published};
    use super::*;

    fn code<T>(result: Result<T, ApiError>) -> &'static str {
        result.err().map_or("accepted", |error| error.code)
    }

    #[test]
    fn a_version_keeps_what_latest_was_when_it_was_published() {
        let mut function = function();
        let now = Timestamp::now();
        function.publish(Some("v1"), "first", now).expect("it is published");
        function.latest.config.timeout = 30;
        let version = function.version("v1").expect("it is there");
        assert_eq!((version.config.timeout, &*version.description), (3, "first"));
    }

    #[test]
    fn publishing_needs_a_change_of_code_or_configuration() {
        let mut function = function();
        let now = Timestamp::now();
        function.publish(Some("v1"), "", now).expect("it is published");
        assert_eq!(code(function.publish(Some("v2"), "", now)), "FSS.1016");
        function.latest.code.digest = "other".into();
        assert_eq!(code(function.publish(Some("v1"), "", now)), "FSS.1062");
        assert_eq!(code(function.publish(Some("v2"), "", now)), "accepted");
        function.latest.config.timeout = 30;
        assert_eq!(code(function.publish(Some("latest"), "", now)), "FSS.1062");
    }

    #[test]
    fn a_version_without_a_name_is_named_by_the_time() {
        let now = "2026-11-27T10:20:30Z".parse().expect("it is well-formed");
        assert_eq!(
            function().publish(None, "", now).expect("it is published").name,
            "v20261127-102030"
        );
    }

    #[test]
    fn deleting_a_version_deletes_the_aliases_that_stand_for_it() {
        let mut function = published(&["v1", "v2"]);
        function.put_alias(Alias::new("prod", "v1"), None).expect("it is accepted");
        function.put_alias(Alias::new("next", "v2"), None).expect("it is accepted");
        function.remove_version("v1").expect("it is there");
        let names: Vec<_> = function.aliases.iter().map(|alias| &*alias.name).collect();
        assert_eq!(names, ["next"]);
        assert_eq!(code(function.version("v1")), "FSS.1052");
    }

    #[test]
    fn latest_and_an_additional_version_cannot_be_deleted() {
        let mut function = published(&["v1", "v2", "v3"]);
        let weights = Alias { weights: [("v2".into(), 10)].into(), ..Alias::new("prod", "v1") };
        function.put_alias(weights, None).expect("it is accepted");
        let strategy = [("v3".into(), VersionStrategy::header("a", "=", "b"))].into();
        let strategy = Alias { strategy, ..Alias::new("beta", "v2") };
        function.put_alias(strategy, None).expect("it is accepted");
        assert_eq!(code(function.remove_version("v2")), "FSS.1094");
        assert_eq!(code(function.remove_version("v3")), "FSS.1094");
        assert_eq!(code(function.remove_version("latest")), "FSS.1015");
        assert_eq!(code(function.remove_version("v4")), "FSS.1052");
    }
}
