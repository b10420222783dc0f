//! Asynchronous invocations: how they ended, and what happens then.

use std::time::SystemTime;

use http::Method;
use serde::{Deserialize, Serialize};

use super::{answer, list, request};
use crate::error::Error;
use crate::function::RemoteFunction;
use crate::sign::SignError;

answer! {
    /// An asynchronous invocation.
    pub struct AsyncInvocation {
        /// Its id.
        request_id: String,
        /// `WAIT`, `RUNNING`, `SUCCESS`, `FAIL` or `DISCARD`.
        status: String,
        /// Why it failed.
        error_message: String,
        /// The code of the error; 0 is none.
        error_code: i64,
        /// When it began.
        start_time: String,
        /// When it ended.
        end_time: String,
    }
}

/// Which asynchronous invocations are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListAsyncInvocations {
    /// Only that with this id.
    pub request_id: Option<String>,
    /// Where to go on: [`AsyncInvocationPage::next_marker`] of the page before.
    pub marker: Option<i64>,
    /// At most so many, 1 to 500. 100 on the platform if absent.
    pub limit: Option<u32>,
    /// `WAIT`, `RUNNING`, `SUCCESS`, `FAIL` or `DISCARD`.
    pub status: Option<String>,
    /// From when on. An hour ago on the platform if absent.
    pub from: Option<SystemTime>,
    /// Until when. Now on the platform if absent.
    pub to: Option<SystemTime>,
}

/// Some of the asynchronous invocations.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AsyncInvocationPage {
    /// The invocations.
    #[serde(deserialize_with = "list")]
    pub invocations: Vec<AsyncInvocation>,
    /// How many there are.
    pub count: Option<i64>,
    /// Where to go on.
    pub next_marker: Option<i64>,
}

answer! {
    /// What happens with asynchronous invocations.
    pub struct AsyncConfig {
        /// The URN of the function.
        func_urn: String,
        /// How long an event may wait and be tried, in seconds, 1 to 86400.
        max_async_event_age_in_seconds: i64,
        /// How often it is tried again, 0 to 3.
        max_async_retry_attempts: i64,
        /// Where results go.
        destination_config: DestinationConfig,
        /// When it was created.
        created_time: String,
        /// When it was changed last.
        last_modified: String,
        /// Whether each state is logged.
        enable_async_status_log: bool,
    }
}

answer! {
    /// Where the results of asynchronous invocations go.
    pub struct DestinationConfig {
        /// Of those that succeeded.
        on_success: Destination,
        /// Of those that failed.
        on_failure: Destination,
    }
}

answer! {
    /// Where results go.
    pub struct Destination {
        /// `OBS`, `SMN`, `DIS` or `FunctionGraph`.
        destination: String,
        /// JSON in a string: `{"bucket", "prefix", "expires"}`, `{"topic_urn"}`, `{"stream_name"}`
        /// or `{"func_urn"}`.
        param: String,
    }
}

request! {
    /// What is to happen with asynchronous invocations.
    pub struct UpdateAsyncConfig {
        ..
        /// How long an event may wait and be tried, in seconds, 1 to 86400.
        max_async_event_age_in_seconds: u32,
        /// How often it is tried again, 0 to 3.
        max_async_retry_attempts: u32,
        /// Where results go.
        destination_config: DestinationConfig,
        /// Whether each state is logged.
        enable_async_status_log: bool,
        /// The log group.
        log_group_id: String,
        /// The log stream.
        log_stream_id: String,
        /// The name of the log group.
        log_group_name: String,
        /// The name of the log stream.
        log_stream_name: String,
    }
}

/// `2006-01-02T15:04:05`, in UTC.
fn query_time(time: SystemTime) -> Result<String, Error> {
    let time = jiff::Timestamp::try_from(time).map_err(|_| SignError::Time)?;
    Ok(time.strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

impl RemoteFunction {
    /// One page of the asynchronous invocations. `GET .../async-invocations`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn async_invocations(
        &self,
        which: &ListAsyncInvocations,
    ) -> Result<AsyncInvocationPage, Error> {
        let path = ["fgs", "functions", &self.name(), "async-invocations"];
        let from = which.from.map(query_time).transpose()?;
        let to = which.to.map(query_time).transpose()?;
        let operation = "list the asynchronous invocations of";
        let answer = self.send(operation, Method::GET, &path, |call| {
            Ok(call
                .query("request_id", which.request_id.as_deref())
                .query("limit", which.limit)
                .query("marker", which.marker)
                .query("status", which.status.as_deref())
                .query("query_begin_time", from)
                .query("query_end_time", to))
        });
        answer.await?.json()
    }

    /// What happens with asynchronous invocations. `GET .../async-invoke-config`.
    ///
    /// # Errors
    ///
    /// [`Error`]; status 404 if nothing was set.
    pub async fn async_config(&self) -> Result<AsyncConfig, Error> {
        let path = ["fgs", "functions", &self.name(), "async-invoke-config"];
        let operation = "show the asynchronous configuration of";
        self.send(operation, Method::GET, &path, Ok).await?.json()
    }

    /// Sets what happens with asynchronous invocations. `PUT .../async-invoke-config`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn update_async_config(
        &self,
        configuration: &UpdateAsyncConfig,
    ) -> Result<AsyncConfig, Error> {
        let path = ["fgs", "functions", &self.name(), "async-invoke-config"];
        let operation = "set the asynchronous configuration of";
        self.send(operation, Method::PUT, &path, |call| call.json(configuration)).await?.json()
    }

    /// Returns to what the platform does by itself. `DELETE .../async-invoke-config`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn delete_async_config(&self) -> Result<(), Error> {
        let path = ["fgs", "functions", &self.name(), "async-invoke-config"];
        let operation = "delete the asynchronous configuration of";
        self.send(operation, Method::DELETE, &path, Ok).await?;
        Ok(())
    }
}
