//! Which function on the platform a command is about.

use std::future::Future;

use clap::Args;
use fg_client::{Error, FunctionUrn, Qualifier, RemoteFunction};

use crate::arguments::Selection;
use crate::cloud::{self, Cloud, CloudFlags};
use crate::desired::{Desired, Identity};
use crate::failure::{Exit, Failure};
use crate::invoke::wanted;
use crate::metadata::EnvironmentFlag;
use crate::project::Project;

/// Names a function on the platform.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct TargetFlags {
    /// A program of the project, or the URN of a function [default: the project's function]
    #[arg(value_name = "FUNCTION|URN", help_heading = "Arguments")]
    function: Option<String>,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    name: NameFlags,
    #[command(flatten)]
    cloud: CloudFlags,
}

/// Names a function without its project.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Which function")]
pub(crate) struct NameFlags {
    /// The name of the function on the platform, instead of the one in Cargo.toml
    #[arg(long, value_name = "NAME", conflicts_with_all = ["package", "bin", "example"])]
    name: Option<String>,
    /// The app that the function of --name belongs to [default: default]
    #[arg(long, value_name = "APP", requires = "name")]
    app: Option<String>,
    #[command(flatten)]
    environment: EnvironmentFlag,
}

impl NameFlags {
    /// Whether a function is named without its project.
    fn is_given(&self) -> bool {
        self.name.is_some()
    }

    /// One of the flags that was given; variables of the shell do not count.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let environment = self.environment.name();
        let of_shell = std::env::var("FG_ENVIRONMENT").ok();
        match environment {
            _ if self.is_given() => Some("--name"),
            Some(name) if of_shell.as_deref() != Some(name) => Some("--environment"),
            _ => None,
        }
    }
}

/// A function on the platform, and the connection to it.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) cloud: Cloud,
    /// The function as a whole, without a version or alias.
    pub(crate) function: RemoteFunction,
    /// The version or alias in the URN, if the function was named by one.
    pub(crate) qualifier: Option<Qualifier>,
}

impl TargetFlags {
    /// Finds out which function it is, and prepares to ask about it.
    pub(crate) fn connect(&self) -> Result<Target, Failure> {
        Target::connect(self.function.as_deref(), &self.name, &self.selection, &self.cloud)
    }
}

impl Target {
    /// `function` is a URN, or a program of the project.
    pub(crate) fn connect(
        function: Option<&str>,
        flags: &NameFlags,
        selection: &Selection,
        cloud: &CloudFlags,
    ) -> Result<Self, Failure> {
        if let Some(word) = function {
            if flags.is_given() {
                return Err(Failure::usage("the function is given twice: with --name and without")
                    .advise("remove one of the two"));
            }
            if word.starts_with("urn:") {
                let urn: FunctionUrn =
                    word.parse().map_err(|error| Failure::usage(format!("{error}")))?;
                return Self::of_urn(&urn, cloud);
            }
        }
        let (name, app) = match &flags.name {
            Some(name) => (name.clone(), flags.app.clone().unwrap_or_else(|| "default".into())),
            None => {
                let project = Project::read().map_err(|failure| {
                    failure.advise(
                        "change to the directory of your project, or name the function: with its URN, or with --name NAME",
                    )
                })?;
                let function = project.function(&wanted(selection, function)?)?;
                let Identity { name, app } =
                    Desired::identity(&function, flags.environment.name())?;
                (name, app)
            }
        };
        let cloud = Cloud::connect(cloud)?;
        let urn = cloud.wait(cloud.client.urn(&app, &name)).map_err(cloud::failure)?;
        Ok(Self { function: cloud.client.function(urn), cloud, qualifier: None })
    }

    fn of_urn(urn: &FunctionUrn, cloud: &CloudFlags) -> Result<Self, Failure> {
        let cloud = Cloud::connect(&cloud.of_urn(urn)?)?;
        Ok(Self {
            function: cloud.client.function(urn.without_qualifier()),
            cloud,
            qualifier: urn.qualifier().cloned(),
        })
    }

    /// The URN as it was named, with its version or alias.
    pub(crate) fn urn(&self) -> FunctionUrn {
        let urn = self.function.urn();
        match &self.qualifier {
            None => urn.clone(),
            Some(Qualifier::Version(version)) => urn.with_version(version),
            Some(Qualifier::Alias(alias)) => urn.with_alias(alias),
        }
    }

    /// The function's name on the platform.
    pub(crate) fn name(&self) -> &str {
        self.function.urn().name()
    }

    /// Waits for the end of a request about the function.
    pub(crate) fn wait<T>(
        &self,
        request: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        self.cloud.wait(request).map_err(|error| self.failure(error))
    }

    /// The failure of a request about the function.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        if error.error_code() != Some("FSS.1051") {
            return cloud::failure(error);
        }
        let urn = self.function.urn();
        Failure::new(
            Exit::Failed,
            format!(
                "there is no function `{}` in the app `{}` (region {}, project {})",
                urn.name(),
                urn.package(),
                urn.region(),
                urn.project_id()
            ),
        )
        .advise("`cargo fg deploy` creates it; if it should be there, look at its name and app, and at region and account with `cargo fg whoami`")
    }
}
