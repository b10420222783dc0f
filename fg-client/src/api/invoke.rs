//! Invoking a function.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::Answer;
use crate::error::{Error, FunctionError};
use crate::function::RemoteFunction;

/// A streamed response has at most 200 MB, a buffered one 6 MB, in JSON within JSON.
const LARGEST_ANSWER: usize = 210 * 1024 * 1024;

/// The form of the platform's answer to an invocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseVersion {
    /// The response as it is, and what belongs to it in headers: for responses that are no text,
    /// and long ones.
    V0,
    /// JSON with the response as a string, the log, the status and the request id.
    #[default]
    V1,
}

/// How a function is invoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvokeOptions {
    /// The form of the answer.
    pub version: ResponseVersion,
    /// Whether to get the end of the log, 2 to 4 KB.
    pub log_tail: bool,
    /// The memory of this invocation in MB, where the function allows it
    /// (`enable_dynamic_memory`).
    pub instance_memory: Option<u32>,
    /// How long to wait, instead of [`Builder::invoke_timeout`](crate::Builder::invoke_timeout).
    pub timeout: Option<Duration>,
}

/// An invocation that has ended, well or not.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invocation {
    /// What the function returned; the error response if [`is_error`](Self::is_error).
    pub payload: Bytes,
    /// Whether the function ended with an error.
    pub is_error: bool,
    /// The status of the invocation: 200, or that of an error.
    pub status: i64,
    /// The id of the invocation, which is in the log.
    pub request_id: Option<String>,
    /// The end of the log, if it was asked for, as it came: escape it before a terminal sees it.
    pub log: String,
    /// Durations and memory, where the platform tells them: `X-Cff-Invoke-Summary`.
    pub summary: Option<String>,
}

impl fmt::Debug for Invocation {
    // Payload and log are the function's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .field("is_error", &self.is_error)
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct V1Answer {
    #[serde(default)]
    result: Value,
    #[serde(default)]
    log: Option<String>,
    #[serde(default)]
    status: Option<i64>,
    #[serde(default)]
    request_id: Option<String>,
}

#[derive(Deserialize)]
struct AsyncAnswer {
    request_id: String,
}

impl RemoteFunction {
    /// Invokes the function, waits for its response, and reads it.
    ///
    /// An empty response is read as `null`. Nothing that may have been carried out is sent again.
    ///
    /// # Errors
    ///
    /// [`Error::Function`] if the function ended with an error of its own, [`Error::Answer`] if
    /// its response is not a `T`, and the others of [`Error`].
    pub async fn invoke<T: DeserializeOwned>(
        &self,
        event: &(impl Serialize + ?Sized),
    ) -> Result<T, Error> {
        let invocation = self.invoke_with(json(event)?, &InvokeOptions::default()).await?;
        if invocation.is_error {
            return Err(self.function_error(invocation));
        }
        let payload = match invocation.payload.trim_ascii() {
            [] => b"null",
            payload => payload,
        };
        serde_json::from_slice(payload).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let why = format!(
                "the function's response is not of the type that is expected, at line {line}, \
                 column {column}"
            );
            Error::Answer(Box::new(crate::error::AnswerError::new(
                format!("invoke {}", self.urn()),
                "the function",
                200,
                &why,
                invocation.request_id.as_deref(),
            )))
        })
    }

    /// Invokes the function with these bytes, which are JSON as a rule, and waits until it has
    /// ended, well or not. `POST .../invocations`.
    ///
    /// # Errors
    ///
    /// [`Error`], but for that of the function: see [`Invocation::is_error`], and
    /// [`Invocation::into_result`].
    pub async fn invoke_with(
        &self,
        event: impl Into<Bytes>,
        options: &InvokeOptions,
    ) -> Result<Invocation, Error> {
        let path = ["fgs", "functions", &self.name(), "invocations"];
        let version = match options.version {
            ResponseVersion::V0 => "v0",
            ResponseVersion::V1 => "v1",
        };
        let timeout = options.timeout.unwrap_or_else(|| self.client().invoke_timeout());
        let answer = self
            .send("invoke", Method::POST, &path, |call| {
                let mut call = call
                    .content("application/json", event.into())
                    .header("X-CFF-Request-Version", Some(version))
                    .header("X-Cff-Log-Type", options.log_tail.then_some("tail"))
                    .header("X-Cff-Instance-Memory", options.instance_memory);
                call.timeout = Some(timeout);
                call.largest_answer = LARGEST_ANSWER;
                Ok(call)
            })
            .await?;
        match options.version {
            ResponseVersion::V0 => Ok(v0(&answer)),
            ResponseVersion::V1 => v1(&answer),
        }
    }

    /// Puts an event into the function's queue, and returns the id of its invocation.
    /// `POST .../invocations-async`.
    ///
    /// # Errors
    ///
    /// [`Error`]; status 413 above 256 KB.
    pub async fn invoke_async(&self, event: &(impl Serialize + ?Sized)) -> Result<String, Error> {
        self.invoke_async_with(json(event)?).await
    }

    /// The same with bytes.
    ///
    /// # Errors
    ///
    /// [`Error`]; status 413 above 256 KB.
    pub async fn invoke_async_with(&self, event: impl Into<Bytes>) -> Result<String, Error> {
        let path = ["fgs", "functions", &self.name(), "invocations-async"];
        let event = event.into();
        let answer = self
            .send("invoke", Method::POST, &path, |call| Ok(call.content("application/json", event)))
            .await?;
        Ok(answer.json::<AsyncAnswer>()?.request_id)
    }

    fn function_error(&self, invocation: Invocation) -> Error {
        let result = String::from_utf8_lossy(&invocation.payload);
        Error::Function(Box::new(FunctionError::new(
            self.urn().to_string(),
            invocation.status,
            &result,
            invocation.request_id,
            invocation.log,
        )))
    }
}

fn json(event: &(impl Serialize + ?Sized)) -> Result<Bytes, Error> {
    serde_json::to_vec(event)
        .map(Bytes::from)
        .map_err(|error| Error::Serialize(crate::printable::printable(&error.to_string())))
}

/// What the platform says in the body.
fn v1(answer: &Answer) -> Result<Invocation, Error> {
    let V1Answer { result, log, status, request_id } = answer.json()?;
    let payload = match result {
        Value::Null => String::new(),
        Value::String(result) => result,
        other => other.to_string(),
    };
    let status = status.unwrap_or(200);
    Ok(Invocation {
        payload: payload.into(),
        is_error: !(200..300).contains(&status) || is_error(answer),
        status,
        request_id: request_id.or_else(|| answer.request_id().map(str::to_owned)),
        log: log.unwrap_or_default(),
        summary: answer.response.header("x-cff-invoke-summary").map(str::to_owned),
    })
}

/// What the platform says in headers.
fn v0(answer: &Answer) -> Invocation {
    let response = &answer.response;
    let is_error = is_error(answer);
    let code = response.header("x-func-err-code").and_then(|code| code.parse().ok());
    let log = response.header("x-cff-function-log").and_then(|log| STANDARD.decode(log).ok());
    Invocation {
        payload: response.body.clone(),
        is_error,
        status: if is_error { code.unwrap_or(500) } else { 200 },
        request_id: answer.request_id().map(str::to_owned),
        log: String::from_utf8_lossy(&log.unwrap_or_default()).into_owned(),
        summary: response.header("x-cff-invoke-summary").map(str::to_owned),
    }
}

/// `X-Is-Func-Err`, or a code in `X-Func-Err-Code` that is not 0.
fn is_error(answer: &Answer) -> bool {
    let header = |name| answer.response.header(name);
    header("x-is-func-err").is_some_and(|value| value.eq_ignore_ascii_case("true"))
        || header("x-func-err-code").is_some_and(|code| code != "0")
}

impl Invocation {
    /// The response of a function that ended well, or its error, which names `function`.
    ///
    /// # Errors
    ///
    /// [`Error::Function`].
    pub fn into_result(self, function: &RemoteFunction) -> Result<Bytes, Error> {
        if self.is_error {
            return Err(function.function_error(self));
        }
        Ok(self.payload)
    }
}
