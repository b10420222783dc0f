//! The credentials file of the official SDKs: sections with `ak`, `sk` and what belongs to them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::chain::Profile;
use super::{Credentials, CredentialsError, Found, Source};
use crate::environment::Environment;
use crate::secret::Secret;

/// A file of credentials is small.
const LARGEST: u64 = 1024 * 1024;

/// The content of a file, if there is one.
pub(super) fn read(path: &Path) -> Result<Option<String>, CredentialsError> {
    let error = |error: &dyn std::fmt::Display| {
        CredentialsError::new(format!("{} cannot be read: {error}", path.display()))
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(other) => return Err(error(&other)),
    };
    let mut content = String::new();
    file.take(LARGEST + 1).read_to_string(&mut content).map_err(|other| error(&other))?;
    if content.len() as u64 > LARGEST {
        return Err(error(&"it is larger than 1 MiB"));
    }
    Ok(Some(content))
}

/// What the file has in the section `wanted`, or in the usual ones. The `Err` of the inner result
/// says why there is nothing.
pub(super) fn look_up(
    environment: &Environment,
    wanted: Option<&str>,
) -> Result<Result<Profile, String>, CredentialsError> {
    let given = environment.get("HUAWEICLOUD_SDK_CREDENTIALS_FILE").map(PathBuf::from);
    let is_given = given.is_some();
    let Some(path) = given.or_else(|| environment.in_home(".huaweicloud/credentials")) else {
        return Ok(Err("there is no home folder for .huaweicloud/credentials".to_owned()));
    };
    let Some(content) = read(&path)? else {
        let message = format!("{} does not exist", path.display());
        return match is_given {
            true => Err(CredentialsError::new(format!(
                "{message}: correct the variable HUAWEICLOUD_SDK_CREDENTIALS_FILE"
            ))),
            false => Ok(Err(message)),
        };
    };
    let sections = parse(&path, &content)?;
    let names = wanted.map_or_else(|| vec!["basic", "global"], |name| vec![name]);
    let Some((name, section)) = names.iter().find_map(|name| Some((*name, sections.get(*name)?)))
    else {
        let names = names.join(" or ");
        return Ok(Err(format!("{} has no section {names}", path.display())));
    };
    profile(path, name, section).map(Ok)
}

type Section = BTreeMap<String, Secret>;

fn profile(path: PathBuf, name: &str, section: &Section) -> Result<Profile, CredentialsError> {
    let value = |key: &str| section.get(key).map(|value| value.expose().to_owned());
    let source = Source::File { path, section: name.to_owned() };
    let (Some(access_key), Some(secret_key)) = (value("ak"), section.get("sk")) else {
        let missing = if section.contains_key("ak") { "sk" } else { "ak" };
        let hint = match section.contains_key("idp_id") {
            true => "; identity providers (idp_id) are not supported",
            false => "",
        };
        return Err(CredentialsError::new(format!(
            "{source}: there is no {missing}; write ak and sk there, or remove the section{hint}"
        )));
    };
    let mut credentials = Credentials::new(access_key, secret_key.clone());
    if let Some(token) = section.get("security_token") {
        credentials = credentials.with_security_token(token.clone());
    }
    let found = |key| value(key).map(|value| Found::new(value, source.clone()));
    Ok(Profile {
        region: found("region"),
        project_id: found("project_id"),
        domain_id: found("domain_id"),
        iam_endpoint: found("iam_endpoint"),
        credentials: Found::new(credentials, source),
    })
}

/// The sections of a file: `[name]`, `key = value` or `key: value`, comments with `#` or `;`.
fn parse(path: &Path, content: &str) -> Result<BTreeMap<String, Section>, CredentialsError> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut current: Option<String> = None;
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    for (number, line) in content.lines().enumerate() {
        // The line is not quoted: it may be a secret.
        let error = |message: &str| {
            CredentialsError::new(format!("{}, line {}: {message}", path.display(), number + 1))
        };
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            let name =
                name.strip_suffix(']').ok_or_else(|| error("a section has the form [name]"))?;
            current = Some(name.trim().to_owned());
            sections.entry(name.trim().to_owned()).or_default();
            continue;
        }
        let (key, value) = line
            .split_once(['=', ':'])
            .ok_or_else(|| error("neither [section] nor key = value"))?;
        let section = current.as_ref().and_then(|name| sections.get_mut(name));
        let section = section.ok_or_else(|| error("a key before the first [section]"))?;
        let value = value.trim();
        if !value.is_empty() {
            section.insert(key.trim().to_ascii_lowercase(), value.into());
        }
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_comments_and_both_separators_are_read() {
        let content =
            "\u{feff}# mine\r\n[basic]\r\nAK = a\r\nsk: b=c\r\n; more\n[ other ]\nak=d\nsk=\n";
        let sections = parse(Path::new("credentials"), content).unwrap();
        assert_eq!(sections["basic"]["ak"].expose(), "a");
        assert_eq!(sections["basic"]["sk"].expose(), "b=c");
        assert!(!sections["other"].contains_key("sk"));
    }

    #[test]
    fn a_line_that_is_not_understood_is_told_by_its_number_only() {
        for (content, line) in [("[basic]\ns3cr3t", 2), ("ak = s3cr3t", 1), ("[s3cr3t", 1)] {
            let error = parse(Path::new("credentials"), content).unwrap_err().to_string();
            assert!(error.contains(&format!("credentials, line {line}: ")), "{error}");
            assert!(!error.contains("s3cr3t"), "{error}");
        }
    }
}
