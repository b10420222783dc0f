//! `[package.metadata.fg]`, and `[workspace.metadata.fg]` as the default of each member: what a
//! function is on the platform.
//!
//! It is read by hand: an error of serde's may quote a value, and a value may be a secret.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde_json::{Map, Value};

/// What a function is on the platform. Flags and variables win over it.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct FgMetadata {
    /// In MB.
    pub(crate) memory: Option<u32>,
    /// In seconds.
    pub(crate) timeout: Option<u32>,
    pub(crate) handler: Option<String>,
    /// What is logged: a level, or levels for each target.
    pub(crate) log_level: Option<String>,
    pub(crate) environment: BTreeMap<String, String>,
    /// More files for the package, relative to its directory.
    pub(crate) include: Vec<PathBuf>,
    pub(crate) timers: Vec<TimerMetadata>,
}

/// A timer of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimerMetadata {
    pub(crate) schedule: String,
    pub(crate) name: Option<String>,
    /// What the platform calls its additional information: `user_event` of the event.
    pub(crate) text: Option<String>,
    /// The program that it is for, if the package has several.
    pub(crate) function: Option<String>,
}

/// Why it does not fit. No value is quoted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) reason: String,
    pub(crate) advice: String,
}

const KEYS: [&str; 7] =
    ["environment", "handler", "include", "log_level", "memory", "timeout", "timers"];
const KEYS_OF_TIMERS: [&str; 4] = ["function", "name", "schedule", "text"];

impl FgMetadata {
    /// Adds a table: what it has takes the place of what was there before, variables one by one.
    pub(crate) fn add(&mut self, table: &Value) -> Result<(), Misfit> {
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

    /// Variables whose values look like secrets, which do not belong into a file that is committed.
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

fn timer(value: &Value) -> Result<TimerMetadata, Misfit> {
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
        return Err(Misfit {
            reason: "timers: one of them has no `schedule`".into(),
            advice:
                "timers = [{ name = \"nightly\", schedule = \"0 15 2 * * ?\", text = \"all\" }]"
                    .into(),
        });
    }
    Ok(timer)
}

fn unknown_key(unknown: &str, known: &[&str]) -> Misfit {
    let similar = nearest(unknown, known.iter().copied());
    let list = format!("there are: {}", known.join(", "));
    Misfit {
        reason: format!("unknown key `{unknown}`"),
        advice: similar
            .map_or_else(|| list.clone(), |similar| format!("did you mean `{similar}`? {list}")),
    }
}

/// The word that is most like this one, if there is one that is like it at all.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // `logLevel`, `log-level` and `LOG_LEVEL` are the same word.
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

fn misfit(key: &str, value: &Value, expected: &str, example: &str) -> Misfit {
    let found = match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    };
    Misfit {
        reason: format!("{key} is {found}, and has to be {expected}"),
        advice: format!("for example {example}"),
    }
}

fn number(key: &str, value: &Value, unit: &str) -> Result<u32, Misfit> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| {
        misfit(key, value, &format!("a whole number of {unit}"), &format!("{key} = 256"))
    })
}

fn string(key: &str, value: &Value) -> Result<String, Misfit> {
    let last = key.rsplit('.').next().unwrap_or(key);
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| misfit(key, value, "a string", &format!("{last} = \"..\"")))
}

/// A variable is a string for the process, whatever it is here.
fn scalar(key: &str, value: &Value) -> Result<String, Misfit> {
    match value {
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        value => string(key, value),
    }
}

fn list<'v>(key: &str, value: &'v Value) -> Result<&'v Vec<Value>, Misfit> {
    value.as_array().ok_or_else(|| misfit(key, value, "a list", &format!("{key} = [..]")))
}

fn table_of<'v>(key: &str, value: &'v Value) -> Result<&'v Map<String, Value>, Misfit> {
    value
        .as_object()
        .ok_or_else(|| misfit(key, value, "a table", &format!("{key} = {{ NAME = \"value\" }}")))
}

/// Parts of names that say what the value is.
const OF_SECRETS: [&str; 8] =
    ["SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "CREDENTIAL", "APIKEY", "PRIVATE"];

/// Ends of names of what is about a secret, and is none.
const ABOUT_SECRETS: [&str; 9] =
    ["_FILE", "_PATH", "_DIR", "_NAME", "_URL", "_URI", "_HOST", "_TTL", "PUBLIC_KEY"];

/// Whether a variable of this name and value looks like a secret: by its name, or as an address
/// with a password in it.
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

    fn read(tables: &[Value]) -> Result<FgMetadata, Misfit> {
        let mut metadata = FgMetadata::default();
        tables.iter().try_for_each(|table| metadata.add(table)).map(|()| metadata)
    }

    #[test]
    fn the_package_wins_over_the_workspace_and_variables_one_by_one() {
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
    fn an_unknown_key_is_told_with_the_one_that_is_most_like_it() {
        for (key, similar) in [
            ("memroy", Some("memory")),
            ("env", Some("environment")),
            ("log-level", Some("log_level")),
            ("logLevel", Some("log_level")),
            ("includes", Some("include")),
            ("time_out", Some("timeout")),
            ("xyz", None),
        ] {
            let misfit = read(&[json!({key: 1})]).expect_err(key);
            assert_eq!(misfit.reason, format!("unknown key `{key}`"));
            let expected = similar.map_or("there are: environment, ".to_owned(), |similar| {
                format!("did you mean `{similar}`? ")
            });
            assert!(misfit.advice.starts_with(&expected), "{key}: {}", misfit.advice);
        }
        let misfit =
            read(&[json!({"timers": [{"schedul": "@every 1h"}]})]).expect_err("no such key");
        assert!(misfit.advice.starts_with("did you mean `schedule`? "), "{misfit:?}");
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
            let misfit = read(std::slice::from_ref(&table)).expect_err("it does not fit");
            assert!(
                !format!("{misfit:?}").contains("hunter2") && misfit.reason.contains("has to be"),
                "{misfit:?}"
            );
        }
        let metadata = read(&[json!({"environment": {"A": "hunter2"}})]).expect("it fits");
        assert!(!format!("{metadata:?}").contains("hunter2"));
    }

    #[test]
    fn a_secret_is_known_by_its_name_or_as_an_address_with_a_password() {
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
