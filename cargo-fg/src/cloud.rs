//! The connection to the platform's API: the flags that say where and as whom, and its errors.

use std::future::Future;

use clap::Args;
use fg_client::{Client, FunctionUrn};
use tokio::runtime::{Builder, Runtime};

use crate::failure::{Exit, Failure};

/// Where the platform is, and who asks. Secrets are never flags.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Account and region")]
pub(crate) struct CloudFlags {
    /// The section of `~/.huaweicloud/credentials`, or the profile of KooCLI, that has the
    /// credentials
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The region, such as `cn-north-4`
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The id of the project, if the region has several
    #[arg(long, value_name = "ID")]
    project_id: Option<String>,
    /// The URL of the API, such as `http://127.0.0.1:9000` for `cargo fg dev`; also `FG_ENDPOINT`
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
}

impl CloudFlags {
    /// One of the flags that was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        [
            ("--profile", &self.profile),
            ("--region", &self.region),
            ("--project-id", &self.project_id),
            ("--endpoint", &self.endpoint),
        ]
        .into_iter()
        .find_map(|(name, value)| value.as_ref().map(|_| name))
    }

    /// The flags with the region and the project of a URN, which must not contradict them.
    pub(crate) fn of_urn(&self, urn: &FunctionUrn) -> Result<Self, Failure> {
        let pick = |flag: &Option<String>, name: &str, of_urn: &str| match flag {
            Some(value) if value != of_urn => {
                Err(Failure::usage(format!("--{name} is {value}, and the URN says {of_urn}"))
                    .advise(format!("remove --{name}: the URN is enough")))
            }
            _ => Ok(Some(of_urn.to_owned())),
        };
        Ok(Self {
            region: pick(&self.region, "region", urn.region())?,
            project_id: pick(&self.project_id, "project-id", urn.project_id())?,
            ..self.clone()
        })
    }
}

/// A client, with the runtime that it needs.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) client: Client,
    runtime: Runtime,
}

impl Cloud {
    pub(crate) fn connect(flags: &CloudFlags) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::machine("the client could not be started", &error))?;
        let mut builder = Client::builder().user_agent("cargo-fg");
        if let Some(profile) = &flags.profile {
            builder = builder.profile(profile);
        }
        if let Some(region) = &flags.region {
            builder = builder.region(region);
        }
        if let Some(project_id) = &flags.project_id {
            builder = builder.project_id(project_id);
        }
        if let Some(endpoint) = &flags.endpoint {
            builder = builder.endpoint(endpoint);
        }
        Ok(Self { client: builder.build().map_err(failure)?, runtime })
    }

    /// Waits for the end of a request.
    pub(crate) fn wait<T>(&self, request: impl Future<Output = T>) -> T {
        self.runtime.block_on(request)
    }
}

/// The failure of a request. Its message says what to do.
#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn failure(error: fg_client::Error) -> Failure {
    let exit = match &error {
        fg_client::Error::Credentials(_) | fg_client::Error::Settings(_) => Exit::Usage,
        fg_client::Error::Transport(_) => Exit::Machine,
        _ => Exit::Failed,
    };
    Failure::new(exit, error.to_string())
}
