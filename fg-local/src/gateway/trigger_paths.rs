//! The paths of triggers of API Gateway (API reference, "creating a trigger": `APIG`,
//! `DEDICATEDGATEWAY` and `APIC`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::catalog::function::{Function, Trigger};
use crate::catalog::version::LATEST;
use crate::urn::Qualifier;

/// The types of triggers that have a path.
const TYPES: [&str; 3] = ["APIG", "DEDICATEDGATEWAY", "APIC"];

/// How long a function may take, if the trigger does not say: the most that it can say.
const LONGEST: Duration = Duration::from_secs(60);

/// A trigger whose path and method a request has.
#[derive(Debug)]
pub(super) struct Matched {
    pub(super) function: Arc<Function>,
    /// The version or alias that the trigger invokes.
    pub(super) qualifier: Option<Qualifier>,
    /// The values of the parts of the path in braces.
    pub(super) path_parameters: BTreeMap<String, String>,
    /// Whether the request has to be signed.
    pub(super) is_signed: bool,
    pub(super) is_async: bool,
    pub(super) timeout: Duration,
    /// How much of the path is fixed: the longest one wins.
    fixed: usize,
}

/// The trigger that a request is for.
pub(super) fn find(functions: &[Arc<Function>], method: &Method, path: &str) -> Option<Matched> {
    let triggers = functions
        .iter()
        .flat_map(|function| function.triggers.iter().map(move |trigger| (function, trigger)));
    let matched =
        triggers.filter_map(|(function, trigger)| match_trigger(function, trigger, method, path));
    matched.max_by_key(|matched| matched.fixed)
}

/// The paths of a function's triggers.
pub(super) fn of(function: &Function) -> impl Iterator<Item = &str> {
    function.triggers.iter().filter(|trigger| has_path(trigger)).filter_map(path_of)
}

fn has_path(trigger: &Trigger) -> bool {
    trigger.is_active && TYPES.contains(&trigger.type_code.as_str())
}

fn path_of(trigger: &Trigger) -> Option<&str> {
    text(&trigger.event_data, "path")
}

fn text<'a>(data: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    data.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn match_trigger(
    function: &Arc<Function>,
    trigger: &Trigger,
    method: &Method,
    path: &str,
) -> Option<Matched> {
    if !has_path(trigger) {
        return None;
    }
    let data = &trigger.event_data;
    let wanted = text(data, "req_method").unwrap_or("ANY");
    if wanted != "ANY" && !wanted.eq_ignore_ascii_case(method.as_str()) {
        return None;
    }
    let is_prefix = text(data, "match_mode").is_some_and(|mode| mode.eq_ignore_ascii_case("SWA"));
    let (path_parameters, fixed) = match_path(path_of(trigger)?, path, is_prefix)?;
    let none = Map::new();
    let info = data.get("func_info").and_then(Value::as_object).unwrap_or(&none);
    // The URN with which the trigger was created says more than the field of the gateway.
    let version = match trigger.qualifier.as_str() {
        LATEST | "" => text(info, "version").unwrap_or(LATEST),
        qualifier => qualifier,
    };
    Some(Matched {
        function: Arc::clone(function),
        qualifier: Some(Qualifier::parse(version)),
        path_parameters,
        // The keys of an app sign as those of an account do.
        is_signed: text(data, "auth").is_some_and(|auth| !auth.eq_ignore_ascii_case("NONE")),
        is_async: text(info, "invocation_type").is_some_and(|kind| kind == "async"),
        timeout: info
            .get("timeout")
            .and_then(Value::as_u64)
            .map_or(LONGEST, Duration::from_millis)
            .min(LONGEST),
        fixed,
    })
}

/// The values of the parts in braces, and how many characters of the pattern are fixed; `None` if
/// the path does not match. `{name+}` at the end takes the rest of the path.
fn match_path(
    pattern: &str,
    path: &str,
    is_prefix: bool,
) -> Option<(BTreeMap<String, String>, usize)> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let (mut parameters, mut fixed) = (BTreeMap::new(), 0);
    for wanted in pattern.split('/').filter(|segment| !segment.is_empty()) {
        let name = wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        if let Some(name) = name.and_then(|name| name.strip_suffix('+')) {
            let rest: Vec<_> = segments.by_ref().map(decode).collect();
            if rest.is_empty() {
                return None;
            }
            parameters.insert(name.to_owned(), rest.join("/"));
            continue;
        }
        let segment = decode(segments.next()?);
        match name {
            Some(name) => drop(parameters.insert(name.to_owned(), segment)),
            None if segment == wanted => fixed += wanted.len() + 1,
            None => return None,
        }
    }
    if !is_prefix && segments.next().is_some() {
        return None;
    }
    // Of two patterns that are equal otherwise, the exact one wins.
    Some((parameters, fixed * 2 + usize::from(!is_prefix)))
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_matched_as_a_whole_or_as_a_prefix() {
        for (pattern, path, is_prefix, matches) in [
            ("/orders", "/orders", false, true),
            ("/orders", "/orders/", false, true),
            ("/orders", "/orders/7", false, false),
            ("/orders", "/orders/7", true, true),
            ("/orders", "/ordersx", true, false),
            ("/orders", "/", true, false),
            ("/", "/anything/at/all", true, true),
            ("/", "/", false, true),
            ("/a b", "/a%20b", false, true),
        ] {
            assert_eq!(
                match_path(pattern, path, is_prefix).is_some(),
                matches,
                "{pattern} {path} {is_prefix}"
            );
        }
    }

    #[test]
    fn parts_in_braces_are_parameters() {
        let parameters = |pattern, path| {
            let (parameters, _) = match_path(pattern, path, false)?;
            let pairs = parameters.into_iter().map(|(name, value)| format!("{name}={value}"));
            Some(pairs.collect::<Vec<_>>().join(" "))
        };
        assert_eq!(parameters("/o/{id}/items", "/o/7%2F8/items").as_deref(), Some("id=7/8"));
        assert_eq!(parameters("/o/{id}", "/o"), None);
        assert_eq!(parameters("/o/{rest+}", "/o/a/b").as_deref(), Some("rest=a/b"));
        assert_eq!(parameters("/o/{rest+}", "/o"), None);
    }
}
