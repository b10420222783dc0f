//! What `ctx.credentials()` has here: the keys that the platform's SDKs would take, from the same
//! variables or the same file.
//!
//! The function gets them as on the platform, with each event, and not as variables. They stand in
//! no argument, and are never shown.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use fg_emulator::Credentials;

use crate::failure::Failure;
use crate::text_encoding;

/// In the order in which they are asked for: access key, secret key, security token, project.
const VARIABLES: [[&str; 4]; 3] = [
    [
        "HUAWEICLOUD_SDK_AK",
        "HUAWEICLOUD_SDK_SK",
        "HUAWEICLOUD_SDK_SECURITY_TOKEN",
        "HUAWEICLOUD_SDK_PROJECT_ID",
    ],
    ["HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN", "HW_PROJECT_ID"],
    ["OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN", "OS_PROJECT_ID"],
];

/// The same in a file.
const KEYS: [&str; 4] = ["ak", "sk", "security_token", "project_id"];

/// Where the SDKs find a file, if it is not in its usual place.
const FILE_VARIABLE: &str = "HUAWEICLOUD_SDK_CREDENTIALS_FILE";

/// Keys, and the project that they are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) credentials: Credentials,
    pub(super) project_id: Option<String>,
}

/// From `env`, or from this file.
pub(super) fn read(source: &str) -> Result<Keys, Failure> {
    match file_of(source) {
        Some(file) => read_file(&file),
        None => read_variables(|name| env::var(name).ok().filter(|value| !value.is_empty())),
    }
}

/// The file that is meant, if one is.
pub(super) fn file_of(source: &str) -> Option<PathBuf> {
    match (source, source.strip_prefix("~/")) {
        ("env", _) => None,
        (_, Some(rest)) => {
            let home = env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
            Some(PathBuf::from(home.unwrap_or_default()).join(rest))
        }
        _ => Some(source.into()),
    }
}

fn read_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Keys, Failure> {
    for names in VARIABLES {
        let [access_key, secret_key, token, project_id] = names.map(&variable);
        if access_key.is_some() || secret_key.is_some() {
            return keys("--credentials env", names, [access_key, secret_key, token, project_id]);
        }
    }
    if let Some(file) = variable(FILE_VARIABLE) {
        return read_file(Path::new(&file));
    }
    let names =
        VARIABLES.map(|[access_key, secret_key, ..]| format!("{access_key} and {secret_key}"));
    Err(Failure::usage("--credentials env: this shell has no variables with keys").advise(format!(
        "set {}; or give a file: --credentials ~/.huaweicloud/credentials",
        names.join(", or ")
    )))
}

fn read_file(file: &Path) -> Result<Keys, Failure> {
    let name = file.display();
    let bytes = fs::read(file).map_err(|error| {
        Failure::usage(format!("--credentials: {name} cannot be read"))
            .because(&error)
            .advise("it is `env` for the variables of the SDKs, or their file, usually ~/.huaweicloud/credentials")
    })?;
    let text = String::from_utf8_lossy(&text_encoding::decode(bytes).0).into_owned();
    // What is needed is found in the first of them that is there.
    let section = ["basic", "global"].iter().find_map(|section| section_of(&text, section)).ok_or_else(|| {
        Failure::usage(format!("--credentials: {name} has no section [basic]"))
            .advise("it is a file as the SDKs read it: [basic], then lines with ak = .., sk = .. and, for temporary keys, security_token = ..")
    })?;
    let value = |key: &str| {
        section
            .iter()
            .rev()
            .find(|(found, value)| *found == key && !value.is_empty())
            .map(|(_, value)| (*value).to_owned())
    };
    keys(&format!("--credentials {name}"), KEYS, KEYS.map(value))
}

/// The lines of a section, as names and values.
fn section_of<'t>(text: &'t str, wanted: &str) -> Option<Vec<(&'t str, &'t str)>> {
    let mut found = None;
    let mut is_it = false;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            is_it = name.trim() == wanted;
            if is_it {
                found = found.or_else(|| Some(Vec::new()));
            }
        } else if let (true, Some(lines), Some((key, value))) =
            (is_it, &mut found, line.split_once('='))
        {
            if !line.starts_with(['#', ';']) {
                lines.push((key.trim(), value.trim()));
            }
        }
    }
    found
}

fn keys(source: &str, names: [&str; 4], values: [Option<String>; 4]) -> Result<Keys, Failure> {
    // They become headers.
    for (name, value) in names.iter().zip(&values) {
        if value.as_ref().is_some_and(|value| !value.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(Failure::usage(format!(
                "{source}: {name} has a space, or a character that no key has"
            )));
        }
    }
    let [access_key, secret_key, token, project_id] = values;
    let missing = |name: &str| Failure::usage(format!("{source}: there is no {name}"));
    let credentials = Credentials {
        security_access_key: access_key.ok_or_else(|| missing(names[0]))?,
        security_secret_key: secret_key.ok_or_else(|| missing(names[1]))?,
        // Keys that do not expire have none.
        security_token: token.unwrap_or_default(),
        ..Credentials::default()
    };
    Ok(Keys { credentials, project_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_variables(variables: &[(&str, &str)]) -> Result<Keys, String> {
        let variable = |name: &str| {
            variables.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).to_owned())
        };
        read_variables(variable).map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_sdks_variables_come_first_and_are_complete_or_refused() {
        let keys = of_variables(&[
            ("HW_ACCESS_KEY", "other"),
            ("HUAWEICLOUD_SDK_AK", "ak"),
            ("HUAWEICLOUD_SDK_SK", "hunter2"),
            ("HUAWEICLOUD_SDK_PROJECT_ID", "p1"),
        ])
        .expect("they are there");
        assert_eq!(
            (keys.credentials.security_access_key.as_str(), keys.project_id.as_deref()),
            ("ak", Some("p1"))
        );
        assert!(!format!("{keys:?}").contains("hunter2"));
        let terraform = of_variables(&[
            ("HW_ACCESS_KEY", "a"),
            ("HW_SECRET_KEY", "b"),
            ("HW_SECURITY_TOKEN", "c"),
        ]);
        assert_eq!(terraform.expect("they are there").credentials.security_token, "c");
        let half = of_variables(&[("HUAWEICLOUD_SDK_SK", "hunter2")]).expect_err("half of a pair");
        assert_eq!(half, "--credentials env: there is no HUAWEICLOUD_SDK_AK");
        let odd = of_variables(&[("OS_ACCESS_KEY", "a"), ("OS_SECRET_KEY", "hunter2\r\nX: y")])
            .expect_err("a line break");
        assert!(
            odd.starts_with("--credentials env: OS_SECRET_KEY has a space")
                && !odd.contains("hunter2"),
            "{odd}"
        );
        let none = of_variables(&[]).expect_err("nothing is set");
        assert!(
            none.contains("HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or HW_ACCESS_KEY"),
            "{none}"
        );
    }

    #[test]
    fn a_profile_file_is_read_as_the_sdks_read_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("credentials");
        fs::write(
            &file,
            "\u{feff}[global]\r\nak = g\r\n# ak = c\r\n[basic]\r\nak = b\r\nsk= s=\r\nsecurity_token =t\r\nproject_id=p\r\n",
        )
        .expect("it is written");
        let keys = read(&file.to_string_lossy()).expect("it can be read");
        let Credentials { security_access_key, security_secret_key, security_token, .. } =
            keys.credentials;
        assert_eq!([security_access_key, security_secret_key, security_token], ["b", "s=", "t"]);
        assert_eq!(
            of_variables(&[(FILE_VARIABLE, &file.to_string_lossy())])
                .expect("it can be read")
                .project_id
                .as_deref(),
            Some("p")
        );
        fs::write(&file, "{\"current\": \"default\"}").expect("it is written");
        let failure = read(&file.to_string_lossy()).expect_err("it has no sections").to_string();
        assert!(failure.contains("has no section [basic]\n  help: "), "{failure}");
        let failure = read("/nowhere/credentials").expect_err("it is not there").to_string();
        assert!(
            failure.starts_with("--credentials: /nowhere/credentials cannot be read\n  because: "),
            "{failure}"
        );
    }
}
