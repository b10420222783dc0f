//! Recognises variables that look like secrets, which should not be in a committed file.

/// Parts of the names of secrets.
const OF_SECRETS: [&str; 8] =
    ["SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "CREDENTIAL", "APIKEY", "PRIVATE"];

/// Suffixes of names that refer to a secret but are not secret themselves.
const ABOUT_SECRETS: [&str; 9] =
    ["_FILE", "_PATH", "_DIR", "_NAME", "_URL", "_URI", "_HOST", "_TTL", "PUBLIC_KEY"];

/// Whether a variable looks like a secret: by its name, or because its value is a URL with a
/// password.
pub(crate) fn looks_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let by_name = OF_SECRETS.iter().any(|part| name.contains(part))
        || ["_KEY", "_PWD", "_PASS", "_SK", "_PAT"].iter().any(|end| name.ends_with(end));
    let is_about = ABOUT_SECRETS.iter().any(|end| name.ends_with(end));
    let is_plain =
        value.is_empty() || value.parse::<f64>().is_ok() || value.parse::<bool>().is_ok();
    (by_name && !is_about && !is_plain) || has_password(value)
}

/// `postgres://user:password@host/`
fn has_password(value: &str) -> bool {
    value.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_recognised_by_its_name_or_as_a_url_with_a_password() {
        for (name, value) in [
            ("DB_PASSWORD", "x"),
            ("client_secret", "x"),
            ("API_KEY", "x"),
            ("GITHUB_TOKEN", "x"),
            ("DATABASE_URL", "postgres://ada:x@db/shop"),
        ] {
            assert!(looks_secret(name, value), "{name}");
        }
        for (name, value) in [
            ("DB_PASSWORD", ""),
            ("MAX_TOKENS", "4096"),
            ("PASSWORD_FILE", "/run/x"),
            ("TOKEN_URL", "https://id.example/token"),
            ("PUBLIC_KEY", "x"),
            ("GREETING", "Hi"),
            ("KEYBOARD", "de"),
            ("DATABASE_URL", "postgres://db/shop"),
        ] {
            assert!(!looks_secret(name, value), "{name}");
        }
    }
}
