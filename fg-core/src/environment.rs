//! What the platform tells a function once, at its start: the `RUNTIME_*` variables.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::headers::present;
use crate::log::Level;
use crate::log_filter::LogFilter;
use crate::string_map::StringMap;
use crate::variables::{Reader, Variables};

/// The function's settings, read once and never again: at the start, or, for what few functions ask
/// for, when it is first asked for.
///
/// Nothing here can fail: a variable that is missing, empty, `null` or not a number has its
/// default, and what was wrong is in [`warnings`](Environment::warnings). Source of names, units
/// and defaults: the platform's manual, "preset parameters".
///
/// | variable | method | unit | default |
/// | --- | --- | --- | --- |
/// | `RUNTIME_API_ADDR` | [`api_address`](Environment::api_address) | host and port | none: not a custom runtime |
/// | `RUNTIME_FUNC_NAME` | [`function_name`](Environment::function_name) | | empty |
/// | `RUNTIME_FUNC_VERSION` | [`version`](Environment::version) | | empty |
/// | `RUNTIME_PACKAGE` | [`package`](Environment::package) | | the middle of `0@package@name`, else empty |
/// | `RUNTIME_PROJECT_ID` | [`project_id`](Environment::project_id) | | empty |
/// | `RUNTIME_HANDLER` | [`handler`](Environment::handler) | | none |
/// | `RUNTIME_TIMEOUT` | [`timeout`](Environment::timeout) | seconds | 3 |
/// | `RUNTIME_MEMORY` | [`memory_size`](Environment::memory_size) | MB | 128 |
/// | `RUNTIME_CPU` | [`cpu_number`](Environment::cpu_number) | millicores | memory / 128 * 100 + 200 |
/// | `RUNTIME_MAX_RESP_BODY_SIZE` | [`max_response_size`](Environment::max_response_size) | bytes | 6291456 |
/// | `RUNTIME_INITIALIZER_TIMEOUT` | [`init_timeout`](Environment::init_timeout) | seconds | 300, the longest that the platform allows |
/// | `RUNTIME_USERDATA` | [`user_data`](Environment::user_data) | a JSON object | the process's own variables |
/// | `RUNTIME_ALIAS` | [`alias`](Environment::alias) | | none |
/// | `RUNTIME_LOG_LEVEL` | [`log_level`](Environment::log_level) | `DEBUG`, `INFO`, `WARN`, `ERROR` | `INFO` |
///
/// Two variables are not the platform's. Like `RUNTIME_LOG_LEVEL` they can be set as variables of
/// the function.
///
/// | variable | what it says |
/// | --- | --- |
/// | `FG_LOG` | what is logged, by target: `info,hyper=warn,shop::stock=trace`. A level alone is for all other targets, in place of `RUNTIME_LOG_LEVEL`; the longest target that a record's begins with counts; `off` is a level too. Lines of [`Context::logger`](crate::Context::logger) have the target `fg` here |
/// | `FG_LOG_FORMAT` | `json` or `text`: the form of a line, whatever the program has set |
pub struct Environment {
    api_address: Option<String>,
    function_name: String,
    package_of_name: String,
    handler: Option<String>,
    timeout: Duration,
    is_timeout_given: bool,
    init_timeout: Duration,
    memory_size: u32,
    cpu_number: u32,
    max_response_size: usize,
    log_level: Level,
    log_filter: Arc<LogFilter>,
    is_log_json: Option<bool>,
    user_data: StringMap,
    variables: Variables,
    /// Filled when one is first asked for that is not read at the start.
    variables_by_name: OnceLock<StringMap>,
    missing: Vec<String>,
    warnings: Vec<String>,
}

const DEFAULT_TIMEOUT_SECONDS: u64 = 3;
const DEFAULT_MEMORY_MB: u32 = 128;
const DEFAULT_MAX_RESPONSE_BYTES: u64 = 6 * 1024 * 1024;

impl Environment {
    /// Reads the variables of this process.
    #[must_use]
    pub fn from_process() -> Self {
        Self::read(Variables::Process)
    }

    /// Reads these variables and no others, for tests and for emulators.
    pub fn from_variables<K: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self::read(Variables::Given(
            variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        ))
    }

    fn read(variables: Variables) -> Self {
        let mut reader = Reader::new(&variables);
        let full_name = reader.text("RUNTIME_FUNC_NAME").unwrap_or_default();
        // The engine writes `0@package@name`.
        let mut parts = full_name.rsplit('@');
        let function_name = parts.next().unwrap_or_default().to_owned();
        let package_of_name = parts.next().unwrap_or_default().to_owned();
        let memory_size = reader.small_number("RUNTIME_MEMORY", "MB", DEFAULT_MEMORY_MB);
        let max_response_size =
            reader.number("RUNTIME_MAX_RESP_BODY_SIZE", "bytes", DEFAULT_MAX_RESPONSE_BYTES);
        let timeout = reader.text("RUNTIME_TIMEOUT");
        let user_data = reader.user_data();
        let log_level = reader.log_level(&user_data);
        Self {
            api_address: reader.text("RUNTIME_API_ADDR"),
            function_name,
            package_of_name,
            handler: reader.text("RUNTIME_HANDLER"),
            is_timeout_given: timeout.is_some(),
            timeout: Duration::from_secs(reader.number_of(
                timeout.as_deref(),
                "RUNTIME_TIMEOUT",
                "s",
                DEFAULT_TIMEOUT_SECONDS,
            )),
            init_timeout: reader.init_timeout(),
            memory_size,
            cpu_number: reader.small_number(
                "RUNTIME_CPU",
                "millicores",
                memory_size.saturating_mul(100) / 128 + 200,
            ),
            max_response_size: usize::try_from(max_response_size).unwrap_or(usize::MAX),
            log_level,
            log_filter: reader.log_filter(&user_data, log_level),
            is_log_json: reader.is_log_json(&user_data),
            user_data,
            variables_by_name: OnceLock::new(),
            missing: reader.missing,
            warnings: reader.warnings,
            variables,
        }
    }

    /// A variable that few functions ask for, so that its lookup is no part of the start.
    fn present(&self, name: &str) -> Option<&str> {
        self.variable(name).and_then(present)
    }

    /// A variable as it was when one was first asked for.
    // Not inlined, as it is called for several of them.
    #[inline(never)]
    fn variable(&self, name: &str) -> Option<&str> {
        let variables = match &self.variables {
            Variables::Given(variables) => variables,
            Variables::Process => self.variables_by_name.get_or_init(|| {
                std::env::vars_os()
                    .filter_map(|(name, value)| {
                        Some((name.into_string().ok()?, value.into_string().ok()?))
                    })
                    .collect()
            }),
        };
        variables.get(name)
    }

    /// Host and port of the Runtime API: this process is a custom runtime.
    #[must_use]
    pub fn api_address(&self) -> Option<&str> {
        self.api_address.as_deref()
    }

    /// The function's name, without package and service.
    #[must_use]
    pub fn function_name(&self) -> &str {
        &self.function_name
    }

    /// The function's version, such as `latest`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.present("RUNTIME_FUNC_VERSION").unwrap_or_default()
    }

    /// The package (called "app" on the console) that the function is in.
    #[must_use]
    pub fn package(&self) -> &str {
        self.present("RUNTIME_PACKAGE").unwrap_or(&self.package_of_name)
    }

    /// The project id.
    #[must_use]
    pub fn project_id(&self) -> &str {
        self.present("RUNTIME_PROJECT_ID").unwrap_or_default()
    }

    /// The handler string of the function's settings.
    #[must_use]
    pub fn handler(&self) -> Option<&str> {
        self.handler.as_deref()
    }

    /// The alias, if the platform gives it at the start.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        self.present("RUNTIME_ALIAS")
    }

    /// How long an invocation may take, from 3 to 259,200 seconds.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether the timeout was set, and is not the default.
    #[must_use]
    pub fn is_timeout_given(&self) -> bool {
        self.is_timeout_given
    }

    /// How long the initialisation may take.
    #[must_use]
    pub fn init_timeout(&self) -> Duration {
        self.init_timeout
    }

    /// The configured memory in MB, from 128 to 10,240.
    #[must_use]
    pub fn memory_size(&self) -> u32 {
        self.memory_size
    }

    /// The configured CPU in millicores; 1000 is one core.
    #[must_use]
    pub fn cpu_number(&self) -> u32 {
        self.cpu_number
    }

    /// The largest response in bytes.
    #[must_use]
    pub fn max_response_size(&self) -> usize {
        self.max_response_size
    }

    /// The lowest level that is logged.
    #[must_use]
    pub fn log_level(&self) -> Level {
        self.log_level
    }

    /// What is logged, by target.
    #[doc(hidden)]
    #[must_use]
    pub fn log_filter(&self) -> &Arc<LogFilter> {
        &self.log_filter
    }

    /// Whether log lines are JSON, if a variable says so.
    #[doc(hidden)]
    #[must_use]
    pub fn is_log_json(&self) -> Option<bool> {
        self.is_log_json
    }

    /// A variable that the user has set: from `RUNTIME_USERDATA`, which has the encrypted ones,
    /// else from the process's variables.
    ///
    /// The platform's own variables (`RUNTIME_*`) are not the user's and are never returned.
    #[must_use]
    pub fn user_data(&self, key: &str) -> Option<&str> {
        let given = self.user_data.get(key);
        if given.is_some() || key.starts_with("RUNTIME_") {
            return given;
        }
        self.variable(key)
    }

    /// One sentence for each variable that could not be used as it was.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// One sentence for each variable that the platform always sets and that is missing here. In a
    /// shell that is to be expected.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        &self.missing
    }
}

impl Default for Environment {
    /// The defaults of every variable.
    fn default() -> Self {
        Self::from_variables::<&str, &str>([])
    }
}

/// Prints no user data: there are decrypted secrets in it.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("function_name", &self.function_name)
            .field("version", &self.version())
            .field("package", &self.package())
            .field("handler", &self.handler)
            .field("timeout", &self.timeout)
            .field("memory_size", &self.memory_size)
            .field("cpu_number", &self.cpu_number)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "environment_tests.rs"]
mod tests;
