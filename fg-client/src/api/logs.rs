//! The log of a function: where it is, and what is in it.

use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};

use super::{answer, list, request};
use crate::client::{Call, Client};
use crate::error::Error;
use crate::function::RemoteFunction;
use crate::region::Service;

answer! {
    /// Where the log of a function is.
    pub struct LogDetails {
        /// The name of the log group.
        group_name: String,
        /// Its id.
        group_id: String,
        /// The name of the log stream.
        stream_name: String,
        /// Its id.
        stream_id: String,
    }
}

request! {
    /// Which lines of a log are asked for.
    pub struct LogQuery {
        /// From when on, in milliseconds since 1970, as a string.
        start_time: String,
        /// Until when.
        end_time: String,
        ..
        /// Only lines with these words, such as the id of an invocation.
        keywords: String,
        /// Only lines with these labels.
        labels: BTreeMap<String, String>,
        /// Whether the newest come first.
        is_desc: bool,
        /// At most so many; 50 on the platform if absent, 100 are advised.
        limit: u32,
        /// The line to go on from, as a string; with `search_type`.
        line_num: String,
        /// `init`, `forwards` or `backwards`.
        search_type: String,
        /// Whether words that were found are put into tags; `false` as a rule.
        highlight: bool,
        /// Whether to count only.
        is_count: bool,
        /// Whether a query that takes long is continued.
        is_iterative: bool,
    }
}

impl LogQuery {
    /// All lines between two times, in milliseconds since 1970, as they are.
    #[must_use]
    pub fn between(start: u64, end: u64) -> Self {
        Self {
            start_time: start.to_string(),
            end_time: end.to_string(),
            highlight: Some(false),
            ..Self::default()
        }
    }
}

answer! {
    /// A line.
    pub struct LogLine {
        /// The line, as it came: escape it before a terminal sees it.
        content: String,
        /// Its number, for `line_num` of the next query.
        line_num: String,
        /// Its labels.
        labels: BTreeMap<String, serde_json::Value>,
    }
}

/// Lines of a log.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LogPage {
    /// The lines.
    #[serde(deserialize_with = "list")]
    pub logs: Vec<LogLine>,
    /// How many there are.
    pub count: Option<i64>,
    /// Whether all was searched.
    #[serde(rename = "isQueryComplete")]
    pub is_query_complete: Option<bool>,
}

impl RemoteFunction {
    /// Where the log is. `GET .../lts-log-detail`.
    ///
    /// # Errors
    ///
    /// [`Error`]; status 404, FSS.0404, if the function has no log in LTS.
    pub async fn log_details(&self) -> Result<LogDetails, Error> {
        let path = ["fgs", "functions", &self.name(), "lts-log-detail"];
        self.send("find the log of", Method::GET, &path, Ok).await?.json()
    }
}

impl Client {
    /// Lines of a log stream. `POST /groups/{group}/streams/{stream}/content/query` of LTS.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn query_log(
        &self,
        group_id: &str,
        stream_id: &str,
        query: &LogQuery,
    ) -> Result<LogPage, Error> {
        let project = self.project().await?.value;
        let path = ["groups", group_id, "streams", stream_id, "content", "query"];
        let call = Call::project("query the log", Service::Lts, &project, Method::POST, &path);
        self.send(call.json(query)?).await?.json()
    }

    /// Switches logs in LTS on for the project. `POST /fgs/functions/enable-lts-logs`.
    ///
    /// # Errors
    ///
    /// [`Error`]; FSS.1221 if they are on.
    pub async fn enable_lts_logs(&self) -> Result<(), Error> {
        let project = self.project().await?.value;
        let path = ["fgs", "functions", "enable-lts-logs"];
        let operation = "switch logs on";
        let call = Call::project(operation, Service::FunctionGraph, &project, Method::POST, &path);
        self.send(call).await?;
        Ok(())
    }
}
