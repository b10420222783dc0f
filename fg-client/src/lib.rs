//! A client of the API of Huawei Cloud FunctionGraph: functions, code, versions, aliases, triggers,
//! invocations, logs, with what belongs to them in IAM, LTS and OBS. For tools that deploy, and for
//! functions that call functions.
//!
//! # A tool
//!
//! [`Client::from_env`] finds credentials, region and project where they already are: variables of
//! the official SDKs or of Terraform, the SDKs' file, KooCLI, the agency of a cloud server. The
//! order is in [`credentials`] and [`Builder`]; [`Client::identity`] says what was found where.
//!
//! ```no_run
//! use fg_client::functions::{CreateFunction, UpdateCode, digest};
//! use fg_client::{Client, Error};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Error> {
//! # let zip = Vec::new();
//! let client = Client::from_env()?;
//! let function = client.function(client.urn("default", "greet").await?);
//! match function.config().await {
//!     // What is equal does not have to be sent.
//!     Ok(config) if config.digest.as_deref() == Some(&digest(&zip)) => {}
//!     Ok(_) => drop(function.update_code(&UpdateCode::zip("greet.zip", &zip)).await?),
//!     Err(error) if error.is_not_found() => {
//!         let function = CreateFunction::new("greet", "Custom", "bootstrap").zip("greet.zip", &zip);
//!         client.create_function(&function).await?;
//!     }
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # A function that calls a function
//!
//! The credentials are those of the function's agency, which needs the right to invoke
//! (`functiongraph:function:invoke`). Region and project are in the URN. They are valid for a day,
//! and differ by invocation: make the client anew in each, which costs no request, or keep one, and
//! its connections, with [`Client::with_credentials`].
//!
//! ```no_run
//! use fg_client::{Client, FunctionUrn};
//! # mod fg {
//! #     pub type Error = Box<dyn std::error::Error>;
//! #     pub struct Context;
//! #     impl Context { pub fn credentials(&self) -> Option<&Credentials> { None } }
//! #     pub struct Credentials;
//! #     impl Credentials {
//! #         pub fn security_access_key(&self) -> &fg_client::Secret { unimplemented!() }
//! #         pub fn security_secret_key(&self) -> &fg_client::Secret { unimplemented!() }
//! #         pub fn security_token(&self) -> &fg_client::Secret { unimplemented!() }
//! #     }
//! # }
//! # #[derive(serde::Serialize)] struct Order { id: u32 }
//! # #[derive(serde::Deserialize)] struct Price { cents: u64 }
//!
//! async fn price(order: Order, ctx: &fg::Context) -> Result<u64, fg::Error> {
//!     let agency = ctx.credentials().ok_or("the function needs an agency")?;
//!     let client = Client::builder()
//!         .credentials(
//!             agency.security_access_key().expose(),
//!             agency.security_secret_key().expose(),
//!             agency.security_token().expose(),
//!         )
//!         .build()?;
//!     let urn: FunctionUrn = std::env::var("PRICES")?.parse()?;
//!     let price: Price = client.function(&urn).invoke(&order).await?;
//!     client.function(urn.with_alias("audit")).invoke_async(&order).await?;
//!     Ok(price.cents)
//! }
//! ```
//!
//! # Errors
//!
//! An [`Error`] says what was tried, what went wrong, and what to do: the platform's code, message
//! and request id, or the host that was not reached. No error, and no `Debug`, has a secret key, a
//! token, or a password; what a server says is cut, and its control characters are replaced.
//!
//! # Retries
//!
//! What is safe to repeat is repeated, within the bounds of [`Retry`]; a POST only if it cannot
//! have been carried out. Redirects are not followed: a signature is for one host.
//!
//! # Features
//!
//! `client` (by default): all of this, over hyper and rustls. Without it there is the module
//! [`sign`] alone, for another HTTP client.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that fails may panic"))]

#[cfg(feature = "client")]
mod api;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
pub mod credentials;
#[cfg(feature = "client")]
mod environment;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod function;
#[cfg(feature = "client")]
mod http;
#[cfg(feature = "client")]
mod printable;
#[cfg(feature = "client")]
mod region;
#[cfg(feature = "client")]
mod retry;
mod secret;
#[cfg(feature = "client")]
mod settings;
pub mod sign;
#[cfg(feature = "client")]
mod urn;

#[cfg(feature = "client")]
pub use self::api::other::Other;
#[cfg(feature = "client")]
pub use self::client::{Builder, Client, Identity};
#[cfg(feature = "client")]
pub use self::credentials::CredentialsError;
#[cfg(feature = "client")]
pub use self::environment::Environment;
#[cfg(feature = "client")]
pub use self::error::{
    AnswerError, ClockSkew, Error, FunctionError, ServiceError, TransportError, TransportErrorKind,
    advice,
};
#[cfg(feature = "client")]
pub use self::function::RemoteFunction;
#[cfg(feature = "client")]
pub use self::region::{Service, host, known_regions};
#[cfg(feature = "client")]
pub use self::retry::Retry;
pub use self::secret::Secret;
#[cfg(feature = "client")]
pub use self::settings::SettingsError;
#[cfg(feature = "client")]
pub use self::urn::{FunctionUrn, Qualifier, UrnError};

/// Functions, their configuration and code.
#[cfg(feature = "client")]
pub mod functions {
    pub use crate::api::code::{FunctionCode, UpdateCode, digest};
    pub use crate::api::configuration::{
        AccessVpc, CustomImage, FunctionMount, LogConfig, MountConfig, MountUser,
        NetworkController, StrategyConfig, UpdateConfiguration, Vpc,
    };
    pub use crate::api::export::Export;
    pub use crate::api::functions::{CreateFunction, Function, FunctionPage, ListFunctions};
    pub use crate::api::user_data::UserData;
    pub use crate::api::versions::PublishVersion;
}
/// Aliases.
#[cfg(feature = "client")]
pub mod aliases {
    pub use crate::api::aliases::{Alias, CreateAlias, UpdateAlias, VersionRule, VersionStrategy};
}
/// Triggers.
#[cfg(feature = "client")]
pub mod triggers {
    pub use crate::api::triggers::{CreateTrigger, Trigger, UpdateTrigger};
}
/// Invocations, synchronous and asynchronous.
#[cfg(feature = "client")]
pub mod invocations {
    pub use crate::api::async_invocations::{
        AsyncConfig, AsyncInvocation, AsyncInvocationPage, Destination, DestinationConfig,
        ListAsyncInvocations, UpdateAsyncConfig,
    };
    pub use crate::api::invoke::{Invocation, InvokeOptions, ResponseVersion};
}
/// Logs.
#[cfg(feature = "client")]
pub mod logs {
    pub use crate::api::logs::{LogDetails, LogLine, LogPage, LogQuery};
}
/// Reserved instances, metrics, tags, quotas, projects, objects.
#[cfg(feature = "client")]
pub mod resources {
    pub use crate::api::iam::{Domain, Project};
    pub use crate::api::metrics::{MetricPoint, Metrics};
    pub use crate::api::objects::PutObject;
    pub use crate::api::quotas::Quota;
    pub use crate::api::reserved_instances::{
        CronConfig, ListReservedInstances, MetricConfig, PageInfo, ReserveInstances,
        ReservedInstances, ReservedInstancesPage, TacticsConfig,
    };
    pub use crate::api::tags::{Tag, Tags};
}

/// The README is compiled with the tests.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../README.md")]
struct Readme;
