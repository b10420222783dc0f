//! One request before it is signed, and its answer.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{AnswerError, Error};
use crate::http::Response;
use crate::printable::printable;
use crate::region::Service;
use crate::urn::FunctionUrn;

/// All but letters, digits and `-_.~`: a colon is `%3A`, as the official SDKs send it.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Answers are JSON of a few kilobytes; lists of functions with their code's dependencies are
/// larger.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// What it does, for messages: `show urn:fss:..`.
    pub(crate) operation: String,
    pub(crate) service: Service,
    pub(crate) method: Method,
    /// Encoded, below the endpoint.
    pub(crate) path: String,
    query: Vec<(&'static str, String)>,
    /// Sent and signed.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    /// The project to name in a header.
    pub(crate) project_id: Option<String>,
    /// The region of the function, where the client has none.
    pub(crate) region: Option<String>,
    /// Other than the client's.
    pub(crate) timeout: Option<Duration>,
    pub(crate) largest_answer: usize,
}

impl Call {
    /// A request to `service`. Each of the parts of the path is encoded.
    pub(crate) fn new(
        operation: impl Into<String>,
        service: Service,
        method: Method,
        path: &[&str],
    ) -> Self {
        let path = path.iter().map(|part| format!("/{}", utf8_percent_encode(part, ESCAPED)));
        Self {
            // It has names in it that the caller may have read somewhere.
            operation: printable(&operation.into()),
            service,
            method,
            path: path.collect(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Bytes::new(),
            project_id: None,
            region: None,
            timeout: None,
            largest_answer: LARGEST_ANSWER,
        }
    }

    /// A request about a function, `/v2/{project id}/..`.
    pub(crate) fn function(
        operation: &str,
        urn: &FunctionUrn,
        method: Method,
        path: &[&str],
    ) -> Self {
        let mut parts = vec!["v2", urn.project_id()];
        parts.extend_from_slice(path);
        let operation = format!("{operation} {urn}");
        let mut call = Self::new(operation, Service::FunctionGraph, method, &parts);
        call.project_id = Some(urn.project_id().to_owned());
        call.region = Some(urn.region().to_owned());
        call
    }

    /// A request about a project, `/v2/{project id}/..`.
    pub(crate) fn project(
        operation: impl Into<String>,
        service: Service,
        project_id: &str,
        method: Method,
        path: &[&str],
    ) -> Self {
        let mut parts = vec!["v2", project_id];
        parts.extend_from_slice(path);
        let mut call = Self::new(operation, service, method, &parts);
        call.project_id = Some(project_id.to_owned());
        call
    }

    /// With a parameter of the query, if it is there.
    pub(crate) fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.query.push((name, value.to_string()));
        }
        self
    }

    /// With a header, if it is there.
    pub(crate) fn header(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.headers.push((name, value.to_string()));
        }
        self
    }

    /// With a body of JSON.
    pub(crate) fn json(self, body: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        // The message tells the reason, such as a map with keys that are no strings.
        let body = serde_json::to_vec(body)
            .map_err(|error| Error::Serialize(printable(&error.to_string())))?;
        Ok(self.content("application/json", body.into()))
    }

    /// With a body, and its type.
    pub(crate) fn content(mut self, content_type: &'static str, body: Bytes) -> Self {
        self.headers.push(("Content-Type", content_type.to_owned()));
        self.body = body;
        self
    }

    /// Refuses a path with a part that is empty, `.` or `..`: it would name something else, such as
    /// all triggers instead of one.
    pub(crate) fn check_path(&self) -> Result<(), Error> {
        let mut parts = self.path.split('/').skip(1);
        match parts.all(|part| !matches!(part, "" | "." | "..")) {
            true => Ok(()),
            false => Err(Error::Serialize(format!(
                "{}: a name or an id is empty, `.` or `..`",
                self.operation
            ))),
        }
    }

    /// The path with its query.
    pub(crate) fn target(&self) -> String {
        let mut target = self.path.clone();
        for (index, (name, value)) in self.query.iter().enumerate() {
            target.push(if index == 0 { '?' } else { '&' });
            let value = utf8_percent_encode(value, ESCAPED);
            target.push_str(&format!("{name}={value}"));
        }
        target
    }
}

/// An answer with a status of success.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) operation: String,
    pub(crate) host: String,
    pub(crate) response: Response,
}

impl Answer {
    /// The answer's JSON. An empty body is `null`.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let body = match self.response.body.trim_ascii() {
            [] => b"null",
            body => body,
        };
        serde_json::from_slice(body).map_err(|error| {
            // The message of serde_json quotes values.
            let what = match error.classify() {
                serde_json::error::Category::Data => "JSON of another shape",
                _ => "no JSON",
            };
            self.error(&format!("{what}, at line {}, column {}", error.line(), error.column()))
        })
    }

    /// The id of the request.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.response.header("x-cff-request-id").or_else(|| self.response.header("x-request-id"))
    }

    /// An answer that is not understood.
    pub(crate) fn error(&self, why: &str) -> Error {
        let status = self.response.status.as_u16();
        Error::Answer(Box::new(AnswerError::new(
            self.operation.clone(),
            &self.host,
            status,
            why,
            self.request_id(),
        )))
    }
}
