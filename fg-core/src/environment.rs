//! What the platform tells a function once, at its start: the `RUNTIME_*` variables.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::headers::present;
use crate::log::Level;
use crate::log_filter::{LogFilter, Verbosity};
use crate::string_map::NamedTexts;

/// The function's settings, read once and never again.
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
    version: String,
    package: String,
    project_id: String,
    handler: Option<String>,
    alias: Option<String>,
    timeout: Duration,
    is_timeout_given: bool,
    init_timeout: Duration,
    memory_size: u32,
    cpu_number: u32,
    max_response_size: usize,
    log_level: Level,
    log_filter: Arc<LogFilter>,
    is_log_json: Option<bool>,
    user_data: NamedTexts,
    variables: Variables,
    /// Filled when a key is first asked for that is not in the user data.
    variables_by_name: OnceLock<NamedTexts>,
    missing: Vec<String>,
    warnings: Vec<String>,
}

/// Where the variables come from.
enum Variables {
    Process,
    Given(NamedTexts),
}

impl Variables {
    fn get(&self, name: &str) -> Option<String> {
        match self {
            Self::Process => std::env::var_os(name).map(|value| {
                value.into_string().unwrap_or_else(|value| value.to_string_lossy().into_owned())
            }),
            Self::Given(variables) => variables.get(name).map(ToOwned::to_owned),
        }
    }
}

const DEFAULT_TIMEOUT_SECONDS: u64 = 3;
const DEFAULT_INIT_TIMEOUT_SECONDS: u64 = 300;
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
        let mut reader =
            Reader { variables: &variables, missing: Vec::new(), warnings: Vec::new() };
        let full_name = reader.text("RUNTIME_FUNC_NAME").unwrap_or_default();
        // The engine writes `0@package@name`.
        let mut parts = full_name.rsplit('@');
        let function_name = parts.next().unwrap_or_default().to_owned();
        let package_of_name = parts.next().unwrap_or_default().to_owned();
        let memory_size = reader.small_number("RUNTIME_MEMORY", "MB", DEFAULT_MEMORY_MB);
        let max_response_size =
            reader.number("RUNTIME_MAX_RESP_BODY_SIZE", "bytes", DEFAULT_MAX_RESPONSE_BYTES);
        let user_data = reader.user_data();
        let log_level = reader.log_level(&user_data);
        Self {
            api_address: reader.text("RUNTIME_API_ADDR"),
            function_name,
            version: reader.text("RUNTIME_FUNC_VERSION").unwrap_or_default(),
            package: reader.text("RUNTIME_PACKAGE").unwrap_or(package_of_name),
            project_id: reader.text("RUNTIME_PROJECT_ID").unwrap_or_default(),
            handler: reader.text("RUNTIME_HANDLER"),
            alias: reader.text("RUNTIME_ALIAS"),
            is_timeout_given: reader.text("RUNTIME_TIMEOUT").is_some(),
            timeout: Duration::from_secs(reader.number(
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
        &self.version
    }

    /// The package (called "app" on the console) that the function is in.
    #[must_use]
    pub fn package(&self) -> &str {
        &self.package
    }

    /// The project id.
    #[must_use]
    pub fn project_id(&self) -> &str {
        &self.project_id
    }

    /// The handler string of the function's settings.
    #[must_use]
    pub fn handler(&self) -> Option<&str> {
        self.handler.as_deref()
    }

    /// The alias, where the platform gives it at start.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        self.alias.as_deref()
    }

    /// How long an invocation may take, from 3 to 259,200 seconds.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether that was set, rather than defaulted.
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

    /// The largest reply in bytes.
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

    /// Whether log lines are JSON, where a variable says so.
    #[doc(hidden)]
    #[must_use]
    pub fn is_log_json(&self) -> Option<bool> {
        self.is_log_json
    }

    /// A variable of the user's: from `RUNTIME_USERDATA`, where the encrypted ones are, else from
    /// the process's variables.
    ///
    /// The platform's own variables (`RUNTIME_*`) are not the user's and are never returned.
    #[must_use]
    pub fn user_data(&self, key: &str) -> Option<&str> {
        let given = self.user_data.get(key);
        if given.is_some() || key.starts_with("RUNTIME_") {
            return given;
        }
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
        variables.get(key)
    }

    /// One sentence for each variable that could not be used as it was.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// One sentence for each variable that the platform always sets and that is missing here. In a
    /// shell that is no wonder.
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
            .field("version", &self.version)
            .field("package", &self.package)
            .field("handler", &self.handler)
            .field("timeout", &self.timeout)
            .field("memory_size", &self.memory_size)
            .field("cpu_number", &self.cpu_number)
            .finish_non_exhaustive()
    }
}

/// Reads single variables and remembers what was wrong with them.
struct Reader<'v> {
    variables: &'v Variables,
    missing: Vec<String>,
    warnings: Vec<String>,
}

impl Reader<'_> {
    // Not inlined, as it is called for each variable.
    #[inline(never)]
    fn text(&self, name: &str) -> Option<String> {
        let text = self.variables.get(name)?;
        match present(&text)? {
            trimmed if trimmed.len() < text.len() => Some(trimmed.to_owned()),
            _ => Some(text),
        }
    }

    /// A number above zero. With a timeout of zero the remaining time would be zero for ever.
    #[inline(never)]
    fn number(&mut self, name: &str, unit: &str, default: u64) -> u64 {
        match self.text(name) {
            None => {
                self.missing.push(format!("{name} is not set; using {default} {unit}"));
                default
            }
            Some(text) => {
                match text.parse() {
                    Ok(number) if number > 0 => number,
                    _ => {
                        self.warnings.push(format!("{name} is `{text}`, which is not a number above 0; using {default} {unit}"));
                        default
                    }
                }
            }
        }
    }

    /// The same; what is too large is as large as it can be.
    fn small_number(&mut self, name: &str, unit: &str, default: u32) -> u32 {
        u32::try_from(self.number(name, unit, default.into())).unwrap_or(u32::MAX)
    }

    /// Set only if the function has an initializer, so its absence is no warning.
    fn init_timeout(&mut self) -> Duration {
        let name = "RUNTIME_INITIALIZER_TIMEOUT";
        if self.text(name).is_none() {
            return Duration::from_secs(DEFAULT_INIT_TIMEOUT_SECONDS);
        }
        Duration::from_secs(self.number(name, "s", DEFAULT_INIT_TIMEOUT_SECONDS))
    }

    fn user_data(&mut self) -> NamedTexts {
        let Some(text) = self.text("RUNTIME_USERDATA") else { return NamedTexts::default() };
        match serde_json::from_str(&text) {
            Ok(texts) => texts,
            Err(error) => {
                // Not the text of the error: it may quote a value, and a value may be a secret.
                let (line, column) = (error.line(), error.column());
                self.warnings.push(format!(
                    "RUNTIME_USERDATA is not a JSON object (line {line}, column {column}); using the process's variables"
                ));
                NamedTexts::default()
            }
        }
    }

    /// A variable that the platform does not set, but users do: one of the process, or one of the
    /// function's.
    fn optional(&self, name: &str, user_data: &NamedTexts) -> Option<String> {
        self.text(name).or_else(|| user_data.get(name).and_then(present).map(ToOwned::to_owned))
    }

    /// A convention of the platform's samples.
    fn log_level(&mut self, user_data: &NamedTexts) -> Level {
        let name = "RUNTIME_LOG_LEVEL";
        let Some(text) = self.optional(name, user_data) else { return Level::Info };
        text.parse().unwrap_or_else(|error| {
            self.warnings.push(format!("{name} is `{text}`: {error}; using INFO"));
            Level::Info
        })
    }

    fn log_filter(&mut self, user_data: &NamedTexts, log_level: Level) -> Arc<LogFilter> {
        // Below its lowest level the platform has no other, so that one is for everything.
        let default = if log_level == Level::Debug { Verbosity::Trace } else { log_level.into() };
        let Some(text) = self.optional("FG_LOG", user_data) else {
            return Arc::new(LogFilter::all(default));
        };
        Arc::new(LogFilter::parse(&text, default, &mut |directive| {
            self.warnings.push(format!(
                "FG_LOG: `{directive}` is no level and no TARGET=LEVEL, with a level of off, error, warn, info, debug, trace"
            ));
        }))
    }

    fn is_log_json(&mut self, user_data: &NamedTexts) -> Option<bool> {
        let text = self.optional("FG_LOG_FORMAT", user_data)?;
        match text.to_ascii_lowercase().as_str() {
            "json" => Some(true),
            "text" => Some(false),
            _ => {
                self.warnings
                    .push(format!("FG_LOG_FORMAT is `{text}`; it can be `json` or `text`"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_the_platform_sets_is_read() {
        let environment = Environment::from_variables([
            ("RUNTIME_API_ADDR", "127.0.0.1:9001"),
            ("RUNTIME_FUNC_NAME", "0@shop@order"),
            ("RUNTIME_TIMEOUT", "30"),
            ("RUNTIME_MEMORY", "512"),
            ("RUNTIME_CPU", "600"),
            ("RUNTIME_MAX_RESP_BODY_SIZE", "1000"),
            ("RUNTIME_USERDATA", r#"{"DB":"postgres","retries":3,"nothing":null}"#),
            ("REGION", "eu"),
        ]);
        assert_eq!(environment.api_address(), Some("127.0.0.1:9001"));
        assert_eq!((environment.function_name(), environment.package()), ("order", "shop"));
        assert_eq!(environment.timeout(), Duration::from_secs(30));
        assert_eq!((environment.memory_size(), environment.cpu_number()), (512, 600));
        assert_eq!(environment.max_response_size(), 1000);
        assert_eq!(environment.user_data("DB"), Some("postgres"));
        assert_eq!(environment.user_data("retries"), Some("3"));
        assert_eq!(environment.user_data("nothing"), None);
        assert_eq!(environment.user_data("REGION"), Some("eu"));
        assert_eq!(environment.user_data("RUNTIME_USERDATA"), None);
        assert_eq!((environment.warnings(), environment.missing()), (&[][..], &[][..]));
    }

    #[test]
    fn words_zero_and_null_have_the_default_and_one_warning_each() {
        for bad in ["zero", "0", "-1", "1e3", "99999999999999999999"] {
            let environment =
                Environment::from_variables([("RUNTIME_TIMEOUT", bad), ("RUNTIME_MEMORY", bad)]);
            assert_eq!(environment.timeout(), Duration::from_secs(3));
            assert_eq!((environment.memory_size(), environment.cpu_number()), (128, 300));
            assert_eq!(environment.warnings().len(), 2, "{:?}", environment.warnings());
        }
        for absent in ["", "null", "  "] {
            let environment = Environment::from_variables([
                ("RUNTIME_TIMEOUT", absent),
                ("RUNTIME_USERDATA", absent),
            ]);
            assert_eq!(
                (environment.timeout(), environment.warnings().len()),
                (Duration::from_secs(3), 0)
            );
            assert!(
                environment
                    .missing()
                    .iter()
                    .any(|text| text == "RUNTIME_TIMEOUT is not set; using 3 s")
            );
        }
    }

    #[test]
    fn bad_user_data_is_a_warning_that_quotes_nothing_of_it() {
        let environment = Environment::from_variables([
            ("RUNTIME_USERDATA", r#"{"PASSWORD":"hunter2""#),
            ("DB", "here"),
        ]);
        assert_eq!(environment.user_data("DB"), Some("here"));
        assert_eq!(environment.warnings().len(), 1);
        assert!(!environment.warnings()[0].contains("hunter2"));
    }

    #[test]
    fn directives_come_before_the_level_of_the_platform_and_both_may_be_the_functions_own() {
        let user_data =
            r#"{"FG_LOG":"hyper=warn,loud=er","RUNTIME_LOG_LEVEL":"ERROR","FG_LOG_FORMAT":"JSON"}"#;
        let environment = Environment::from_variables([("RUNTIME_USERDATA", user_data)]);
        let filter = environment.log_filter();
        assert!(
            filter.enables("hyper::server", Verbosity::Warn)
                && !filter.enables("other", Verbosity::Warn)
        );
        assert_eq!((environment.is_log_json(), environment.warnings().len()), (Some(true), 1));
        assert!(
            environment.warnings()[0].starts_with("FG_LOG: `loud=er` is no level"),
            "{:?}",
            environment.warnings()
        );
        let environment = Environment::from_variables([
            ("FG_LOG", "debug"),
            ("RUNTIME_LOG_LEVEL", "ERROR"),
            ("FG_LOG_FORMAT", "xml"),
        ]);
        assert!(
            environment.log_filter().enables("other", Verbosity::Debug)
                && !environment.log_filter().enables("other", Verbosity::Trace)
        );
        assert_eq!((environment.is_log_json(), environment.warnings().len()), (None, 1));
    }

    #[test]
    fn debug_prints_no_user_data() {
        let environment = Environment::from_variables([
            ("RUNTIME_USERDATA", r#"{"PASSWORD":"hunter2"}"#),
            ("KEY", "hunter3"),
        ]);
        assert!(!format!("{environment:?}").contains("hunter"));
    }

    proptest! {
        #[test]
        fn no_environment_panics(values in proptest::collection::vec(".*", 6)) {
            let names = ["RUNTIME_TIMEOUT", "RUNTIME_MEMORY", "RUNTIME_CPU", "RUNTIME_USERDATA", "RUNTIME_FUNC_NAME", "RUNTIME_LOG_LEVEL"];
            let environment = Environment::from_variables(names.into_iter().zip(values));
            prop_assert!(environment.timeout() > Duration::ZERO);
            prop_assert!(environment.cpu_number() > 0);
        }
    }
}
