//! The connection to the platform's API: the flags that say where and as whom, and its errors.

use std::future::Future;

use clap::Args;
use fg_client::Client;
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
    /// The URL of the API, such as `http://127.0.0.1:9000` for `cargo fg dev`
    #[arg(long, value_name = "URL", env = "FG_ENDPOINT", hide_env_values = true)]
    endpoint: Option<String>,
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
pub(crate) fn failure(error: fg_client::Error) -> Failure {
    let exit = match &error {
        fg_client::Error::Credentials(_) | fg_client::Error::Settings(_) => Exit::Usage,
        fg_client::Error::Transport(_) => Exit::Machine,
        _ => Exit::Failed,
    };
    Failure::new(exit, error.to_string())
}
