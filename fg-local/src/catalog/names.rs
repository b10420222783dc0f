//! Which names the platform accepts for functions, packages, versions and aliases (API reference
//! `06_0108`, `06_0112`, `06_0113`).

use super::version::LATEST;
use crate::error::ApiError;

/// The name of a function.
pub(crate) fn check_function_name(name: &str) -> Result<(), ApiError> {
    if (2..=60).contains(&name.len()) && is_word(name) {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "FSS.1002",
        "Invalid function name: func_name must have 2 to 60 letters, digits, hyphens and \
         underscores, start with a letter, and end with a letter or a digit",
    ))
}

/// The name of a package, which the console calls an application.
pub(crate) fn check_package(name: &str) -> Result<(), ApiError> {
    if (1..=60).contains(&name.len()) && is_word(name) {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "FSS.1004",
        "Invalid Package (function app): package must have at most 60 letters, digits, hyphens \
         and underscores, start with a letter, and end with a letter or a digit; most functions \
         are in `default`",
    ))
}

/// The name of a version that is to be published.
pub(crate) fn check_version_name(name: &str) -> Result<(), ApiError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if name == LATEST {
        return Err(ApiError::conflict(
            "FSS.1062",
            "The version already exists: `latest` is the one that can be changed",
        ));
    }
    if (1..=42).contains(&name.len()) && name.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "FSS.1015",
        "Invalid function version: its name must have 1 to 42 letters, digits, underscores, \
         hyphens and periods",
    ))
}

/// The name of an alias.
pub(crate) fn check_alias_name(name: &str) -> Result<(), ApiError> {
    if (1..=63).contains(&name.len()) && is_word(name) {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "FSS.1014",
        "Invalid function alias: its name must have 1 to 63 letters, digits, hyphens and \
         underscores, start with a letter, and end with a letter or a digit",
    ))
}

/// Letters, digits, `-` and `_`, from a letter to a letter or a digit.
fn is_word(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.ends_with(|last: char| last.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_platforms_letters_and_lengths() {
        let long = "a".repeat(61);
        for name in ["greet", "g2", "a-b_c", &long[..60]] {
            assert!(check_function_name(name).is_ok(), "{name}");
        }
        for name in ["", "g", "2g", "g-", "-g", "a:b", "a/b", "a b", "gré", "../x", &long] {
            assert!(check_function_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_version_may_start_with_a_digit_and_cannot_be_named_latest() {
        for name in ["1.0.0", "v1", "v20261127-100000", "_"] {
            assert!(check_version_name(name).is_ok(), "{name}");
        }
        for name in ["latest", "", "!v1", "v 1", "v:1", &"v".repeat(43)] {
            assert!(check_version_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn an_alias_starts_with_a_letter() {
        assert!(check_alias_name("prod").is_ok());
        for name in ["1prod", "", "!prod", &"a".repeat(64)] {
            assert!(check_alias_name(name).is_err(), "{name}");
        }
    }
}
