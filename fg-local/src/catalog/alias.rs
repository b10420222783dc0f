//! An alias of a function's versions, the rules for it, and the version that it stands for in one
//! invocation.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::config::description_too_long;
use super::function::Function;
use super::names::check_alias_name;
use super::version::Version;
use crate::error::ApiError;
use crate::urn::Qualifier;

/// How many aliases a function has at most (API reference, quotas).
const MAX_ALIASES: usize = 10;

/// How many rules a strategy has at most, and how long a name or a value in them is. The platform's
/// limits are not documented; these bound the work for an invocation.
const MAX_RULES: usize = 20;
const MAX_RULE_LENGTH: usize = 1000;

/// A name for a version, and for a second one that takes a part of the invocations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alias {
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) description: String,
    /// The additional version, and its share in per cent.
    #[serde(default)]
    pub(crate) weights: BTreeMap<String, u32>,
    /// The additional version, and the rules by which it is chosen. Excludes weights.
    #[serde(default)]
    pub(crate) strategy: BTreeMap<String, VersionStrategy>,
    pub(crate) last_modified: Timestamp,
}

/// When an invocation goes to the additional version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct VersionStrategy {
    pub(crate) rules: Vec<HeaderRule>,
    /// `and` or `or`.
    pub(crate) combine_type: String,
}

/// A condition on a header of the invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct HeaderRule {
    /// `Header`
    pub(crate) rule_type: String,
    /// The name of the header.
    pub(crate) param: String,
    /// `=` or `in`, with values separated by commas.
    pub(crate) op: String,
    pub(crate) value: String,
}

impl Alias {
    /// The additional version, if there is one.
    pub(crate) fn additional(&self) -> Option<&str> {
        self.weights.keys().chain(self.strategy.keys()).next().map(String::as_str)
    }

    /// The name of the version for an invocation with these headers. `roll` is a random number
    /// below 100: the additional version gets as many of them as it has per cent.
    fn choose(&self, headers: &HeaderMap, roll: u32) -> &str {
        let by_rules = self.strategy.iter().find(|(_, strategy)| strategy.matches(headers));
        let by_weight = || self.weights.iter().find(|(_, weight)| roll < **weight);
        let additional =
            by_rules.map(|(name, _)| name).or_else(|| by_weight().map(|(name, _)| name));
        additional.unwrap_or(&self.version)
    }

    fn check(&self, function: &Function) -> Result<(), ApiError> {
        check_alias_name(&self.name)?;
        if self.description.chars().count() > 512 {
            return Err(description_too_long());
        }
        function.version(&self.version)?;
        if !self.weights.is_empty() && !self.strategy.is_empty() {
            return Err(ApiError::bad_request(
                "FSS.0400",
                "Invalid parameter: additional_version_weights and additional_version_strategy \
                 exclude each other",
            ));
        }
        if self.weights.len() + self.strategy.len() > 1 {
            return Err(additional("an alias has at most one"));
        }
        let Some(name) = self.additional() else { return Ok(()) };
        if name == self.version {
            return Err(ApiError::bad_request(
                "FSS.1093",
                format!("The major version and the additional version cannot be the same: {name}"),
            ));
        }
        if function.version(name).is_err() {
            return Err(additional(&format!("there is no version {name}")));
        }
        if self.weights.values().any(|weight| *weight > 100) {
            return Err(invalid_weight());
        }
        self.strategy.values().try_for_each(VersionStrategy::check)
    }
}

impl VersionStrategy {
    fn matches(&self, headers: &HeaderMap) -> bool {
        if self.combine_type == "or" {
            self.rules.iter().any(|rule| rule.matches(headers))
        } else {
            !self.rules.is_empty() && self.rules.iter().all(|rule| rule.matches(headers))
        }
    }

    fn check(&self) -> Result<(), ApiError> {
        if !["", "and", "or"].contains(&&*self.combine_type) {
            return Err(additional("the combine_type of a strategy is `and` or `or`"));
        }
        if self.rules.is_empty() || self.rules.len() > MAX_RULES {
            return Err(additional(&format!("a strategy has 1 to {MAX_RULES} rules")));
        }
        self.rules.iter().try_for_each(HeaderRule::check)
    }
}

impl HeaderRule {
    /// Whether one of the values of the header is the rule's, or is in its list.
    fn matches(&self, headers: &HeaderMap) -> bool {
        let is_wanted = |value: &str| match &*self.op {
            "in" => self.value.split(',').any(|one| one.trim() == value),
            _ => self.value == value,
        };
        headers.get_all(&*self.param).iter().any(|value| value.to_str().is_ok_and(is_wanted))
    }

    fn check(&self) -> Result<(), ApiError> {
        if !self.rule_type.eq_ignore_ascii_case("header") {
            return Err(additional("the rule_type of a rule is `Header`"));
        }
        if !["=", "in"].contains(&&*self.op) {
            return Err(additional("the op of a rule is `=` or `in`"));
        }
        let is_header = axum::http::HeaderName::try_from(&self.param).is_ok();
        if !is_header || self.param.len() > MAX_RULE_LENGTH {
            return Err(additional("the param of a rule is the name of a header"));
        }
        if self.value.is_empty() || self.value.len() > MAX_RULE_LENGTH {
            return Err(additional(&format!(
                "the value of a rule has 1 to {MAX_RULE_LENGTH} bytes"
            )));
        }
        Ok(())
    }
}

fn additional(message: &str) -> ApiError {
    ApiError::bad_request("FSS.1091", format!("The additional version is invalid: {message}"))
}

/// A share that is no number from 0 to 100.
pub(crate) fn invalid_weight() -> ApiError {
    ApiError::bad_request(
        "FSS.1092",
        "The weight of the additional version is invalid: it must be a number from 0 to 100",
    )
}

impl Function {
    /// The headers that the rules of an alias look at, which an invocation keeps while it waits.
    pub(crate) fn rule_headers(
        &self,
        qualifier: Option<&Qualifier>,
        headers: &HeaderMap,
    ) -> Vec<(String, String)> {
        let Some(Qualifier::Alias(alias)) = qualifier else { return Vec::new() };
        let alias = self.aliases.iter().find(|known| known.name == *alias);
        let rules = alias.into_iter().flat_map(|alias| alias.strategy.values());
        let names = rules.flat_map(|strategy| &strategy.rules).map(|rule| rule.param.as_str());
        let names: BTreeSet<_> = names.collect();
        let value = |name: &str| Some((name.to_owned(), headers.get(name)?.to_str().ok()?.into()));
        names.into_iter().filter_map(value).collect()
    }

    /// The version that runs an invocation with these headers: `latest` without a qualifier. `roll`
    /// is a random number below 100, for aliases with weights.
    ///
    /// # Errors
    ///
    /// If there is no such version or alias.
    pub(crate) fn choose_version(
        &self,
        qualifier: Option<&Qualifier>,
        headers: &HeaderMap,
        roll: u32,
    ) -> Result<&Version, ApiError> {
        match qualifier {
            Some(Qualifier::Alias(name)) => self.version(self.alias(name)?.choose(headers, roll)),
            other => self.named_version(other),
        }
    }

    /// Adds an alias, or replaces the one of this name.
    ///
    /// # Errors
    ///
    /// The platform's code for what is wrong with it, or if its name is taken (in `replaced` is the
    /// name of the alias that it replaces), or its version has another alias.
    pub(crate) fn put_alias(
        &mut self,
        alias: Alias,
        replaced: Option<&str>,
    ) -> Result<(), ApiError> {
        alias.check(self)?;
        let others = || self.aliases.iter().filter(|other| replaced != Some(&*other.name));
        if others().any(|other| other.name == alias.name) {
            return Err(ApiError::conflict(
                "FSS.1063",
                format!("The alias already exists: {} has an alias {}", self.name, alias.name),
            ));
        }
        if let Some(other) = others().find(|other| other.version == alias.version) {
            return Err(ApiError::conflict(
                "FSS.1066",
                format!(
                    "The version is already in use by another alias: {} is the alias of {}",
                    other.name, other.version
                ),
            ));
        }
        if others().count() >= MAX_ALIASES {
            return Err(ApiError::forbidden(
                "FSS.1043",
                format!("The number of aliases exceeds the maximum allowed limit ({MAX_ALIASES})"),
            ));
        }
        match self.aliases.iter_mut().find(|other| replaced == Some(&*other.name)) {
            Some(place) => *place = alias,
            None => self.aliases.push(alias),
        }
        Ok(())
    }

    /// Removes an alias with its settings.
    ///
    /// # Errors
    ///
    /// If it is not there, or has triggers.
    pub(crate) fn remove_alias(&mut self, name: &str) -> Result<(), ApiError> {
        self.check_removable(name)?;
        self.aliases.retain(|alias| alias.name != name);
        self.forget(&format!("!{name}"));
        Ok(())
    }

    pub(super) fn check_removable(&self, alias: &str) -> Result<(), ApiError> {
        self.alias(alias)?;
        let qualifier = format!("!{alias}");
        if self.triggers.iter().any(|trigger| trigger.qualifier == qualifier) {
            return Err(ApiError::forbidden(
                "FSS.1154",
                format!(
                    "Aliases of a function bound with triggers cannot be deleted: delete the \
                     triggers of {alias} first"
                ),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::super::function::tests::published;
    use super::*;

    impl Alias {
        pub(in crate::catalog) fn new(name: &str, version: &str) -> Self {
            Self {
                name: name.into(),
                version: version.into(),
                description: String::new(),
                weights: BTreeMap::new(),
                strategy: BTreeMap::new(),
                last_modified: Timestamp::now(),
            }
        }
    }

    impl VersionStrategy {
        pub(in crate::catalog) fn header(param: &str, op: &str, value: &str) -> Self {
            let rule = HeaderRule {
                rule_type: "Header".into(),
                param: param.into(),
                op: op.into(),
                value: value.into(),
            };
            Self { rules: vec![rule], combine_type: "and".into() }
        }
    }

    fn code<T>(result: Result<T, ApiError>) -> &'static str {
        result.err().map_or("accepted", |error| error.code)
    }

    fn weighted(version: &str, weight: u32) -> Alias {
        Alias { weights: [(version.into(), weight)].into(), ..Alias::new("prod", "v1") }
    }

    fn ruled(strategy: VersionStrategy) -> Alias {
        Alias { strategy: [("v2".into(), strategy)].into(), ..Alias::new("prod", "v1") }
    }

    fn put(alias: Alias) -> &'static str {
        code(published(&["v1", "v2"]).put_alias(alias, None))
    }

    #[test]
    fn the_additional_version_is_there_differs_and_has_a_share_of_at_most_100() {
        assert_eq!(put(weighted("v2", 100)), "accepted");
        assert_eq!(put(weighted("latest", 0)), "accepted");
        assert_eq!(put(weighted("v3", 10)), "FSS.1091");
        assert_eq!(put(weighted("v2", 101)), "FSS.1092");
        assert_eq!(put(weighted("v1", 10)), "FSS.1093");
        let mut two = weighted("v2", 10);
        two.weights.insert("latest".into(), 10);
        assert_eq!(put(two), "FSS.1091");
    }

    #[test]
    fn weights_and_rules_exclude_each_other() {
        let both = Alias {
            strategy: [("v2".into(), VersionStrategy::header("a", "=", "b"))].into(),
            ..weighted("v2", 10)
        };
        assert_eq!(put(both), "FSS.0400");
    }

    #[test]
    fn a_rule_names_a_header_and_a_comparison() {
        let rule = VersionStrategy::header;
        assert_eq!(put(ruled(rule("version", "in", "a,b"))), "accepted");
        assert_eq!(put(ruled(rule("version", "!=", "a"))), "FSS.1091");
        assert_eq!(put(ruled(rule("ver sion", "=", "a"))), "FSS.1091");
        assert_eq!(put(ruled(rule("version", "=", ""))), "FSS.1091");
        assert_eq!(put(ruled(VersionStrategy::default())), "FSS.1091");
        let xor = VersionStrategy { combine_type: "xor".into(), ..rule("a", "=", "b") };
        assert_eq!(put(ruled(xor)), "FSS.1091");
    }

    #[test]
    fn a_version_has_one_alias_and_a_function_ten() {
        let names: Vec<_> = (1..=11).map(|number| format!("v{number}")).collect();
        let mut function = published(&names.iter().map(String::as_str).collect::<Vec<_>>());
        function.put_alias(Alias::new("a1", "v1"), None).expect("it is accepted");
        assert_eq!(code(function.put_alias(Alias::new("a1", "v2"), None)), "FSS.1063");
        assert_eq!(code(function.put_alias(Alias::new("a2", "v1"), None)), "FSS.1066");
        for number in 2..=10 {
            let (name, version) = (format!("a{number}"), format!("v{number}"));
            function.put_alias(Alias::new(&name, &version), None).expect("it is accepted");
        }
        assert_eq!(code(function.put_alias(Alias::new("a11", "v11"), None)), "FSS.1043");
        assert_eq!(code(function.put_alias(Alias::new("a1", "v11"), Some("a1"))), "accepted");
        assert_eq!(function.alias("a1").expect("it is there").version, "v11");
    }

    #[test]
    fn an_alias_is_a_name_that_can_be_resolved() {
        let mut function = published(&["v1"]);
        function.put_alias(Alias::new("prod", "v1"), None).expect("it is accepted");
        let chosen = |qualifier: Option<Qualifier>| {
            function.choose_version(qualifier.as_ref(), &HeaderMap::new(), 0).map(|v| &*v.name)
        };
        assert_eq!(chosen(None), Ok("latest"));
        assert_eq!(chosen(Some(Qualifier::Version("v1".into()))), Ok("v1"));
        assert_eq!(chosen(Some(Qualifier::Alias("prod".into()))), Ok("v1"));
        assert_eq!(code(chosen(Some(Qualifier::Alias("other".into())))), "FSS.1053");
    }

    proptest! {
        #[test]
        fn the_additional_version_gets_exactly_its_share_of_the_rolls(weight in 0u32..=100) {
            let alias = weighted("v2", weight);
            let chosen = (0..100).filter(|roll| alias.choose(&HeaderMap::new(), *roll) == "v2");
            prop_assert_eq!(chosen.count(), weight as usize);
        }

        #[test]
        fn with_and_all_rules_have_to_match_and_with_or_one(
            matching in proptest::collection::vec(any::<bool>(), 1..6),
            combine in prop_oneof!["and", "or", ""],
            roll in 0u32..100,
        ) {
            let mut headers = HeaderMap::new();
            let mut rules = Vec::new();
            for (number, matches) in matching.iter().enumerate() {
                let name = format!("x-{number}");
                let value = if *matches { "yes" } else { "no" };
                headers.insert(
                    axum::http::HeaderName::try_from(&name).expect("it is there"),
                    HeaderValue::from_static(value),
                );
                let op = if number % 2 == 0 { "=" } else { "in" };
                let value = if number % 2 == 0 { "yes" } else { "sure, yes" };
                rules.extend(VersionStrategy::header(&name, op, value).rules);
            }
            let expected = if combine == "or" {
                matching.contains(&true)
            } else {
                !matching.contains(&false)
            };
            let alias = ruled(VersionStrategy { rules, combine_type: combine });
            prop_assert_eq!(alias.choose(&headers, roll) == "v2", expected);
        }

        #[test]
        fn without_its_header_no_rule_matches(value in "[a-z]{1,8}", op in "=|in") {
            let alias = ruled(VersionStrategy::header("x-beta", &op, &value));
            prop_assert_eq!(alias.choose(&HeaderMap::new(), 0), "v1");
        }
    }
}
