//! The source of `ctx.credentials()`: the credentials of the platform's SDKs, from their
//! environment variables or their file.
//!
//! The function gets them as on the platform, with each event, and not as variables. They are never
//! in arguments and never printed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use fg_emulator::Credentials;

use crate::failure::Failure;
use crate::text_encoding;

/// In order of precedence, with the access key, the secret key, the security token and the project.
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

/// The same keys in a file.
const KEYS: [&str; 4] = ["ak", "sk", "security_token", "project_id"];

/// The variable of the SDKs for the path of the file, if it is not at its default location.
const FILE_VARIABLE: &str = "HUAWEICLOUD_SDK_CREDENTIALS_FILE";

/// Credentials, and their project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) credentials: Credentials,
    pub(super) project_id: Option<String>,
}

/// Reads the credentials from the environment for `env`, or from a file.
pub(super) fn read(source: &str) -> Result<Keys, Failure> {
    match file_of(source) {
        Some(file) => read_file(&file),
        None => read_variables(|name| env::var(name).ok().filter(|value| !value.is_empty())),
    }
}

/// The path of the file; `None` for `env`.
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
    Err(Failure::usage("--credentials env: no credentials in the environment").advise(format!(
        "set {}; or use a file: --credentials ~/.huaweicloud/credentials",
        names.join(", or ")
    )))
}

fn read_file(file: &Path) -> Result<Keys, Failure> {
    let name = file.display();
    let bytes = fs::read(file).map_err(|error| {
        Failure::usage(format!("--credentials: {name} cannot be read"))
            .because(&error)
            .advise("use `env` for the environment variables of the SDKs, or the path of their file, usually ~/.huaweicloud/credentials")
    })?;
    let text = String::from_utf8_lossy(&text_encoding::decode(bytes).0).into_owned();
    // Both contain the same keys; the first that exists is used.
    let section = ["basic", "global"].iter().find_map(|section| section_of(&text, section)).ok_or_else(|| {
        Failure::usage(format!("--credentials: {name} has no section [basic]"))
            .advise("a credentials file of the SDKs has a section [basic] with ak = .., sk = .. and, for temporary credentials, security_token = ..")
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

/// The keys and values of a section.
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
    // They are sent in headers.
    for (name, value) in names.iter().zip(&values) {
        if value.as_ref().is_some_and(|value| !value.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(Failure::usage(format!(
                "{source}: {name} contains a space or another invalid character"
            )));
        }
    }
    let [access_key, secret_key, token, project_id] = values;
    let missing = |name: &str| Failure::usage(format!("{source}: there is no {name}"));
    let credentials = Credentials {
        security_access_key: access_key.ok_or_else(|| missing(names[0]))?,
        security_secret_key: secret_key.ok_or_else(|| missing(names[1]))?,
        // Only temporary credentials have one.
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
            odd.starts_with("--credentials env: OS_SECRET_KEY contains a space")
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
