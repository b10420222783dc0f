//! What has run of a function, by the minute.

use http::Method;
use serde::{Deserialize, Serialize};

use super::{answer, list};
use crate::error::Error;
use crate::function::RemoteFunction;

answer! {
    /// A value of one minute.
    pub struct MetricPoint {
        /// The minute, in milliseconds since 1970.
        timestamp: i64,
        /// The value; -1 if nothing ran.
        value: f64,
    }
}

/// What has run of a function, by the minute.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Metrics {
    /// Invocations.
    #[serde(deserialize_with = "list")]
    pub count: Vec<MetricPoint>,
    /// Those that failed.
    #[serde(deserialize_with = "list")]
    pub fail_count: Vec<MetricPoint>,
    /// Those that were refused.
    #[serde(deserialize_with = "list")]
    pub reject_count: Vec<MetricPoint>,
    /// Instances.
    #[serde(deserialize_with = "list")]
    pub instance_num: Vec<MetricPoint>,
}

impl RemoteFunction {
    /// What has run in the last minutes. `GET .../slareports/{minutes}`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn metrics(&self, minutes: u32) -> Result<Metrics, Error> {
        let path = ["fgs", "functions", &self.name(), "slareports", &minutes.to_string()];
        self.send("show the metrics of", Method::GET, &path, Ok).await?.json()
    }
}
