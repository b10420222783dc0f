//! `[package.metadata.fg]`, and its defaults in `[workspace.metadata.fg]`: the settings of a function
//! on the platform.
//!
//! They are not deserialized with serde, because its errors quote values, which may be secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde_json::{Map, Value};

/// The settings of a function. Flags and environment variables take precedence.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct FgMetadata {
    /// In MB.
    pub(crate) memory: Option<u32>,
    /// In seconds.
    pub(crate) timeout: Option<u32>,
    pub(crate) handler: Option<String>,
    /// A level, or levels for targets.
    pub(crate) log_level: Option<String>,
    pub(crate) environment: BTreeMap<String, String>,
    /// Additional files for the zip file, relative to the directory of the package.
    pub(crate) include: Vec<PathBuf>,
    pub(crate) timers: Vec<TimerMetadata>,
}

/// A timer of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimerMetadata {
    pub(crate) schedule: String,
    pub(crate) name: Option<String>,
    /// The `user_event` of its events; the console calls it "additional information".
    pub(crate) text: Option<String>,
    /// The program to invoke, if the package has several.
    pub(crate) function: Option<String>,
}

/// An error in the metadata. It does not quote values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MetadataError {
    pub(crate) reason: String,
    pub(crate) advice: String,
}

const KEYS: [&str; 7] =
    ["environment", "handler", "include", "log_level", "memory", "timeout", "timers"];
const KEYS_OF_TIMERS: [&str; 4] = ["function", "name", "schedule", "text"];

impl FgMetadata {
    /// Merges a table: its values replace earlier ones; variables are replaced one by one.
    pub(crate) fn add(&mut self, table: &Value) -> Result<(), MetadataError> {
        for (key, value) in table_of("fg", table)? {
            match key.as_str() {
                "memory" => self.memory = Some(number(key, value, "MB")?),
                "timeout" => self.timeout = Some(number(key, value, "seconds")?),
                "handler" => self.handler = Some(string(key, value)?),
                "log_level" => self.log_level = Some(string(key, value)?),
                "environment" => {
                    for (name, value) in table_of(key, value)? {
                        self.environment
                            .insert(name.clone(), scalar(&format!("{key}.{name}"), value)?);
                    }
                }
                "include" => {
                    let paths =
                        list(key, value)?.iter().map(|path| string(key, path).map(PathBuf::from));
                    self.include = paths.collect::<Result<_, _>>()?;
                }
                "timers" => {
                    self.timers = list(key, value)?.iter().map(timer).collect::<Result<_, _>>()?;
                }
                unknown => return Err(unknown_key(unknown, &KEYS)),
            }
        }
        Ok(())
    }

    /// The names of variables that look like secrets, which should not be in a committed file.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.environment
            .iter()
            .filter(|(name, value)| looks_secret(name, value))
            .map(|(name, _)| name.as_str())
    }
}

impl fmt::Debug for FgMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory, timeout, handler, log_level, environment, include, timers } = self;
        f.debug_struct("FgMetadata")
            .field("memory", memory)
            .field("timeout", timeout)
            .field("handler", handler)
            .field("log_level", log_level)
            .field("environment", &environment.keys())
            .field("include", include)
            .field("timers", timers)
            .finish()
    }
}

fn timer(value: &Value) -> Result<TimerMetadata, MetadataError> {
    let mut timer = TimerMetadata::default();
    for (key, value) in table_of("timers", value)? {
        let path = format!("timers.{key}");
        match key.as_str() {
            "schedule" => timer.schedule = string(&path, value)?,
            "name" => timer.name = Some(string(&path, value)?),
            "text" => timer.text = Some(string(&path, value)?),
            "function" => timer.function = Some(string(&path, value)?),
            unknown => return Err(unknown_key(unknown, &KEYS_OF_TIMERS)),
        }
    }
    if timer.schedule.is_empty() {
        return Err(MetadataError {
            reason: "timers: one of them lacks a `schedule`".into(),
            advice:
                "timers = [{ name = \"nightly\", schedule = \"0 15 2 * * ?\", text = \"all\" }]"
                    .into(),
        });
    }
    Ok(timer)
}

fn unknown_key(unknown: &str, known: &[&str]) -> MetadataError {
    let similar = nearest(unknown, known.iter().copied());
    let list = format!("there are: {}", known.join(", "));
    MetadataError {
        reason: format!("unknown key `{unknown}`"),
        advice: similar
            .map_or_else(|| list.clone(), |similar| format!("did you mean `{similar}`? {list}")),
    }
}

/// The word that is most like this one, if there is one that is like it at all.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Treats `logLevel`, `log-level` and `LOG_LEVEL` as the same word.
    let bare = |word: &str| {
        word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let word = bare(word);
    let likeness = |known: &str| strsim::jaro_winkler(&word, &bare(known));
    let best = known
        .map(|known| (likeness(known), known))
        .max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best.0 > 0.8).then_some(best.1)
}

fn wrong_type(key: &str, value: &Value, expected: &str, example: &str) -> MetadataError {
    let found = match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    };
    MetadataError {
        reason: format!("{key} is {found}, but has to be {expected}"),
        advice: format!("for example {example}"),
    }
}

fn number(key: &str, value: &Value, unit: &str) -> Result<u32, MetadataError> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| {
        wrong_type(key, value, &format!("an integer in {unit}"), &format!("{key} = 256"))
    })
}

fn string(key: &str, value: &Value) -> Result<String, MetadataError> {
    let last = key.rsplit('.').next().unwrap_or(key);
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| wrong_type(key, value, "a string", &format!("{last} = \"..\"")))
}

/// The value of an environment variable, which may be a number or a boolean in the manifest.
fn scalar(key: &str, value: &Value) -> Result<String, MetadataError> {
    match value {
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        value => string(key, value),
    }
}

fn list<'v>(key: &str, value: &'v Value) -> Result<&'v Vec<Value>, MetadataError> {
    value.as_array().ok_or_else(|| wrong_type(key, value, "a list", &format!("{key} = [..]")))
}

fn table_of<'v>(key: &str, value: &'v Value) -> Result<&'v Map<String, Value>, MetadataError> {
    value.as_object().ok_or_else(|| {
        wrong_type(key, value, "a table", &format!("{key} = {{ NAME = \"value\" }}"))
    })
}

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
    use serde_json::json;

    use super::*;

    fn read(tables: &[Value]) -> Result<FgMetadata, MetadataError> {
        let mut metadata = FgMetadata::default();
        tables.iter().try_for_each(|table| metadata.add(table)).map(|()| metadata)
    }

    #[test]
    fn the_package_overrides_the_workspace_and_variables_are_merged() {
        let workspace = json!({"memory": 256, "timeout": 9, "environment": {"A": "w", "B": "w"}, "include": ["all"]});
        let package = json!({"memory": 512, "environment": {"B": 7, "C": true}, "timers": [{"schedule": "@every 1h", "text": "x"}]});
        let metadata = read(&[workspace, package]).expect("it fits");
        assert_eq!((metadata.memory, metadata.timeout), (Some(512), Some(9)));
        let environment: Vec<_> = metadata
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(environment, [("A", "w"), ("B", "7"), ("C", "true")]);
        assert_eq!(metadata.include, [PathBuf::from("all")]);
        assert_eq!(metadata.timers[0].text.as_deref(), Some("x"));
    }

    #[test]
    fn an_unknown_key_is_an_error_with_the_most_similar_one() {
        for (key, similar) in [
            ("memroy", Some("memory")),
            ("env", Some("environment")),
            ("log-level", Some("log_level")),
            ("logLevel", Some("log_level")),
            ("includes", Some("include")),
            ("time_out", Some("timeout")),
            ("xyz", None),
        ] {
            let error = read(&[json!({key: 1})]).expect_err(key);
            assert_eq!(error.reason, format!("unknown key `{key}`"));
            let expected = similar.map_or("there are: environment, ".to_owned(), |similar| {
                format!("did you mean `{similar}`? ")
            });
            assert!(error.advice.starts_with(&expected), "{key}: {}", error.advice);
        }
        let error =
            read(&[json!({"timers": [{"schedul": "@every 1h"}]})]).expect_err("no such key");
        assert!(error.advice.starts_with("did you mean `schedule`? "), "{error:?}");
    }

    #[test]
    fn no_value_is_quoted() {
        for table in [
            json!({"environment": "DB=hunter2"}),
            json!({"memory": "hunter2"}),
            json!({"environment": {"A": ["hunter2"]}}),
            json!({"include": "hunter2"}),
            json!({"timers": [{"schedule": ["hunter2"]}]}),
        ] {
            let error = read(std::slice::from_ref(&table)).expect_err("it does not fit");
            assert!(
                !format!("{error:?}").contains("hunter2") && error.reason.contains("has to be"),
                "{error:?}"
            );
        }
        let metadata = read(&[json!({"environment": {"A": "hunter2"}})]).expect("it fits");
        assert!(!format!("{metadata:?}").contains("hunter2"));
    }

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
