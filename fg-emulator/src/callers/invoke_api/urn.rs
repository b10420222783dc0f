//! The paths of the platform's API, and the URN of the function that is invoked.

use percent_encoding::percent_decode_str;

use crate::settings::Settings;

/// The segments of a path, decoded. Empty segments are left out, as on the platform.
pub(super) fn segments(path: &str) -> Vec<String> {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect()
}

/// Whether a path belongs to the platform's API, and so is never a path of a function.
pub(in crate::callers) fn is_platform_path(path: &str) -> bool {
    let segments = segments(path);
    matches!(segments.iter().map(String::as_str).collect::<Vec<_>>()[..], ["v2", _, "fgs", ..])
}

/// The URN of the function that a path invokes; `None` if it is another call of the API.
pub(in crate::callers) fn invoked_urn(path: &str) -> Option<String> {
    let mut segments = segments(path);
    let is_invocation = segments.len() == 6
        && segments[3] == "functions"
        && ["invocations", "invocations-async"].contains(&&*segments[5]);
    is_invocation.then(|| segments.swap_remove(4))
}

/// Whether a URN names this function.
pub(in crate::callers) fn names_function(urn: &str, settings: &Settings) -> bool {
    version_in(urn, &settings.name).is_some()
}

/// The version or `!alias` in a URN of this function, or in one of its short forms; empty if there
/// is none.
pub(super) fn version_in<'a>(urn: &'a str, name: &str) -> Option<&'a str> {
    let fields: Vec<_> = urn.split(':').collect();
    match fields[..] {
        ["urn", "fss", _, _, "function", _, found] if found == name => Some(""),
        ["urn", "fss", _, _, "function", _, found, version] if found == name => Some(version),
        // Of the short forms only the number of fields is documented. A package may precede the
        // name, and a version may follow it.
        [first, ..] if first != "urn" && fields.len() <= 4 => {
            let at = fields.iter().position(|field| *field == name)?;
            Some(fields.get(at + 1).copied().unwrap_or_default())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_the_platforms_paths_are_the_platforms() {
        for path in [
            "/v2/p/fgs",
            "/v2/p/fgs/quotas",
            "/v2/p/fgs/functions/a/config",
            "/v2/p/%66gs/dependencies",
            "//v2//p/fgs/x",
            "/v2/p/fgs/",
        ] {
            assert!(is_platform_path(path), "{path}");
            assert_eq!(invoked_urn(path), None, "{path}");
        }
        for path in [
            "/",
            "/v2",
            "/v2/p",
            "/v2/p/fgsx/functions",
            "/v1/p/fgs/functions",
            "/x/v2/p/fgs/functions",
        ] {
            assert!(!is_platform_path(path), "{path}");
        }
        assert_eq!(
            invoked_urn("/v2/p/fgs/functions/urn%3Afss/invocations-async").as_deref(),
            Some("urn:fss")
        );
    }

    #[test]
    fn a_function_is_found_by_its_urn_and_by_the_short_forms() {
        for (urn, version) in [
            ("urn:fss:eu-de:p:function:default:greet", Some("")),
            ("urn:fss:eu-de:p:function:default:greet:latest", Some("latest")),
            ("urn:fss:eu-de:p:function:default:greet:!prod", Some("!prod")),
            ("greet", Some("")),
            ("greet:v2", Some("v2")),
            ("default:greet:v2", Some("v2")),
            ("urn:fss:eu-de:p:function:default:other", None),
            ("other", None),
        ] {
            assert_eq!(version_in(urn, "greet"), version, "{urn}");
        }
    }
}
