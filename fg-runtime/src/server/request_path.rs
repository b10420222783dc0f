//! The path of a request.

use http::Uri;

/// The path of a request. The engine puts a slash before the path of a gateway's event, which has
/// one.
pub(crate) fn path_of(uri: &Uri) -> &str {
    let path = uri.path();
    if path.starts_with("//") { &path[1..] } else { path }
}
