//! Checks the names in a package: a zip file must be able to contain them, and Linux to unpack
//! them.

/// The directory into which the platform unpacks a package (from the manual, `RUNTIME_CODE_ROOT`).
const CODE_ROOT: &str = "/opt/function/code/";

/// The limits of Linux in bytes: for a name, and for a path including its final NUL.
const NAME_LIMIT: usize = 255;
const PATH_LIMIT: usize = 4096;

/// Checks one component of a path.
pub(super) fn check(name: &str) -> Result<(), &'static str> {
    if name.contains('\\') {
        return Err("its name contains a backslash, which a zip file does not support");
    }
    if name.chars().any(char::is_control) {
        return Err("its name contains a control character");
    }
    if name.len() > NAME_LIMIT {
        return Err("its name is longer than 255 bytes, the maximum on Linux");
    }
    Ok(())
}

/// Checks the length of a path in the package.
pub(super) fn check_length(path: &str) -> Result<(), &'static str> {
    if CODE_ROOT.len() + path.len() < PATH_LIMIT {
        Ok(())
    } else {
        Err("its path is longer than the maximum on Linux")
    }
}

/// Splits and checks a destination.
pub(super) fn parts(destination: &str) -> Result<Vec<&str>, &'static str> {
    let mut letters = destination.chars();
    let has_drive = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.next() == Some(':');
    if destination.starts_with('/') || has_drive && letters.next() == Some('/') {
        return Err("the destination has to be a relative path in the package");
    }
    let parts: Vec<_> =
        destination.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err("the destination is outside of the package");
    }
    parts.iter().try_for_each(|part| check(part))?;
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_stays_in_the_package() {
        assert_eq!(parts("a/./b c//d/"), Ok(vec!["a", "b c", "d"]));
        assert_eq!(parts("."), Ok(vec![]));
        assert_eq!(parts("c:d"), Ok(vec!["c:d"]));
        for outside in ["/a", "..", "a/../../b", "a\\b", "C:/a", "a\nb"] {
            assert!(parts(outside).is_err(), "{outside:?}");
        }
    }

    #[test]
    fn names_and_paths_that_are_too_long_are_rejected() {
        assert!(check(&"n".repeat(255)).is_ok() && check(&"n".repeat(256)).is_err());
        let path = |length: usize| "n/".repeat(length / 2);
        assert!(check_length(&path(4076)).is_ok() && check_length(&path(4078)).is_err());
    }
}
