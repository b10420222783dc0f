//! x
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
/// Reserved instances, tags, quotas, projects, objects.
#[cfg(feature = "client")]
pub mod resources {
    pub use crate::api::iam::{Domain, Project};
    pub use crate::api::objects::PutObject;
    pub use crate::api::quotas::Quota;
    pub use crate::api::reserved_instances::{
        CronConfig, ListReservedInstances, MetricConfig, PageInfo, ReserveInstances,
        ReservedInstances, ReservedInstancesPage, TacticsConfig,
    };
    pub use crate::api::tags::{Tag, Tags};
}
