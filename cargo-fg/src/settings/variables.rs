//! User variables: parses `--env`, `--env-file` and `--log-level`, and checks names. Values are
//! never printed.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::text_encoding;

/// `KEY=VALUE`, or `KEY` for the variable of the shell.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Assignment(String);

impl Assignment {
    /// Never fails, because clap would print the value with the error.
    #[allow(clippy::unnecessary_wraps, reason = "clap's signature")]
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    /// Whether the value is in the argument, not in the environment.
    pub(super) fn has_value(&self) -> bool {
        self.0.contains('=')
    }

    /// The name and the value.
    pub(super) fn resolve(&self) -> Result<(String, String), Failure> {
        let Some((name, value)) = self.0.split_once('=') else {
            check_name(&self.0)
                .map_err(|reason| Failure::usage(format!("--env: {reason}")).advise(AS_WRITTEN))?;
            return match std::env::var(&self.0) {
                Ok(value) => Ok((self.0.clone(), value)),
                Err(_) => Err(Failure::usage(format!(
                    "--env {}: the environment has no variable of that name",
                    self.0
                ))
                .advise(AS_WRITTEN)),
            };
        };
        check_name(name).map_err(|reason| Failure::usage(format!("--env: {reason}")))?;
        Ok((name.to_owned(), value.to_owned()))
    }
}

const AS_WRITTEN: &str =
    "--env NAME=VALUE sets a variable, --env NAME passes the one of this shell";

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=***", self.0.split('=').next().unwrap_or_default())
    }
}

/// The platform's rules for names of user variables (from the manual, "environment variables").
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let begins_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if !begins_well || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        // The name is not printed, because it may be part of a value.
        return Err("the name of a variable has to be a letter, followed by letters, digits and underscores".to_owned());
    }
    // `RUNTIME_LOG_LEVEL` is an exception that the platform's samples use.
    if name.starts_with("RUNTIME_") && name != "RUNTIME_LOG_LEVEL" {
        return Err(format!("{name} is reserved by the platform and cannot be set"));
    }
    Ok(())
}

/// Reads a file of variables in the format of docker, systemd and dotenv.
pub(super) fn read_file(file: &Path) -> Result<Vec<(String, String)>, Failure> {
    let bytes = std::fs::read(file).map_err(|error| {
        Failure::usage(format!("{} cannot be read", file.display())).because(&error)
    })?;
    let text = text_encoding::decode(bytes).0;
    let text = String::from_utf8(text)
        .map_err(|_| Failure::usage(format!("{} is not UTF-8", file.display())))?;
    parse_file(&text).map_err(|(line, reason)| {
        Failure::usage(format!("{}, line {line}: {reason}", file.display()))
            .advise("a line can be NAME=value, export NAME=value, NAME='literal', NAME=\"with \\n\", empty, or a comment after #")
    })
}

/// Parses the file. The error has the number of the line and the reason.
fn parse_file(text: &str) -> Result<Vec<(String, String)>, (usize, String)> {
    let mut variables = Vec::new();
    let (mut rest, mut number) = (text, 0);
    while !rest.is_empty() {
        number += 1;
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let line = rest[..end].trim();
        if line.is_empty() || line.starts_with('#') {
            rest = &rest[end..];
            continue;
        }
        let failed = |reason: &str| (number, reason.to_owned());
        let line = line
            .strip_prefix("export")
            .filter(|rest| rest.starts_with([' ', '\t']))
            .map_or(line, str::trim_start);
        let (name, _) = line.split_once('=').ok_or_else(|| failed("there is no `=`"))?;
        let name = name.trim_end();
        check_name(name).map_err(|reason| (number, reason))?;
        // A quoted value may have several lines.
        let value = rest[rest.find('=').map_or(0, |at| at + 1)..].trim_start_matches([' ', '\t']);
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let (value, after) = quoted(&value[1..], quote)
                    .ok_or_else(|| failed("a quotation mark is not closed"))?;
                let end = after.find('\n').map_or(after.len(), |at| at + 1);
                let comment = after[..end].trim();
                if !comment.is_empty() && !comment.starts_with('#') {
                    return Err(failed("there is text after the closing quotation mark"));
                }
                (value, &after[end..])
            }
            _ => {
                let end = value.find('\n').map_or(value.len(), |at| at + 1);
                (without_comment(value[..end].trim()).to_owned(), &value[end..])
            }
        };
        number += rest[..rest.len() - after.len()].matches('\n').count().saturating_sub(1);
        rest = after;
        variables.push((name.to_owned(), value));
    }
    Ok(variables)
}

/// The value up to the closing quotation mark, and the rest.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == quote => return Some((value.replace("\r\n", "\n"), &text[at + 1..])),
            '\\' if quote == '"' => match letters.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                escaped @ ('"' | '\\' | '$' | '`') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            _ => value.push(letter),
        }
    }
    None
}

/// Removes a comment, which needs a space before it: `#` alone may be part of a password.
fn without_comment(value: &str) -> &str {
    if value.starts_with('#') {
        return "";
    }
    let comment = [" #", "\t#"].iter().filter_map(|begin| value.find(begin)).min();
    comment.map_or(value, |at| value[..at].trim_end())
}

/// The variables for a log level.
pub(crate) fn of_log_level(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut for_all = None;
    for directive in text.split(',').map(str::trim) {
        let level = match directive.split_once('=') {
            Some((target, level)) if !target.trim().is_empty() => level.trim(),
            _ => directive,
        };
        let of_the_platform = match level.to_ascii_lowercase().as_str() {
            "trace" | "debug" => "DEBUG",
            "info" => "INFO",
            "warn" => "WARN",
            "error" | "off" => "ERROR",
            _ => {
                return Err(format!(
                    "{directive:?} is not a level: off, error, warn, info, debug, trace, or levels for targets as in `info,hyper=warn`"
                ));
            }
        };
        if !directive.contains('=') {
            for_all = Some(of_the_platform);
        }
    }
    let platform = for_all.map(|level| ("RUNTIME_LOG_LEVEL".to_owned(), level.to_owned()));
    Ok(std::iter::once(("FG_LOG".to_owned(), text.to_ascii_lowercase())).chain(platform).collect())
}

/// Checks the value of `--log-level`.
pub(super) fn parse_log_level(text: &str) -> Result<String, String> {
    of_log_level(text).map(|_| text.to_owned())
}

/// Reads all files of variables, in order.
pub(super) fn read_files(files: &[PathBuf]) -> Result<Vec<(String, String)>, Failure> {
    let mut all = Vec::new();
    for file in files {
        all.extend(read_file(file)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_variables_is_parsed_as_by_other_tools() {
        let text = "# a comment\r\nPLAIN=a b # and a comment\r\nexport EXPORTED = x#y\r\n\r\nSINGLE='$HOME \\n'\nDOUBLE=\"a\\n\\\"b\\\"\" # c\n\
                    EMPTY=\nKEY=\"-----BEGIN-----\r\nabc=\r\n-----END-----\"\nexport_this=1\nEQUALS=a=b=c\nLAST='é'";
        let variables = parse_file(text).expect("it can be read");
        let found: Vec<_> =
            variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [
            ("PLAIN", "a b"),
            ("EXPORTED", "x#y"),
            ("SINGLE", "$HOME \\n"),
            ("DOUBLE", "a\n\"b\""),
            ("EMPTY", ""),
            ("KEY", "-----BEGIN-----\nabc=\n-----END-----"),
            ("export_this", "1"),
            ("EQUALS", "a=b=c"),
            ("LAST", "é"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_error_has_the_line_but_not_the_value() {
        for (text, line, reason) in [
            ("A=1\nhunter2", 2, "there is no `=`"),
            (
                "A=\"1\n2\"\n3X=hunter2",
                3,
                "the name of a variable has to be a letter, followed by letters, digits and underscores",
            ),
            (
                "MIIEvhunter2+/=",
                1,
                "the name of a variable has to be a letter, followed by letters, digits and underscores",
            ),
            ("\n\nA='hunter2", 3, "a quotation mark is not closed"),
            ("A='b'hunter2", 1, "there is text after the closing quotation mark"),
            (
                "RUNTIME_MEMORY=hunter2",
                1,
                "RUNTIME_MEMORY is reserved by the platform and cannot be set",
            ),
        ] {
            assert_eq!(parse_file(text), Err((line, reason.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_value_is_never_printed() {
        let assignment = Assignment::parse("1DB=hunter2").expect("it never fails");
        assert_eq!(format!("{assignment:?}"), "1DB=***");
        assert!(!assignment.resolve().expect_err("a bad name").to_string().contains("hunter2"));
        assert_eq!(
            Assignment("A=b=c".into()).resolve().expect("it is one"),
            ("A".into(), "b=c".into())
        );
        let absent = Assignment("FG_NO_SUCH_VARIABLE".into())
            .resolve()
            .expect_err("it is not there")
            .to_string();
        assert!(
            absent.starts_with(
                "--env FG_NO_SUCH_VARIABLE: the environment has no variable of that name\n  help: "
            ),
            "{absent}"
        );
        assert_eq!(
            Assignment("CARGO_MANIFEST_DIR".into()).resolve().map(|found| found.1).ok(),
            std::env::var("CARGO_MANIFEST_DIR").ok()
        );
    }

    #[test]
    fn a_level_sets_the_variable_of_fg_and_that_of_the_platform() {
        let of = |text: &str| {
            of_log_level(text).map(|all| {
                all.iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            })
        };
        assert_eq!(of("Debug").as_deref(), Ok("FG_LOG=debug RUNTIME_LOG_LEVEL=DEBUG"));
        assert_eq!(
            of("info,hyper=warn").as_deref(),
            Ok("FG_LOG=info,hyper=warn RUNTIME_LOG_LEVEL=INFO")
        );
        assert_eq!(of("hyper=off").as_deref(), Ok("FG_LOG=hyper=off"));
        assert!(of("loud").expect_err("no level").starts_with("\"loud\" is not a level: off, "));
    }
}
