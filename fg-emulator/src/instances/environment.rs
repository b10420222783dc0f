//! The environment of a function's process, as the platform's manual lists it ("preset
//! parameters").

use std::ffi::OsString;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::settings::{Kind, Settings};

/// Variables of this machine that a process inherits: to find programs and libraries, to write
/// temporary files, and to report test coverage.
const INHERITED: [&str; 9] = [
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

/// The variable with the address of the Runtime API, without a scheme.
pub(crate) const API_ADDRESS: &str = "RUNTIME_API_ADDR";

/// The variable that most HTTP frameworks read for the port on which they listen.
pub(crate) const PORT: &str = "PORT";

/// The variable that `fg` reads for the same, and no other program.
pub(crate) const FG_PORT: &str = "FG_PORT";

/// A variable of the platform.
pub(crate) type Variable = (&'static str, String);

/// The variables with which an event function finds its Runtime API.
pub(crate) fn event_interface(api_address: &str) -> Vec<Variable> {
    vec![(API_ADDRESS, api_address.to_owned())]
}

/// The variables with which an HTTP function finds the port on which it has to listen.
pub(crate) fn http_interface(port: u16) -> Vec<Variable> {
    [PORT, FG_PORT].map(|name| (name, port.to_string())).to_vec()
}

/// All variables of the process. `interface` are those with which it finds the platform, or the
/// platform finds it.
pub(crate) fn variables(settings: &Settings, interface: &[Variable]) -> Vec<(OsString, OsString)> {
    let inherited =
        INHERITED.map(OsString::from).into_iter().chain(settings.inherited.iter().cloned());
    let machine = inherited.filter_map(|name| std::env::var_os(&name).map(|value| (name, value)));
    // Only an HTTP function has encrypted variables in its environment, as in the open-source
    // engine.
    let encrypted = settings.user_data.iter().filter(|_| settings.kind == Kind::Http);
    let user = settings
        .process_variables
        .iter()
        .chain(&settings.variables)
        .chain(encrypted)
        .map(|(name, value)| (name.into(), value.into()));
    let platform = interface
        .iter()
        .cloned()
        .chain(platform_variables(settings))
        .map(|(name, value)| (name.into(), value.into()));
    // A later variable of the same name wins, so users cannot redefine those of the platform.
    machine.chain(user).chain(platform).collect()
}

/// The variables `RUNTIME_*` that the platform sets for every function.
pub(crate) fn platform_variables(settings: &Settings) -> Vec<Variable> {
    vec![
        ("RUNTIME_PROJECT_ID", settings.project_id.clone()),
        ("RUNTIME_FUNC_NAME", settings.name.clone()),
        ("RUNTIME_FUNC_VERSION", settings.version.clone()),
        ("RUNTIME_PACKAGE", settings.package.clone()),
        ("RUNTIME_HANDLER", settings.handler.clone()),
        ("RUNTIME_TIMEOUT", to_seconds(settings.timeout)),
        ("RUNTIME_INITIALIZER_HANDLER", String::new()),
        ("RUNTIME_INITIALIZER_TIMEOUT", to_seconds(settings.init_timeout)),
        ("RUNTIME_MEMORY", settings.memory.to_string()),
        ("RUNTIME_CPU", settings.cpu().to_string()),
        ("RUNTIME_MAX_RESP_BODY_SIZE", settings.response_limit.to_string()),
        ("RUNTIME_USERDATA", user_data(settings)),
        ("RUNTIME_ROOT", "/home/snuser/runtime".to_owned()),
        ("RUNTIME_CODE_ROOT", settings.code_root().to_string_lossy().into_owned()),
        ("RUNTIME_LOG_DIR", "/home/snuser/log".to_owned()),
    ]
}

/// In whole seconds, rounded up.
fn to_seconds(time: Duration) -> String {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).to_string()
}

/// A JSON object of all user variables, plain and encrypted; `null` if there are none, as in the
/// open-source engine.
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
        let all = variables(settings, &event_interface("127.0.0.1:9"));
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
