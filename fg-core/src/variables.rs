//! Variables, read one by one: what is wrong with one of them is a warning and has a default.

use std::sync::Arc;
use std::time::Duration;

use crate::headers::present;
use crate::log::Level;
use crate::log_filter::{LogFilter, Verbosity};
use crate::string_map::StringMap;

const DEFAULT_INIT_TIMEOUT_SECONDS: u64 = 300;

/// Where the variables come from.
pub(crate) enum Variables {
    Process,
    Given(StringMap),
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

/// Reads single variables and remembers what was wrong with them.
pub(crate) struct Reader<'v> {
    variables: &'v Variables,
    pub(crate) missing: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

impl<'v> Reader<'v> {
    pub(crate) fn new(variables: &'v Variables) -> Self {
        Self { variables, missing: Vec::new(), warnings: Vec::new() }
    }

    // Not inlined, as it is called for each variable.
    #[inline(never)]
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let text = self.variables.get(name)?;
        match present(&text)? {
            trimmed if trimmed.len() < text.len() => Some(trimmed.to_owned()),
            _ => Some(text),
        }
    }

    /// A number above zero. With a timeout of zero the remaining time would be zero for ever.
    pub(crate) fn number(&mut self, name: &str, unit: &str, default: u64) -> u64 {
        let text = self.text(name);
        self.number_of(text.as_deref(), name, unit, default)
    }

    /// The number that this variable has.
    #[inline(never)]
    pub(crate) fn number_of(
        &mut self,
        text: Option<&str>,
        name: &str,
        unit: &str,
        default: u64,
    ) -> u64 {
        match text {
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

    /// Like [`number`](Self::number); a larger number than fits is the largest that does.
    pub(crate) fn small_number(&mut self, name: &str, unit: &str, default: u32) -> u32 {
        u32::try_from(self.number(name, unit, default.into())).unwrap_or(u32::MAX)
    }

    /// Set only if the function has an initializer, so its absence is no warning.
    pub(crate) fn init_timeout(&mut self) -> Duration {
        let name = "RUNTIME_INITIALIZER_TIMEOUT";
        let seconds = match self.text(name) {
            Some(text) => self.number_of(Some(&text), name, "s", DEFAULT_INIT_TIMEOUT_SECONDS),
            None => DEFAULT_INIT_TIMEOUT_SECONDS,
        };
        Duration::from_secs(seconds)
    }

    pub(crate) fn user_data(&mut self) -> StringMap {
        let Some(text) = self.text("RUNTIME_USERDATA") else { return StringMap::default() };
        match serde_json::from_slice(text.as_bytes()) {
            Ok(texts) => texts,
            Err(error) => {
                // Not the message of the error: it may quote a value, and a value may be a secret.
                let (line, column) = (error.line(), error.column());
                self.warnings.push(format!(
                    "RUNTIME_USERDATA is not a JSON object (line {line}, column {column}); using the process's variables"
                ));
                StringMap::default()
            }
        }
    }

    /// A variable that the platform does not set, but users do: one of the process, or one of the
    /// function's.
    fn optional(&self, name: &str, user_data: &StringMap) -> Option<String> {
        self.text(name).or_else(|| user_data.get(name).and_then(present).map(ToOwned::to_owned))
    }

    /// A convention of the platform's samples.
    pub(crate) fn log_level(&mut self, user_data: &StringMap) -> Level {
        let name = "RUNTIME_LOG_LEVEL";
        let Some(text) = self.optional(name, user_data) else { return Level::Info };
        text.parse().unwrap_or_else(|error| {
            self.warnings.push(format!("{name} is `{text}`: {error}; using INFO"));
            Level::Info
        })
    }

    pub(crate) fn log_filter(&mut self, user_data: &StringMap, log_level: Level) -> Arc<LogFilter> {
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

    pub(crate) fn is_log_json(&mut self, user_data: &StringMap) -> Option<bool> {
        let text = self.optional("FG_LOG_FORMAT", user_data)?;
        let is_json = text.eq_ignore_ascii_case("json");
        if is_json || text.eq_ignore_ascii_case("text") {
            return Some(is_json);
        }
        self.warnings.push(format!("FG_LOG_FORMAT is `{text}`; it can be `json` or `text`"));
        None
    }
}
