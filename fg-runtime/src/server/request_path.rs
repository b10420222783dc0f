//! The path of a request, and which paths are the platform's.

use http::Uri;

/// The path of a request. The engine puts a slash before the path of a gateway's event, which has
/// one.
pub(crate) fn path_of(uri: &Uri) -> &str {
    let path = uri.path();
    if path.starts_with("//") { &path[1..] } else { path }
}

/// Whether this is one of the paths that the platform calls.
#[cfg(feature = "http")]
pub(crate) fn is_platform_route(path: &str) -> bool {
    matches!(path, "/invoke" | "/init" | "/healthz" | "/shutdown")
}
