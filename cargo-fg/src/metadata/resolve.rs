//! Makes a [`Desired`] out of a function's metadata, with all limits of the platform checked.

use std::collections::BTreeMap;

use clap::Args;
use fg_client::Secret;

use super::FgMetadata;
use super::choose::triggers;
use super::limits::check_name;
use super::mistake::Mistake;
use super::path::KeyPath;
use super::variables::{Variable, of_shell};
use crate::desired::{Desired, Identity, Runtime, Variables};
use crate::failure::Failure;
use crate::project::Function;
use crate::settings::{DEFAULT_HANDLER, of_log_level};

/// The flag that chooses an environment.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct EnvironmentFlag {
    /// The environment, whose settings are in [package.metadata.fg.env.NAME] of Cargo.toml
    #[arg(long, value_name = "NAME", env = "FG_ENVIRONMENT", hide_env_values = true)]
    environment: Option<String>,
}

impl EnvironmentFlag {
    pub(crate) fn name(&self) -> Option<&str> {
        self.environment.as_deref().filter(|name| !name.is_empty())
    }
}

/// What is asked for beside the manifest.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options<'a> {
    /// The environment, whose overlay applies.
    pub(crate) environment: Option<&'a str>,
    /// An image, instead of that of the manifest.
    pub(crate) image: Option<&'a str>,
    pub(crate) secrets: Secrets,
}

/// Whether the values of secrets are needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Secrets {
    /// They are those of variables of the shell, which have to be set.
    #[default]
    FromShell,
    /// They are empty.
    Unread,
}

impl Secrets {
    pub(super) fn read(self, name: &str, path: &KeyPath) -> Result<Secret, Mistake> {
        match self {
            Self::Unread => Ok(Secret::default()),
            Self::FromShell => of_shell(name).map(Secret::from).map_err(|reason| {
                Mistake::new(path.clone(), reason)
                    .advise(format!("set {name} to the secret; it is not written anywhere"))
            }),
        }
    }
}

/// The least timeout of the platform, in seconds; `invoke` and `dev` can do with less.
const MIN_TIMEOUT: u32 = 3;

/// What all variables may have together: pairs, and bytes.
const MAX_VARIABLES: usize = 20;
const MAX_VARIABLES_BYTES: usize = 4096;

impl Desired {
    /// What the function should be. Fails if the manifest has what the platform would not accept,
    /// or if a secret is needed and not set.
    pub(crate) fn resolve(function: &Function, options: &Options<'_>) -> Result<Self, Failure> {
        let metadata = function.metadata.of_environment(options.environment)?;
        let Identity { name, app } = identity(&metadata, function)?;
        let fail = |mistake: Mistake| metadata.failure(&mistake);
        if metadata.timeout.is_some_and(|timeout| timeout < MIN_TIMEOUT) {
            let reason = format!("it has to be at least {MIN_TIMEOUT} seconds on the platform");
            return Err(fail(Mistake::new(KeyPath::of("timeout"), reason)));
        }
        let runtime = runtime(&metadata, options.image).map_err(fail)?;
        check_runtime(&metadata, &runtime).map_err(fail)?;
        let (variables, secrets, references) =
            variables(&metadata, options.secrets).map_err(fail)?;
        let triggers = triggers(&metadata, &function.name, options.secrets).map_err(fail)?;
        Ok(Self {
            name,
            app,
            handler: handler(&metadata, &runtime),
            runtime,
            variables: Variables(variables),
            secrets,
            references,
            triggers,
            memory: metadata.memory,
            timeout: metadata.timeout,
            description: metadata.description,
            agency: metadata.agency,
            configuration_agency: metadata.configuration_agency,
            vpc: metadata.vpc,
            ephemeral_storage: metadata.ephemeral_storage,
            concurrency: metadata.concurrency,
            max_instances: metadata.max_instances,
            log: metadata.log,
            asynchronous: metadata.asynchronous,
        })
    }

    /// The name and the app, for what needs nothing else: no secret has to be set.
    pub(crate) fn identity(
        function: &Function,
        environment: Option<&str>,
    ) -> Result<Identity, Failure> {
        identity(&function.metadata.of_environment(environment)?, function)
    }
}

fn identity(metadata: &FgMetadata, function: &Function) -> Result<Identity, Failure> {
    let app = metadata.app.clone().unwrap_or_else(|| "default".to_owned());
    let Some(name) = &metadata.name else {
        let name = function.unique_name.clone();
        return match check_name(&name) {
            Ok(()) => Ok(Identity { name, app }),
            Err(reason) => Err(Failure::usage(format!(
                "`{name}` cannot be the name of a function on the platform: it {reason}"
            ))
            .advise("set another one in Cargo.toml: [package.metadata.fg] name = \"..\"")),
        };
    };
    if metadata.programs.len() > 1 {
        let programs = metadata.programs.join(", ");
        return Err(metadata.failure(
            &Mistake::new(
                KeyPath::of("name"),
                format!(
                    "the package has several programs, which would all get this name: {programs}"
                ),
            )
            .advise("remove it: each function is then named as its program"),
        ));
    }
    Ok(Identity { name: name.clone(), app })
}

/// The runtime; an image that is asked for takes precedence over one in the manifest.
fn runtime(metadata: &FgMetadata, image: Option<&str>) -> Result<Runtime, Mistake> {
    match (image.or(metadata.image.as_deref()), &metadata.runtime) {
        (None, runtime) => Ok(runtime.clone().unwrap_or(Runtime::Custom)),
        (Some(image), None) => Ok(Runtime::Image(image.to_owned())),
        (Some(_), Some(_)) => {
            Err(Mistake::new(KeyPath::of("runtime"), "an image has a runtime of its own")
                .advise("remove either `runtime` or the image"))
        }
    }
}

/// Refuses settings that the runtime does not have.
fn check_runtime(metadata: &FgMetadata, runtime: &Runtime) -> Result<(), Mistake> {
    if *runtime != Runtime::Custom {
        return Ok(());
    }
    let wrong = |key: &str, reason: &str| {
        Err(Mistake::new(KeyPath::of(key), reason)
            .advise("set runtime = \"http\" for a program that serves HTTP, or an image"))
    };
    if metadata.concurrency.is_some_and(|concurrency| concurrency > 1) {
        return wrong("concurrency", "the runtime `custom` has one request at a time");
    }
    if metadata.ephemeral_storage.is_some_and(|storage| storage > 512) {
        return wrong("ephemeral_storage", "the runtime `custom` has 512 MB");
    }
    Ok(())
}

fn handler(metadata: &FgMetadata, runtime: &Runtime) -> String {
    let default = if matches!(runtime, Runtime::Image(_)) { "-" } else { DEFAULT_HANDLER };
    metadata.handler.as_deref().unwrap_or(default).to_owned()
}

type Resolved = (BTreeMap<String, String>, BTreeMap<String, Secret>, BTreeMap<String, String>);

/// The variables, the secrets, and the variables of the shell that these are from.
fn variables(metadata: &FgMetadata, wanted: Secrets) -> Result<Resolved, Mistake> {
    let of_level = metadata.log_level.as_deref().and_then(|level| of_log_level(level).ok());
    let mut variables: BTreeMap<_, _> = of_level.into_iter().flatten().collect();
    let (mut secrets, mut references) = (BTreeMap::new(), BTreeMap::new());
    let environment = KeyPath::of("environment");
    for (name, variable) in &metadata.environment {
        match variable {
            Variable::Value(value) => {
                variables.insert(name.clone(), value.clone());
            }
            Variable::Shell(of_shell) => {
                variables.remove(name);
                secrets.insert(name.clone(), wanted.read(of_shell, &environment.key(name))?);
                references.insert(name.clone(), of_shell.clone());
            }
        }
    }
    let values = variables.values().map(String::as_str).chain(secrets.values().map(Secret::expose));
    let names = variables.keys().chain(secrets.keys());
    let (count, bytes) = (
        variables.len() + secrets.len(),
        values.map(str::len).sum::<usize>() + names.map(String::len).sum::<usize>(),
    );
    if count > MAX_VARIABLES {
        let reason =
            format!("there are {count} variables, and {MAX_VARIABLES} are the most there can be");
        return Err(Mistake::new(environment, reason));
    }
    if bytes > MAX_VARIABLES_BYTES {
        let reason = format!(
            "the variables have {bytes} bytes, and {MAX_VARIABLES_BYTES} are the most there can be"
        );
        return Err(Mistake::new(environment, reason)
            .advise("put what is large into a file of the package, `include`"));
    }
    Ok((variables, secrets, references))
}
