//! The names and ids of the log group and the log streams, the same for a function at every start.

use base16ct::lower::encode_string;
use sha2::{Digest, Sha256};

use crate::catalog::function::Function;

/// The id of the one log group of this server, 36 characters as in LTS.
pub(crate) fn group_id(project_id: &str) -> String {
    id("group", project_id)
}

/// The platform's own group is named `functiongraph.log.group.` and a suffix.
pub(crate) fn group_name() -> &'static str {
    "functiongraph.log.group.local"
}

/// The id of a function's log stream, 36 characters as in LTS.
pub(crate) fn stream_id(function: &Function) -> String {
    id("stream", &function.id)
}

/// Begins with the name of the function, as on the platform.
pub(crate) fn stream_name(function: &Function) -> String {
    let name = &function.name;
    format!("{}_{}_{}", name.name, name.package, function.id.get(..8).unwrap_or(&function.id))
}

/// The first half of a digest, written as a UUID.
fn id(kind: &str, of: &str) -> String {
    let digest = Sha256::new().chain_update(kind).chain_update(" ").chain_update(of).finalize();
    let hex = encode_string(&digest[..16]);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_always_the_same_and_has_the_form_of_a_uuid() {
        let id = group_id("p");
        assert_eq!(id, group_id("p"));
        assert_ne!(id, group_id("q"));
        let parts: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
    }
}
