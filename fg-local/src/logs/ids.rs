//! The names and ids of the log group and the log streams, the same for a function at every start.

use crate::catalog::function::Function;
use crate::catalog::id::derived_uuid;

/// The id of the one log group of this server, 36 characters as in LTS.
pub(crate) fn group_id(project_id: &str) -> String {
    derived_uuid(&format!("group {project_id}"))
}

/// The platform's own group is named `functiongraph.log.group.` and a suffix.
pub(crate) fn group_name() -> &'static str {
    "functiongraph.log.group.local"
}

/// The id of a function's log stream, 36 characters as in LTS.
pub(crate) fn stream_id(function: &Function) -> String {
    derived_uuid(&format!("stream {}", function.id))
}

/// Begins with the name of the function, as on the platform.
pub(crate) fn stream_name(function: &Function) -> String {
    let name = &function.name;
    format!("{}_{}_{}", name.name, name.package, function.id.get(..8).unwrap_or(&function.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triggers::example::function;

    #[test]
    fn a_function_has_a_log_stream_of_its_own_in_the_group_of_its_project() {
        let (one, other) = (function("f1", &[]), function("f2", &[]));
        assert_eq!(stream_id(&one), stream_id(&one));
        assert_ne!(stream_id(&one), stream_id(&other));
        assert_ne!(group_id("p"), group_id("q"));
        assert_eq!(stream_name(&one), "greet_default_f1");
    }
}
