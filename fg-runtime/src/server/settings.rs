//! How long what runs may go on when the process is told to end.

use std::time::Duration;

use fg_core::Environment;

/// The variable that sets it, in seconds.
const VARIABLE: &str = "FG_SHUTDOWN_GRACE";

/// The longest that the platform waits.
const LONGEST_BY_TIMEOUT: Duration = Duration::from_secs(90);

/// Where nothing is set: Kubernetes kills a container 30 s after SIGTERM, and the state needs a
/// moment for its own end.
const DEFAULT: Duration = Duration::from_secs(29);

/// As `FG_SHUTDOWN_GRACE` says; else as long as an invocation may take, and a second; else what
/// Kubernetes gives.
pub(crate) fn grace(given: Option<&str>, environment: &Environment) -> Result<Duration, String> {
    match given.map(str::trim).filter(|value| !value.is_empty()) {
        Some(value) => {
            let seconds = value.parse::<u32>();
            let wrong = |_| format!("{VARIABLE} is `{value}`; it must be a number of seconds");
            seconds.map(|seconds| Duration::from_secs(seconds.into())).map_err(wrong)
        }
        None if environment.is_timeout_given() => {
            Ok((environment.timeout() + Duration::from_secs(1)).min(LONGEST_BY_TIMEOUT))
        }
        None => Ok(DEFAULT),
    }
}

/// The value of the variable.
pub(crate) fn given() -> Option<String> {
    std::env::var(VARIABLE).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(given: Option<&str>, timeout: Option<&str>) -> Result<u64, String> {
        let environment =
            Environment::from_variables(timeout.map(|timeout| ("RUNTIME_TIMEOUT", timeout)));
        grace(given, &environment).map(|grace| grace.as_secs())
    }

    #[test]
    fn it_is_what_is_set_or_what_an_invocation_may_take_or_what_kubernetes_gives() {
        assert_eq!(seconds(None, None), Ok(29));
        assert_eq!(seconds(Some(""), Some("3")), Ok(4));
        assert_eq!(seconds(None, Some("900")), Ok(90));
        assert_eq!(seconds(Some("300"), Some("3")), Ok(300));
        assert_eq!(seconds(Some(" 0 "), None), Ok(0));
        for wrong in ["5s", "-1", "1.5"] {
            assert!(seconds(Some(wrong), None).is_err_and(|text| text.contains(wrong)));
        }
    }
}
