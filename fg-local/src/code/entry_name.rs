//! The name of an entry of a package, as a path that stays in the folder of the package.

/// The most bytes of a name. Linux has 4,096 for a path, of which the folder needs some.
const MAX_NAME: usize = 1024;
/// The most bytes of a part of a name, on all common file systems.
const MAX_PART: usize = 255;

/// The parts of an entry's name, without `.` and empty ones. There are none if it names the folder
/// of the package itself.
///
/// # Errors
///
/// What the name is that keeps it from being unpacked: the end of a sentence which begins with it.
pub(super) fn parts(name: &str) -> Result<Vec<&str>, &'static str> {
    if name.is_empty() {
        return Err("is empty");
    }
    if name.len() > MAX_NAME {
        return Err("is longer than 1024 bytes");
    }
    if name.chars().any(char::is_control) {
        return Err("has a control character");
    }
    if name.contains('\\') {
        return Err("has a backslash; the names in a zip file are separated by /");
    }
    if name.starts_with('/') {
        return Err("is absolute");
    }
    if matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic()) {
        return Err("begins with a drive letter");
    }
    if cfg!(windows) && name.contains(':') {
        return Err("has a colon, which names have not on Windows");
    }
    let parts: Vec<_> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err("has a part .., which leaves a folder");
    }
    if parts.iter().any(|part| part.len() > MAX_PART) {
        return Err("has a part of more than 255 bytes");
    }
    Ok(parts)
}

/// A name for a message: quoted, without control characters, and not too long.
pub(super) fn quoted(name: &str) -> String {
    const SHOWN: usize = 100;

    match name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}..", &name[..end]),
        None => format!("{name:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_parts() {
        for (name, expected) in [
            ("bootstrap", vec!["bootstrap"]),
            ("lib/x/y.so", vec!["lib", "x", "y.so"]),
            ("./lib//x", vec!["lib", "x"]),
            ("lib/", vec!["lib"]),
            ("./", vec![]),
            ("..a/b..", vec!["..a", "b.."]),
            ("数据/é", vec!["数据", "é"]),
        ] {
            assert_eq!(parts(name), Ok(expected), "{name}");
        }
    }

    #[test]
    fn a_name_that_leaves_the_folder_or_means_something_to_a_terminal_is_refused() {
        let long = "a/".repeat(600);
        let long_part = "a".repeat(256);
        for name in [
            "",
            "/",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a/..",
            "..",
            "c:x",
            "C:/x",
            "a\\b",
            "..\\x",
            "a\0b",
            "a\x1b[2Jb",
            "a\nb",
            "a\u{85}",
            &long,
            &long_part,
        ] {
            assert!(parts(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_message_has_a_part_of_a_long_name_and_no_control_character() {
        assert_eq!(quoted("a\x1b[2J"), r#""a\u{1b}[2J""#);
        assert_eq!(quoted(&"é".repeat(1000)), format!("{:?}..", "é".repeat(100)));
    }
}
