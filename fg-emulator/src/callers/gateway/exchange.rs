//! One request to a gateway and its response, as an observer sees it.

use std::fmt;

use crate::execution::Execution;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::printable::{Form, excerpt, printable};

/// One request and its response. `{}` is a line for a log, in which what the caller has sent is
/// [printable](crate::printable).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Exchange<'a> {
    /// The name of the function; empty if the request was not for a function.
    pub function: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// The request's path and query, as the caller wrote them.
    pub target: &'a str,
    /// The status of the response.
    pub status: u16,
    /// The result of the invocation. `None` if the function was not invoked, or over the invoke API,
    /// whose response has the result.
    pub execution: Option<&'a Execution>,
    /// Why the response is not the function's, if it is not.
    pub reason: Option<&'a str>,
    /// What to do about it, if that is known.
    pub advice: Option<&'a str>,
}

impl fmt::Display for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.method, excerpt(self.target, 1000), self.status)?;
        if let Some(execution) = self.execution {
            write!(f, " in {:.1} ms", execution.summary.duration_in_ms())?;
        }
        self.reason.map_or(Ok(()), |reason| write!(f, ": {}", printable(reason, Form::Text)))
    }
}

/// A request that has been handled.
pub(super) struct Handled {
    /// `None` if the response was streamed, and so has been written.
    pub(super) response: Option<Response>,
    pub(super) execution: Option<Execution>,
    pub(super) reason: Option<String>,
    pub(super) advice: Option<String>,
}

impl Handled {
    pub(super) fn responded(response: Response) -> Self {
        Self { response: Some(response), execution: None, reason: None, advice: None }
    }

    pub(super) fn refused(response: Response, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..Self::responded(response) }
    }

    pub(super) fn exchange<'a>(&'a self, function: &'a str, request: &'a Request) -> Exchange<'a> {
        Exchange {
            function,
            method: &request.method,
            target: &request.target,
            status: self.response.as_ref().map_or(200, |response| response.status),
            execution: self.execution.as_ref(),
            reason: self.reason.as_deref(),
            advice: self.advice.as_deref(),
        }
    }
}
