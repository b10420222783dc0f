//! What a function is told about itself: flags win over variables, variables over `[package.metadata.fg]`, that over the platform's
//! defaults.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use fg_emulator::{Builder, Emulator, MEMORY_SIZES};

use crate::failure::Failure;
use crate::project::Function;

/// The longest that the platform lets a function run, in seconds.
const MAX_TIMEOUT: u32 = 259_200;

const DEFAULT_MEMORY: u32 = 128;
const DEFAULT_TIMEOUT: u32 = 3;
const DEFAULT_HANDLER: &str = "bootstrap";

/// The flags that say what a function is on the platform.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The function's settings")]
pub(crate) struct SettingsFlags {
    /// A user variable of the function, such as `FG_LOG=info,hyper=warn`, `RUNTIME_LOG_LEVEL=DEBUG` or `FG_LOG_FORMAT=json`, which say what a
    /// function with `fg` logs, and how; can be given more than once
    #[arg(long = "env", value_name = "KEY=VALUE", value_parser = parse_variable)]
    pub(crate) variables: Vec<(String, String)>,
    /// The function's memory in MB: 128, 256, 512 and so on up to 10240; it is told to the function, and not enforced
    #[arg(long, value_name = "MB", env = "FG_MEMORY", hide_env_values = true, value_parser = parse_memory)]
    pub(crate) memory: Option<u32>,
    /// How long an invocation may take, in seconds; after that the function's process is ended
    #[arg(long, value_name = "SECONDS", env = "FG_TIMEOUT", hide_env_values = true, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_TIMEOUT)))]
    pub(crate) timeout: Option<u32>,
    /// The handler, for a program with several of them
    #[arg(long, value_name = "NAME", env = "FG_HANDLER", hide_env_values = true)]
    pub(crate) handler: Option<String>,
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is written KEY=VALUE")?;
    check_variable(name).map(|()| (name.to_owned(), value.to_owned()))
}

/// The platform's rule for names of user variables (its manual, "environment variables").
fn check_variable(name: &str) -> Result<(), String> {
    let begins_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if !begins_well || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return Err(format!("{name:?} is no name of a variable: a letter, then letters, digits and underscores"));
    }
    // The one of them that users set: the platform's samples read it.
    if name.starts_with("RUNTIME_") && name != "RUNTIME_LOG_LEVEL" {
        return Err(format!("{name} is the platform's own, and cannot be set"));
    }
    Ok(())
}

fn parse_memory(text: &str) -> Result<u32, String> {
    let memory = text.parse().map_err(|_| "it is a number of MB")?;
    check_memory(memory).map(|()| memory)
}

fn check_memory(memory: u32) -> Result<(), String> {
    if MEMORY_SIZES.contains(&memory) {
        return Ok(());
    }
    let sizes: Vec<_> = MEMORY_SIZES.iter().map(u32::to_string).collect();
    Err(format!("the platform has functions with {} MB", sizes.join(", ")))
}

/// The settings of one function after all sources have been heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) memory: u32,
    pub(crate) timeout: u32,
    pub(crate) handler: String,
    pub(crate) variables: Vec<(String, String)>,
}

impl Settings {
    pub(crate) fn resolve(flags: &SettingsFlags, function: &Function) -> Result<Self, Failure> {
        let metadata = &function.metadata;
        let wrong =
            |key: &str, reason: String| Failure::usage(format!("[package.metadata.fg] of `{}`: {key}: {reason}", function.package));
        if let Some(memory) = metadata.memory {
            check_memory(memory).map_err(|reason| wrong("memory", reason))?;
        }
        if metadata.timeout.is_some_and(|timeout| !(1..=MAX_TIMEOUT).contains(&timeout)) {
            return Err(wrong("timeout", format!("the platform takes 1 to {MAX_TIMEOUT} seconds")));
        }
        for name in metadata.environment.keys() {
            check_variable(name).map_err(|reason| wrong("environment", reason))?;
        }
        let mut variables = metadata.environment.clone();
        variables.extend(flags.variables.iter().cloned());
        Ok(Self {
            memory: flags.memory.or(metadata.memory).unwrap_or(DEFAULT_MEMORY),
            timeout: flags.timeout.or(metadata.timeout).unwrap_or(DEFAULT_TIMEOUT),
            handler: flags.handler.as_ref().or(metadata.handler.as_ref()).map_or(DEFAULT_HANDLER, String::as_str).to_owned(),
            variables: variables.into_iter().collect(),
        })
    }

    /// A function with these settings that the emulator starts itself.
    pub(crate) fn emulate(&self, function: &Function, program: &Path) -> Builder {
        self.apply(Emulator::builder(program), function)
    }

    /// A function with these settings that somebody else starts.
    pub(crate) fn attach(&self, function: &Function) -> Builder {
        self.apply(Emulator::attach(), function)
    }

    fn apply(&self, builder: Builder, function: &Function) -> Builder {
        let builder = builder
            .name(&function.name)
            .handler(&self.handler)
            .memory(self.memory)
            .timeout(Duration::from_secs(self.timeout.into()))
            // What is included in the package lies beside the program there, and in this directory here.
            .code_root(&function.directory);
        self.variables.iter().fold(builder, |builder, (name, value)| builder.variable(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{FgMetadata, ProgramKind};

    fn function(metadata: FgMetadata) -> Function {
        Function {
            name: "greet".into(),
            kind: ProgramKind::Bin,
            package: "greet".into(),
            package_id: String::new(),
            directory: ".".into(),
            required_features: Vec::new(),
            metadata,
        }
    }

    #[test]
    fn flags_win_over_metadata_and_metadata_over_the_defaults() {
        let environment = [("COLOUR", "red"), ("SIZE", "1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let metadata =
            FgMetadata { memory: Some(256), timeout: Some(30), environment: environment.into(), ..FgMetadata::default() };
        let flags =
            SettingsFlags { memory: Some(512), variables: vec![("COLOUR".into(), "blue".into())], ..SettingsFlags::default() };
        let settings = Settings::resolve(&flags, &function(metadata)).expect("it makes sense");
        assert_eq!((settings.memory, settings.timeout, settings.handler.as_str()), (512, 30, "bootstrap"));
        let variables: Vec<_> = settings.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(variables, [("COLOUR", "blue"), ("SIZE", "1")]);
    }

    #[test]
    fn what_the_platform_would_refuse_is_refused() {
        assert!(parse_memory("300").expect_err("no such size").starts_with("the platform has functions with 128, 256"));
        assert_eq!(parse_variable("A"), Err("it is written KEY=VALUE".into()));
        assert_eq!(parse_variable("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert_eq!(parse_variable("RUNTIME_LOG_LEVEL=DEBUG"), Ok(("RUNTIME_LOG_LEVEL".into(), "DEBUG".into())));
        assert_eq!(parse_variable("FG_LOG=info,hyper=warn"), Ok(("FG_LOG".into(), "info,hyper=warn".into())));
        assert_eq!(parse_variable("RUNTIME_X=1"), Err("RUNTIME_X is the platform's own, and cannot be set".into()));
        let metadata = FgMetadata { memory: Some(100), ..FgMetadata::default() };
        let failure = Settings::resolve(&SettingsFlags::default(), &function(metadata)).expect_err("no such size");
        assert!(failure.to_string().starts_with("[package.metadata.fg] of `greet`: memory: "), "{failure}");
    }
}
