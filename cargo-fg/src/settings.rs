//! The settings of a function, in order of precedence: flags, environment variables,
//! `[package.metadata.fg]`, and the defaults of the platform.

mod credentials;
mod variables;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Not;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use fg_emulator::{Builder, Credentials, Emulator, MEMORY_SIZES};

use crate::failure::Failure;
use crate::metadata::{KeyPath, Mistake, Variable, looks_secret, of_shell};
use crate::project::Function;
use crate::screen::Screen;
use crate::settings::variables::{Assignment, parse_log_level, read_files};

pub(crate) use variables::{check_name, of_log_level};

/// The platform's maximum timeout, in seconds.
pub(crate) const MAX_TIMEOUT: u32 = 259_200;

const DEFAULT_MEMORY: u32 = 128;
const DEFAULT_TIMEOUT: u32 = 3;
/// The handler of a program with a single one.
pub(crate) const DEFAULT_HANDLER: &str = "bootstrap";

/// The flags for the settings of a function.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The function's settings")]
pub(crate) struct SettingsFlags {
    /// A user variable of the function, such as `FG_LOG_FORMAT=json`. NAME alone passes the
    /// variable of this shell, which keeps secrets out of arguments. Can be repeated
    #[arg(long = "env", short = 'e', value_name = "NAME[=VALUE]", value_parser = Assignment::parse)]
    variables: Vec<Assignment>,
    /// A file with user variables: lines NAME=value, as for docker and dotenv. --env overrides it.
    /// Can be repeated
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// The source of `ctx.credentials()`: `env` for the environment variables of the SDKs
    /// (`HUAWEICLOUD_SDK_AK`, `HUAWEICLOUD_SDK_SK`, `HW_ACCESS_KEY` and so on), or a credentials
    /// file of the SDKs, such as `~/.huaweicloud/credentials`
    #[arg(long, value_name = "env|FILE", env = "FG_CREDENTIALS", hide_env_values = true)]
    credentials: Option<String>,
    /// The log level: off, error, warn, info, debug, trace, or levels for targets as in
    /// `info,hyper=warn`. Sets the user variables `FG_LOG` and `RUNTIME_LOG_LEVEL`
    #[arg(long, value_name = "LEVEL", env = "FG_LOG_LEVEL", hide_env_values = true, value_parser = parse_log_level)]
    log_level: Option<String>,
    /// The memory size in MB that the function sees: 128, 256, 512 and so on up to 10240; it is not
    /// enforced
    #[arg(long, value_name = "MB", env = "FG_MEMORY", hide_env_values = true, value_parser = parse_memory)]
    pub(crate) memory: Option<u32>,
    /// The time limit of an invocation, in seconds, after which the process is killed
    #[arg(long, value_name = "SECONDS", env = "FG_TIMEOUT", hide_env_values = true, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_TIMEOUT)))]
    pub(crate) timeout: Option<u32>,
    /// The handler, for a program with several
    #[arg(long, value_name = "NAME", env = "FG_HANDLER", hide_env_values = true)]
    pub(crate) handler: Option<String>,
}

impl SettingsFlags {
    /// One of the flags that was given on the command line; variables of the shell do not count.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let is_flag = |value: Option<String>, variable: &str| {
            value.is_some_and(|value| std::env::var(variable).is_ok_and(|set| set == value).not())
        };
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        [
            ("--env", !self.variables.is_empty()),
            ("--env-file", !self.env_file.is_empty()),
            ("--credentials", is_flag(self.credentials.clone(), "FG_CREDENTIALS")),
            ("--log-level", is_flag(self.log_level.clone(), "FG_LOG_LEVEL")),
            ("--memory", is_flag(number(self.memory), "FG_MEMORY")),
            ("--timeout", is_flag(number(self.timeout), "FG_TIMEOUT")),
            ("--handler", is_flag(self.handler.clone(), "FG_HANDLER")),
        ]
        .into_iter()
        .find_map(|(name, is_given)| is_given.then_some(name))
    }

    /// The files that the flags name.
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
    let memory = text.parse().map_err(|_| "it has to be a number of MB")?;
    check_memory(memory).map(|()| memory)
}

/// The reason if the platform has no such size.
pub(crate) fn check_memory(memory: u32) -> Result<(), String> {
    if MEMORY_SIZES.contains(&memory) {
        return Ok(());
    }
    let sizes: Vec<_> = MEMORY_SIZES.iter().map(u32::to_string).collect();
    Err(format!("the memory sizes of the platform are {} MB", sizes.join(", ")))
}

/// The settings of one function, resolved from all sources.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) memory: u32,
    pub(crate) timeout: u32,
    /// Whether the timeout comes from a flag or an environment variable, not from the manifest.
    is_timeout_given: bool,
    pub(crate) handler: String,
    pub(crate) variables: Vec<(String, String)>,
    /// The names of variables whose values come from a file or from the shell.
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
        let level = |text: &Option<String>| text.as_deref().map_or(Ok(Vec::new()), of_log_level);
        let of_flag = level(&flags.log_level).map_err(Failure::usage)?;
        let of_metadata = level(&metadata.log_level).map_err(Failure::usage)?;
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
        for (name, variable) in &metadata.environment {
            if given.contains_key(name) {
                continue;
            }
            let value = match variable {
                Variable::Value(value) => value.clone(),
                Variable::Shell(source) => {
                    hidden.push(name.clone());
                    of_shell(source).map_err(|reason| no_secret(function, name, source, reason))?
                }
            };
            variables.insert(name.clone(), value);
        }
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

    /// The builder of an emulator that starts the function.
    pub(crate) fn emulate(&self, function: &Function, program: &Path) -> Builder {
        self.apply(Emulator::builder(program), function)
            .timeout(Duration::from_secs(self.timeout.into()))
    }

    /// The builder of an emulator for a process that the user starts, for example in a debugger. It
    /// may pause for as long as the platform lets a function run at all, unless a flag sets a
    /// timeout. The timeout in the manifest is not for a debugger.
    pub(crate) fn attach(&self, function: &Function) -> Builder {
        let timeout = Duration::from_secs(
            if self.is_timeout_given { self.timeout } else { MAX_TIMEOUT }.into(),
        );
        let max = Duration::from_secs(MAX_TIMEOUT.into());
        self.apply(Emulator::attach(), function)
            .timeout(timeout)
            .init_timeout(timeout)
            .queue_limit(max)
    }

    /// Whether the value of this variable must not be written to a file: it comes from a file or
    /// from the shell, or looks like a secret.
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
            // The client is the developer.
            .process_variable("FG_HTTP_ERRORS", "full")
            // On the platform, included files are next to the program; here, in this directory.
            .code_root(&function.directory);
        let builder = self
            .credentials
            .iter()
            .fold(builder, |builder, credentials| builder.credentials(credentials.clone()));
        let builder = self.project_id.iter().fold(builder, Builder::project_id);
        self.variables.iter().fold(builder, |builder, (name, value)| builder.variable(name, value))
    }
}

/// The failure if the variable of the shell that a secret is from cannot be read.
fn no_secret(function: &Function, name: &str, source: &str, reason: String) -> Failure {
    let mistake = Mistake::new(KeyPath::of("environment").key(name), reason).advise(format!(
        "set {source}, or give another value with --env-file FILE or --env {name}=VALUE"
    ));
    function.metadata.failure(&mistake)
}

/// Warns of secrets in manifests.
pub(crate) fn warn_of_secrets(functions: &[Function], screen: Screen) {
    let mut warned = Vec::new();
    for function in functions {
        for name in function.metadata.secrets() {
            if !warned.contains(&(&function.package, name)) {
                screen.warning(format_args!(
                    "the variable {name} of `{}` in Cargo.toml looks like a secret, which should not be committed\n  help: write \
                     {name} = {{ env = \"{name}\" }}, which takes it from the variable of the shell",
                    function.package
                ));
                warned.push((&function.package, name));
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
            package_version: String::new(),
            directory: ".".into(),
            required_features: Vec::new(),
            metadata,
        }
    }

    fn variables(all: &[&str]) -> Vec<Assignment> {
        all.iter().map(|text| Assignment::parse(text).expect("it never fails")).collect()
    }

    #[test]
    fn the_log_level_comes_from_the_source_of_the_highest_precedence() {
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
        metadata.environment.insert("FG_LOG".into(), Variable::Value("info,a=off".into()));
        assert_eq!(log(&metadata, &flags).as_deref(), Some("info,a=off"));
        flags.log_level = Some("debug".into());
        assert_eq!(log(&metadata, &flags).as_deref(), Some("debug"));
        flags.variables = variables(&["FG_LOG=error"]);
        assert_eq!(log(&metadata, &flags).as_deref(), Some("error"));
    }

    #[test]
    fn a_variable_of_a_flag_overrides_that_of_a_file_and_values_are_not_printed() {
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
    fn flags_override_metadata_and_metadata_overrides_the_defaults() {
        let environment = [("COLOUR", "red"), ("SIZE", "1")]
            .map(|(name, value)| (name.to_owned(), Variable::Value(value.to_owned())));
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
    fn settings_that_the_platform_does_not_accept_are_rejected() {
        assert!(
            parse_memory("300")
                .expect_err("no such size")
                .starts_with("the memory sizes of the platform are 128, 256")
        );
        assert_eq!(check_name("RUNTIME_LOG_LEVEL"), Ok(()));
        assert_eq!(check_name("FG_LOG"), Ok(()));
        assert_eq!(
            check_name("RUNTIME_X"),
            Err("RUNTIME_X is reserved by the platform and cannot be set".into())
        );
    }
}
