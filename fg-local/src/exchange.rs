//! One request of a caller and its response, as an observer sees it.

use std::fmt;
use std::sync::Arc;

use axum::response::Response;
use fg_emulator::Execution;
use fg_emulator::printable::{Form, excerpt, printable};

/// One request and its response. `{}` is a line for a log, in which what the caller has sent is
/// [printable](fg_emulator::printable).
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
    /// The result of the invocation. `None` if the function was not invoked, or over the invoke
    /// API, whose response has the result.
    pub execution: Option<&'a Execution>,
    /// Why the response is not the function's, if it is not.
    pub reason: Option<&'a str>,
    /// What to do about it, if that is known.
    pub advice: Option<&'a str>,
}

/// Is called after every request, from any thread.
pub(crate) type Observer = Arc<dyn Fn(&Exchange<'_>) + Send + Sync>;

impl fmt::Display for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.method, excerpt(self.target, 1000), self.status)?;
        if let Some(execution) = self.execution {
            write!(f, " in {:.1} ms", execution.summary.duration_in_ms())?;
        }
        self.reason.map_or(Ok(()), |reason| write!(f, ": {}", printable(reason, Form::Text)))
    }
}

/// What the observer is told beside the request and the status: an extension of the response.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) function: String,
    pub(crate) execution: Option<Arc<Execution>>,
    pub(crate) reason: Option<String>,
    pub(crate) advice: Option<String>,
}

impl Told {
    /// Why a response is not the function's.
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..Self::default() }
    }

    /// Adds this to a response.
    pub(crate) fn with(self, mut response: Response) -> Response {
        response.extensions_mut().insert(self);
        response
    }
}

/// A request whose response is to be observed.
pub(crate) struct Observation {
    pub(crate) observer: Observer,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) status: u16,
    pub(crate) told: Told,
}

impl Observation {
    pub(crate) fn observe(self) {
        (self.observer)(&Exchange {
            function: &self.told.function,
            method: &self.method,
            target: &self.target,
            status: self.status,
            execution: self.told.execution.as_deref(),
            reason: self.told.reason.as_deref(),
            advice: self.told.advice.as_deref(),
        });
    }
}

impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observation").field("told", &self.told).finish_non_exhaustive()
    }
}
