//! Reserved instances, which are always there.

use http::Method;
use serde::{Deserialize, Serialize};

use super::{answer, list, request};
use crate::client::{Call, Client};
use crate::error::Error;
use crate::function::RemoteFunction;
use crate::region::Service;
use crate::urn::FunctionUrn;

request! {
    /// How many instances a version or alias keeps.
    pub struct ReserveInstances {
        /// The number; 0 for none.
        count: u32,
        ..
        /// Whether they are without CPU between invocations.
        idle_mode: bool,
        /// Other numbers by time or load.
        tactics_config: TacticsConfig,
    }
}

impl ReserveInstances {
    /// So many instances.
    #[must_use]
    pub fn new(count: u32) -> Self {
        Self { count, ..Self::default() }
    }
}

answer! {
    /// Other numbers of reserved instances by time or load.
    pub struct TacticsConfig {
        /// By time.
        cron_configs: Vec<CronConfig>,
        /// By load.
        metric_configs: Vec<MetricConfig>,
    }
}

answer! {
    /// A number of instances for some time.
    pub struct CronConfig {
        /// Its name.
        name: String,
        /// When, a cron expression with 6 fields.
        cron: String,
        /// The number.
        count: i64,
        /// From when on it is in force, in seconds since 1970.
        start_time: i64,
        /// Until when.
        expired_time: i64,
    }
}

answer! {
    /// A number of instances by load.
    pub struct MetricConfig {
        /// Its name.
        name: String,
        /// `Concurrency`.
        r#type: String,
        /// The load in percent, 1 to 99.
        threshold: i64,
        /// The lowest number.
        min: i64,
    }
}

answer! {
    /// What a version or alias keeps.
    pub struct ReservedInstances {
        /// The URN of the function.
        function_urn: String,
        /// `version` or `alias`.
        qualifier_type: String,
        /// The name of the version or alias.
        qualifier_name: String,
        /// The number.
        min_count: i64,
        /// Whether they are without CPU between invocations.
        idle_mode: bool,
        /// Other numbers by time or load.
        tactics_config: TacticsConfig,
    }
}

answer! {
    /// Where a list goes on.
    pub struct PageInfo {
        /// The marker of the next page.
        next_marker: i64,
        /// That of the page before.
        previous_marker: i64,
        /// The elements of this page.
        current_count: i64,
    }
}

/// Which reserved instances are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListReservedInstances {
    /// Only those of this function.
    pub function_urn: Option<FunctionUrn>,
    /// Where to go on.
    pub marker: Option<i64>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// Some of the reserved instances of a project; empty past the end.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ReservedInstancesPage {
    /// The reserved instances.
    #[serde(deserialize_with = "list")]
    pub reserved_instances: Vec<ReservedInstances>,
    /// Where to go on.
    pub page_info: Option<PageInfo>,
    /// How many there are.
    pub count: Option<i64>,
}

impl RemoteFunction {
    /// Sets how many instances the version or alias in the URN keeps.
    /// `PUT .../reservedinstances`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn reserve_instances(&self, instances: &ReserveInstances) -> Result<(), Error> {
        let path = ["fgs", "functions", &self.name(), "reservedinstances"];
        let operation = "reserve instances of";
        self.send(operation, Method::PUT, &path, |call| call.json(instances)).await?;
        Ok(())
    }
}

impl Client {
    /// One page of the reserved instances. `GET /fgs/functions/reservedinstanceconfigs`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn reserved_instances(
        &self,
        which: &ListReservedInstances,
    ) -> Result<ReservedInstancesPage, Error> {
        let path = ["fgs", "functions", "reservedinstanceconfigs"];
        let project = match &which.function_urn {
            Some(urn) => urn.project_id().to_owned(),
            None => self.project().await?.value,
        };
        let operation = "list reserved instances";
        let mut call =
            Call::project(operation, Service::FunctionGraph, &project, Method::GET, &path)
                .query("function_urn", which.function_urn.as_ref())
                .query("marker", which.marker)
                .query("limit", which.limit);
        call.region = which.function_urn.as_ref().map(|urn| urn.region().to_owned());
        self.send(call).await?.json()
    }
}
