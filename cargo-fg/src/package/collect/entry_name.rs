//! Names that a zip file can hold, and that the platform can unpack.

/// Where the platform unpacks a package (its manual, `RUNTIME_CODE_ROOT`).
const CODE_ROOT: &str = "/opt/function/code/";

/// What Linux takes, in bytes: for one name, and for a path with the NUL behind it.
const NAME_LIMIT: usize = 255;
const PATH_LIMIT: usize = 4096;

/// The reason why a name, one part of a path, is not taken.
pub(super) fn check(name: &str) -> Result<(), &'static str> {
    if name.contains('\\') {
        return Err("there is a backslash in its name, which a zip file cannot hold");
    }
    if name.chars().any(char::is_control) {
        return Err("there is a control character in its name");
    }
    if name.len() > NAME_LIMIT {
        return Err("its name has more than the 255 bytes that Linux takes");
    }
    Ok(())
}

/// The reason why a path in the package, with slashes, is not taken.
pub(super) fn check_length(path: &str) -> Result<(), &'static str> {
    if CODE_ROOT.len() + path.len() < PATH_LIMIT {
        Ok(())
    } else {
        Err("its path is longer than Linux takes")
    }
}

/// The parts of where something is to go in the package, or the reason why it cannot go there.
pub(super) fn parts(destination: &str) -> Result<Vec<&str>, &'static str> {
    let mut letters = destination.chars();
    let has_drive = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.next() == Some(':');
    if destination.starts_with('/') || has_drive && letters.next() == Some('/') {
        return Err(
            "what it is to be is a path in the package, and does not begin at the root of a system",
        );
    }
    let parts: Vec<_> =
        destination.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err("what it is to be leads out of the package");
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
    fn what_linux_cannot_hold_is_refused() {
        assert!(check(&"n".repeat(255)).is_ok() && check(&"n".repeat(256)).is_err());
        let path = |length: usize| "n/".repeat(length / 2);
        assert!(check_length(&path(4076)).is_ok() && check_length(&path(4078)).is_err());
    }
}
