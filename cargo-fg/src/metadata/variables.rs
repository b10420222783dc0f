//! The variables of a function in the metadata: values, and references to variables of the shell,
//! which are secrets.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::entry::Entry;
use super::mistake::Mistake;
use super::secret_names::looks_secret;
use crate::settings::check_name;

/// Where the value of a variable comes from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Variable {
    /// The value itself, which is readable on the console.
    Value(String),
    /// A secret: the value of this variable of the shell.
    Shell(String),
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => f.write_str("Value(***)"),
            Self::Shell(name) => write!(f, "Shell({name})"),
        }
    }
}

/// The variables by name.
pub(super) type Variables = BTreeMap<String, Variable>;

/// Reads `environment`.
pub(super) fn read(entry: &Entry<'_>) -> Result<Variables, Mistake> {
    let table = entry.table()?;
    let read = table.entries().map(|(name, entry)| {
        check_name(name).map_err(|reason| entry.wrong(reason))?;
        Ok((name.to_owned(), variable(&entry)?))
    });
    read.collect()
}

fn variable(entry: &Entry<'_>) -> Result<Variable, Mistake> {
    match entry.value {
        Value::String(text) => Ok(Variable::Value(text.clone())),
        Value::Number(number) => Ok(Variable::Value(number.to_string())),
        Value::Bool(flag) => Ok(Variable::Value(flag.to_string())),
        Value::Object(_) => reference(entry).map(Variable::Shell),
        Value::Null | Value::Array(_) => Err(entry
            .wrong("it has to be a string, a number, true or false, or a reference to the shell")
            .advise(format!(
                "for example {0} = \"..\", or {0} = {{ env = \"{0}\" }} for a secret",
                entry.path.last_key()
            ))),
    }
}

/// Reads `{ env = "NAME" }`: a secret, by the name of the variable of the shell that has it.
pub(super) fn reference(entry: &Entry<'_>) -> Result<String, Mistake> {
    let table = entry.table()?;
    table.check_keys(&["env"])?;
    let name = table.required("env")?;
    let text = name.string()?;
    let is_name = !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if !is_name {
        return Err(name
            .wrong("it has to be the name of a variable of the shell, which has letters, digits and underscores")
            .advise("the secret itself is not for Cargo.toml, but for that variable"));
    }
    Ok(text.to_owned())
}

/// Reads a password, which has to be a reference.
pub(super) fn password(entry: &Entry<'_>) -> Result<String, Mistake> {
    if entry.value.is_object() {
        return reference(entry);
    }
    let name = entry.path.last_key().to_ascii_uppercase();
    Err(entry
        .wrong("a secret is not written into Cargo.toml")
        .advise(format!("take it from a variable of the shell: {{ env = \"{name}\" }}")))
}

/// The value of a variable of the shell; the reason if there is none.
pub(crate) fn of_shell(name: &str) -> Result<String, String> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Err(format!("the variable {name} of the shell is empty")),
        Ok(value) => Ok(value),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(format!("the variable {name} of the shell is not UTF-8"))
        }
        Err(std::env::VarError::NotPresent) => {
            Err(format!("the variable {name} is not set in the shell"))
        }
    }
}

/// The names of variables whose values look like secrets.
pub(super) fn looking_secret(variables: &Variables) -> impl Iterator<Item = &str> {
    variables.iter().filter_map(|(name, variable)| match variable {
        Variable::Value(value) if looks_secret(name, value) => Some(name.as_str()),
        Variable::Value(_) | Variable::Shell(_) => None,
    })
}
