//! What a function is told about itself: flags win over variables, variables over
//! `[package.metadata.fg]`, that over the platform's defaults.

mod credentials;
mod variables;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use fg_emulator::{Builder, Credentials, Emulator, MEMORY_SIZES};

use crate::failure::Failure;
use crate::metadata::looks_secret;
use crate::project::Function;
use crate::screen::Screen;
use crate::settings::variables::{
    Assignment, check_name, of_log_level, parse_log_level, read_files,
};

/// The longest that the platform lets a function run, in seconds.
const MAX_TIMEOUT: u32 = 259_200;

const DEFAULT_MEMORY: u32 = 128;
const DEFAULT_TIMEOUT: u32 = 3;
const DEFAULT_HANDLER: &str = "bootstrap";

/// The flags that say what a function is on the platform.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The function's settings")]
pub(crate) struct SettingsFlags {
    /// A user variable of the function, such as `FG_LOG_FORMAT=json`; a name alone hands on the
    /// variable of this shell, so that a secret stands in no argument. Can be given more than once
    #[arg(long = "env", short = 'e', value_name = "NAME[=VALUE]", value_parser = Assignment::parse)]
    variables: Vec<Assignment>,
    /// A file with user variables: lines NAME=value, as docker and dotenv have them. --env wins
    /// over it; can be given more than once
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// What `ctx.credentials()` has: `env` takes the keys of the SDKs' variables
    /// (`HUAWEICLOUD_SDK_AK`, `HUAWEICLOUD_SDK_SK`, `HW_ACCESS_KEY` and so on), anything else is a
    /// file as the SDKs read it, such as `~/.huaweicloud/credentials`
    #[arg(long, value_name = "env|FILE", env = "FG_CREDENTIALS", hide_env_values = true)]
    credentials: Option<String>,
    /// What the function logs: off, error, warn, info, debug, trace, or levels for targets as in
    /// `info,hyper=warn`. It sets the user variables `FG_LOG` and `RUNTIME_LOG_LEVEL`
    #[arg(long, value_name = "LEVEL", env = "FG_LOG_LEVEL", hide_env_values = true, value_parser = parse_log_level)]
    log_level: Option<String>,
    /// The function's memory in MB: 128, 256, 512 and so on up to 10240; it is told to the
    /// function, and not enforced
    #[arg(long, value_name = "MB", env = "FG_MEMORY", hide_env_values = true, value_parser = parse_memory)]
    pub(crate) memory: Option<u32>,
    /// How long an invocation may take, in seconds; after that the function's process is ended
    #[arg(long, value_name = "SECONDS", env = "FG_TIMEOUT", hide_env_values = true, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_TIMEOUT)))]
    pub(crate) timeout: Option<u32>,
    /// The handler, for a program with several of them
    #[arg(long, value_name = "NAME", env = "FG_HANDLER", hide_env_values = true)]
    pub(crate) handler: Option<String>,
}

impl SettingsFlags {
    /// The files that they name.
    pub(crate) fn files(&self) -> impl Iterator<Item = PathBuf> {
        let of_credentials = self.credentials.as_deref().and_then(credentials::file_of);
        self.env_file
            .iter()
            .cloned()
            .chain(of_credentials)
            .filter_map(|file| std::path::absolute(file).ok())
    }
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
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) memory: u32,
    pub(crate) timeout: u32,
    /// Whether a flag or a variable has said so, and not the manifest.
    is_timeout_given: bool,
    pub(crate) handler: String,
    pub(crate) variables: Vec<(String, String)>,
    /// Those of them whose values stand in no flag and no manifest, but in a file of their own or
    /// in the shell.
    hidden: Vec<String>,
    credentials: Option<Credentials>,
    project_id: Option<String>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.iter().map(|(name, _)| name).collect();
        f.debug_struct("Settings")
            .field("memory", &self.memory)
            .field("timeout", &self.timeout)
            .field("handler", &self.handler)
            .field("variables", &names)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

impl Settings {
    pub(crate) fn resolve(flags: &SettingsFlags, function: &Function) -> Result<Self, Failure> {
        let metadata = &function.metadata;
        let wrong = |key: &str, reason: String| {
            Failure::usage(format!(
                "[package.metadata.fg] of `{}`: {key}: {reason}",
                function.package
            ))
        };
        if let Some(memory) = metadata.memory {
            check_memory(memory).map_err(|reason| wrong("memory", reason))?;
        }
        if metadata.timeout.is_some_and(|timeout| !(1..=MAX_TIMEOUT).contains(&timeout)) {
            return Err(wrong("timeout", format!("the platform takes 1 to {MAX_TIMEOUT} seconds")));
        }
        for name in metadata.environment.keys() {
            check_name(name).map_err(|reason| wrong(&format!("environment.{name}"), reason))?;
        }
        let level = |text: &String| of_log_level(text);
        let of_metadata = metadata
            .log_level
            .as_ref()
            .map_or(Ok(Vec::new()), level)
            .map_err(|reason| wrong("log_level", reason))?;
        let of_flag =
            flags.log_level.as_ref().map_or(Ok(Vec::new()), level).map_err(Failure::usage)?;
        let of_files = read_files(&flags.env_file)?;
        let mut hidden: Vec<_> = of_files.iter().map(|(name, _)| name.clone()).collect();
        let mut given: BTreeMap<_, _> = of_flag.into_iter().chain(of_files).collect();
        for assignment in &flags.variables {
            let (name, value) = assignment.resolve()?;
            if assignment.has_value() {
                hidden.retain(|hidden| *hidden != name);
            } else {
                hidden.push(name.clone());
            }
            given.insert(name, value);
        }
        let mut variables: BTreeMap<_, _> = of_metadata.into_iter().collect();
        variables.extend(metadata.environment.clone());
        variables.extend(given);
        let keys = flags.credentials.as_deref().map(credentials::read).transpose()?;
        let (credentials, project_id) =
            keys.map_or((None, None), |keys| (Some(keys.credentials), keys.project_id));
        Ok(Self {
            memory: flags.memory.or(metadata.memory).unwrap_or(DEFAULT_MEMORY),
            timeout: flags.timeout.or(metadata.timeout).unwrap_or(DEFAULT_TIMEOUT),
            is_timeout_given: flags.timeout.is_some(),
            handler: flags
                .handler
                .as_ref()
                .or(metadata.handler.as_ref())
                .map_or(DEFAULT_HANDLER, String::as_str)
                .to_owned(),
            variables: variables.into_iter().collect(),
            hidden,
            credentials,
            project_id,
        })
    }

    /// A function with these settings that the emulator starts itself.
    pub(crate) fn emulate(&self, function: &Function, program: &Path) -> Builder {
        self.apply(Emulator::builder(program), function)
            .timeout(Duration::from_secs(self.timeout.into()))
    }

    /// A function with these settings that is started elsewhere, in a debugger for example: it may
    /// stand still for as long as the platform lets a function run at all, unless a flag says
    /// otherwise. The time of the manifest is that of a function without a debugger.
    pub(crate) fn attach(&self, function: &Function) -> Builder {
        let timeout = Duration::from_secs(
            if self.is_timeout_given { self.timeout } else { MAX_TIMEOUT }.into(),
        );
        let longest = Duration::from_secs(MAX_TIMEOUT.into());
        self.apply(Emulator::attach(), function)
            .timeout(timeout)
            .init_timeout(timeout)
            .queue_limit(longest)
    }

    /// Whether the value of this variable is not to be written down: it came from a file or from
    /// the shell, or it looks like a secret.
    pub(crate) fn is_private(&self, name: &str) -> bool {
        let value = self.variables.iter().find(|(found, _)| found == name).map(|(_, value)| value);
        value.is_some_and(|value| {
            self.hidden.iter().any(|hidden| hidden == name) || looks_secret(name, value)
        })
    }

    fn apply(&self, builder: Builder, function: &Function) -> Builder {
        let builder = builder
            .name(&function.unique_name)
            .handler(&self.handler)
            .memory(self.memory)
            // Here the caller is the developer.
            .process_variable("FG_HTTP_ERRORS", "full")
            // What is included in the package lies beside the program there, and in this directory
            // here.
            .code_root(&function.directory);
        let builder = self
            .credentials
            .iter()
            .fold(builder, |builder, credentials| builder.credentials(credentials.clone()));
        let builder = self.project_id.iter().fold(builder, Builder::project_id);
        self.variables.iter().fold(builder, |builder, (name, value)| builder.variable(name, value))
    }
}

/// Tells of secrets that stand in a manifest.
pub(crate) fn warn_of_secrets(functions: &[Function], screen: Screen) {
    let mut told = Vec::new();
    for function in functions {
        for name in function.metadata.secrets() {
            if !told.contains(&(&function.package, name)) {
                screen.warning(format_args!(
                    "the variable {name} of `{}` looks like a secret, and stands in Cargo.toml, which is committed\n  help: take it out \
                     there; `--env {name}` hands on the variable of the shell, and `--env-file FILE` reads a file",
                    function.package
                ));
                told.push((&function.package, name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::FgMetadata;
    use crate::project::ProgramKind;

    fn function(metadata: FgMetadata) -> Function {
        Function {
            name: "greet".into(),
            label: "greet".into(),
            unique_name: "greet".into(),
            kind: ProgramKind::Bin,
            package: "greet".into(),
            package_id: String::new(),
            directory: ".".into(),
            required_features: Vec::new(),
            metadata,
        }
    }

    fn variables(all: &[&str]) -> Vec<Assignment> {
        all.iter().map(|text| Assignment::parse(text).expect("it never fails")).collect()
    }

    #[test]
    fn what_is_logged_is_said_by_the_most_precise_of_all() {
        let log = |metadata: &FgMetadata, flags: &SettingsFlags| {
            let settings =
                Settings::resolve(flags, &function(metadata.clone())).expect("it makes sense");
            settings
                .variables
                .into_iter()
                .find(|(name, _)| name == "FG_LOG")
                .map(|(_, value)| value)
        };
        let mut metadata = FgMetadata { log_level: Some("warn".into()), ..FgMetadata::default() };
        let mut flags = SettingsFlags::default();
        assert_eq!(log(&metadata, &flags).as_deref(), Some("warn"));
        metadata.environment.insert("FG_LOG".into(), "info,a=off".into());
        assert_eq!(log(&metadata, &flags).as_deref(), Some("info,a=off"));
        flags.log_level = Some("debug".into());
        assert_eq!(log(&metadata, &flags).as_deref(), Some("debug"));
        flags.variables = variables(&["FG_LOG=error"]);
        assert_eq!(log(&metadata, &flags).as_deref(), Some("error"));
    }

    #[test]
    fn the_environment_of_a_flag_wins_over_that_of_a_file_and_no_value_is_shown() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join(".env");
        std::fs::write(&file, "A=file\nB=hunter2\n").expect("it is written");
        let flags = SettingsFlags {
            variables: variables(&["A=flag"]),
            env_file: vec![file],
            ..SettingsFlags::default()
        };
        let settings =
            Settings::resolve(&flags, &function(FgMetadata::default())).expect("it makes sense");
        assert_eq!(
            settings.variables,
            [("A", "flag"), ("B", "hunter2")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert!(settings.is_private("B") && !settings.is_private("C"));
        for shown in [format!("{settings:?}"), format!("{flags:?}")] {
            assert!(!shown.contains("hunter2") && !shown.contains("flag\""), "{shown}");
        }
    }

    #[test]
    fn flags_win_over_metadata_and_metadata_over_the_defaults() {
        let environment = [("COLOUR", "red"), ("SIZE", "1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let metadata = FgMetadata {
            memory: Some(256),
            timeout: Some(30),
            environment: environment.into(),
            ..FgMetadata::default()
        };
        let flags = SettingsFlags {
            memory: Some(512),
            variables: variables(&["COLOUR=blue"]),
            ..SettingsFlags::default()
        };
        let settings = Settings::resolve(&flags, &function(metadata)).expect("it makes sense");
        assert_eq!(
            (settings.memory, settings.timeout, settings.handler.as_str()),
            (512, 30, "bootstrap")
        );
        let variables: Vec<_> = settings
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(variables, [("COLOUR", "blue"), ("SIZE", "1")]);
    }

    #[test]
    fn what_the_platform_would_refuse_is_refused() {
        assert!(
            parse_memory("300")
                .expect_err("no such size")
                .starts_with("the platform has functions with 128, 256")
        );
        assert_eq!(check_name("RUNTIME_LOG_LEVEL"), Ok(()));
        assert_eq!(check_name("FG_LOG"), Ok(()));
        assert_eq!(
            check_name("RUNTIME_X"),
            Err("RUNTIME_X is the platform's own, and cannot be set".into())
        );
        let metadata = FgMetadata { memory: Some(100), ..FgMetadata::default() };
        let failure = Settings::resolve(&SettingsFlags::default(), &function(metadata))
            .expect_err("no such size");
        assert!(
            failure.to_string().starts_with("[package.metadata.fg] of `greet`: memory: "),
            "{failure}"
        );
    }
}
