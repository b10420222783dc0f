//! The paths of the platform's APIs, which never are paths of a function.

use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// What is encoded in a segment of a path.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':').remove(b'!');

/// The segments of a path, decoded. Empty segments are left out, as on the platform.
fn segments(path: &str) -> Vec<Vec<u8>> {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.map(|segment| percent_decode_str(segment).collect()).collect()
}

/// Whether a path belongs to FunctionGraph, LTS or IAM, and so is never a path of a function:
/// everything below `/v2/`, and of `/v3/` what is IAM's. So does what this server has beside them,
/// below `/fg/triggers`.
pub(crate) fn is_platform(path: &str) -> bool {
    is_cloud(path) || is_own(path)
}

/// Whether requests to a path have to be signed, if any have to.
pub(crate) fn is_cloud(path: &str) -> bool {
    let segments = segments(path);
    let segments: Vec<_> = segments.iter().map(Vec::as_slice).collect();
    matches!(
        segments[..],
        [b"v2", _, ..] | [b"v3", b"projects" | b"auth" | b"regions" | b"users" | b"domains", ..]
    )
}

fn is_own(path: &str) -> bool {
    let segments = segments(path);
    let segments: Vec<_> = segments.iter().map(Vec::as_slice).collect();
    matches!(segments[..], [b"fg", b"triggers", ..])
}

/// Whether a path of the platform invokes a function, whose event is smaller than other requests
/// may be.
pub(crate) fn is_invocation(path: &str) -> bool {
    let segments = segments(path);
    let segments: Vec<_> = segments.iter().map(Vec::as_slice).collect();
    matches!(segments[..], [_, _, _, b"functions", _, b"invocations" | b"invocations-async"])
}

/// The same target with a path that the router knows: clients differ in what they encode.
pub(crate) fn canonical(uri: &Uri) -> Option<Uri> {
    let mut target = String::new();
    for segment in segments(uri.path()) {
        target.push('/');
        target.extend(percent_encode(&segment, SEGMENT));
    }
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(query);
    }
    Some(Uri::from(target.parse::<PathAndQuery>().ok()?))
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
            "/v2/p/functions/urn/tags",
            "/v2/p/groups/g/streams/s/content/query",
            "/v2/p",
            "/v%32/p/x",
            "/v3/projects",
            "/v3/auth/domains",
            "/fg/triggers/greet/TIMER/t/fire",
        ] {
            assert!(is_platform(path), "{path}");
            assert!(!is_invocation(path), "{path}");
        }
        for path in
            ["/", "/v2", "/v2/", "/v20/p", "/v1/p/fgs/functions", "/x/v2/p/fgs", "/v3/x", "/fg/x"]
        {
            assert!(!is_platform(path), "{path}");
        }
        assert!(is_cloud("/v2/p/fgs") && !is_cloud("/fg/triggers/greet/TIMER/t/fire"));
        assert!(is_invocation("/v2/p/fgs/functions/urn%3Afss/invocations-async"));
    }

    #[test]
    fn a_path_is_the_same_however_it_is_encoded() {
        let canonical =
            |target: &str| canonical(&target.parse().expect("a target")).map(|uri| uri.to_string());
        for target in [
            "/v2/p/fgs/functions/urn:fss:!a/config?x=%2F",
            "//v2/p/%66gs//functions/urn%3Afss%3a%21a/config?x=%2F",
        ] {
            assert_eq!(
                canonical(target).as_deref(),
                Some("/v2/p/fgs/functions/urn:fss:!a/config?x=%2F")
            );
        }
        for same in ["/v2/p/a%2Fb/%25", "/v2/p/%FF", "/v2/p/%0D%0A"] {
            assert_eq!(canonical(same).as_deref(), Some(same));
        }
    }
}
