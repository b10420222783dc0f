//! The environment of a function's process, as the platform's manual lists it under "preset
//! parameters".

use std::ffi::OsString;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::settings::Settings;

/// What a process needs of the machine it runs on, apart from what the platform gives it: to find
/// other programs and its libraries, to write temporary files, and to report the coverage of its
/// tests.
const OF_THE_MACHINE: [&str; 9] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "RUST_BACKTRACE",
    "LLVM_PROFILE_FILE",
];

/// All variables of the process; it gets no others.
pub(crate) fn variables(settings: &Settings, api_address: &str) -> Vec<(OsString, OsString)> {
    let inherited =
        OF_THE_MACHINE.map(OsString::from).into_iter().chain(settings.inherited.iter().cloned());
    let of_the_machine =
        inherited.filter_map(|name| std::env::var_os(&name).map(|value| (name, value)));
    let user = settings
        .process_variables
        .iter()
        .chain(&settings.variables)
        .map(|(name, value)| (name.into(), value.into()));
    let platform = of_the_platform(settings, api_address)
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()));
    // A later one of the same name wins: users cannot redefine what the platform sets.
    of_the_machine.chain(user).chain(platform).collect()
}

/// What the platform sets: the variables `RUNTIME_*`.
pub(crate) fn of_the_platform(
    settings: &Settings,
    api_address: &str,
) -> Vec<(&'static str, String)> {
    vec![
        ("RUNTIME_API_ADDR", api_address.to_owned()),
        ("RUNTIME_PROJECT_ID", settings.project_id.clone()),
        ("RUNTIME_FUNC_NAME", settings.name.clone()),
        ("RUNTIME_FUNC_VERSION", settings.version.clone()),
        ("RUNTIME_PACKAGE", settings.package.clone()),
        ("RUNTIME_HANDLER", settings.handler.clone()),
        ("RUNTIME_TIMEOUT", in_seconds(settings.timeout)),
        ("RUNTIME_INITIALIZER_HANDLER", String::new()),
        ("RUNTIME_INITIALIZER_TIMEOUT", in_seconds(settings.init_timeout)),
        ("RUNTIME_MEMORY", settings.memory.to_string()),
        ("RUNTIME_CPU", settings.cpu().to_string()),
        ("RUNTIME_MAX_RESP_BODY_SIZE", settings.response_limit.to_string()),
        ("RUNTIME_USERDATA", user_data(settings)),
        ("RUNTIME_ROOT", "/home/snuser/runtime".to_owned()),
        ("RUNTIME_CODE_ROOT", settings.code_root().to_string_lossy().into_owned()),
        ("RUNTIME_LOG_DIR", "/home/snuser/log".to_owned()),
    ]
}

/// The platform counts in seconds; of a part of one the function gets a whole one.
fn in_seconds(time: Duration) -> String {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).to_string()
}

/// The JSON object of all user variables and of the encrypted ones. Without any, the open-source
/// engine writes the word `null`.
fn user_data(settings: &Settings) -> String {
    let all = settings.variables.iter().chain(&settings.user_data);
    let object: Map<_, _> =
        all.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    if object.is_empty() { "null".to_owned() } else { Value::from(object).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Program;

    fn settings() -> Settings {
        let mut settings =
            Settings::new(Program::Started { path: "/code/greet".into(), arguments: Vec::new() });
        settings.timeout = Duration::from_millis(2500);
        settings.memory = 512;
        settings
    }

    fn value(settings: &Settings, name: &str) -> Option<String> {
        let all = variables(settings, "127.0.0.1:9");
        all.into_iter()
            .rev()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.to_string_lossy().into_owned())
    }

    #[test]
    fn the_platforms_variables_have_its_units() {
        let settings = settings();
        for (name, expected) in [
            ("RUNTIME_API_ADDR", "127.0.0.1:9"),
            ("RUNTIME_FUNC_NAME", "greet"),
            ("RUNTIME_TIMEOUT", "3"),
            ("RUNTIME_MEMORY", "512"),
            ("RUNTIME_CPU", "600"),
            ("RUNTIME_MAX_RESP_BODY_SIZE", "6291456"),
            ("RUNTIME_USERDATA", "null"),
        ] {
            assert_eq!(value(&settings, name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn user_variables_are_variables_and_user_data_and_encrypted_ones_are_user_data_only() {
        let mut settings = settings();
        settings.variables =
            vec![("COLOUR".into(), "red".into()), ("RUNTIME_MEMORY".into(), "1".into())];
        settings.user_data = vec![("SECRET".into(), "\"x\"".into())];
        assert_eq!(value(&settings, "COLOUR").as_deref(), Some("red"));
        assert_eq!(value(&settings, "SECRET"), None);
        assert_eq!(value(&settings, "RUNTIME_MEMORY").as_deref(), Some("512"));
        let data = value(&settings, "RUNTIME_USERDATA").unwrap_or_default();
        assert_eq!(data, r#"{"COLOUR":"red","RUNTIME_MEMORY":"1","SECRET":"\"x\""}"#);
    }

    #[test]
    fn a_variable_of_the_process_is_no_user_data_and_the_users_wins() {
        let mut settings = settings();
        settings.process_variables =
            vec![("FG_HTTP_ERRORS".into(), "full".into()), ("COLOUR".into(), "red".into())];
        settings.variables = vec![("COLOUR".into(), "blue".into())];
        assert_eq!(value(&settings, "FG_HTTP_ERRORS").as_deref(), Some("full"));
        assert_eq!(value(&settings, "COLOUR").as_deref(), Some("blue"));
        assert_eq!(value(&settings, "RUNTIME_USERDATA").as_deref(), Some(r#"{"COLOUR":"blue"}"#));
    }

    #[test]
    fn a_program_does_not_see_what_only_this_machine_has() {
        assert_eq!(value(&settings(), "CARGO_MANIFEST_DIR"), None);
        let mut settings = settings();
        settings.inherited = vec!["CARGO_MANIFEST_DIR".into()];
        assert_eq!(
            value(&settings, "CARGO_MANIFEST_DIR").is_some(),
            std::env::var_os("CARGO_MANIFEST_DIR").is_some()
        );
    }
}
