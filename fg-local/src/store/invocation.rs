//! An asynchronous invocation as the store keeps it, and what is said about it.

use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::urn::FunctionName;

/// How much the queue keeps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The most invocations that wait or run, of all functions together.
    pub(super) unfinished: u64,
    /// The most bytes that their payloads have together.
    pub(super) unfinished_bytes: u64,
    /// The most finished invocations of a function; the oldest go first.
    pub(super) finished: u64,
    /// How long a finished invocation is kept, in milliseconds.
    pub(super) finished_age: u64,
}

impl Limits {
    pub(super) const DEFAULT: Self = Self {
        unfinished: 100_000,
        unfinished_bytes: 2 << 30,
        finished: 10_000,
        // A day.
        finished_age: 24 * 60 * 60 * 1000,
    };

    /// Whether what ended at this time, in milliseconds since 1970, is not kept any more.
    pub(super) fn is_old(&self, ended: u64, now: u64) -> bool {
        ended.saturating_add(self.finished_age) < now
    }
}

/// An asynchronous invocation that was accepted. Its payload is kept beside it until it is
/// finished.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    pub(crate) function: FunctionName,
    /// The version, or `!` and the alias, that the caller has named.
    pub(crate) qualifier: String,
    /// What is kept of the headers of the request.
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) accepted: Timestamp,
    /// When it was last started.
    #[serde(default)]
    pub(crate) started: Option<Timestamp>,
    /// When it was finished.
    #[serde(default)]
    pub(crate) ended: Option<Timestamp>,
    /// How often it was started, also by processes that were killed since.
    #[serde(default)]
    pub(crate) attempts: u32,
    pub(crate) status: Status,
    /// Of the last attempt, if it has failed.
    #[serde(default)]
    pub(crate) error_code: Option<i64>,
    /// Of the last attempt, if it has failed.
    #[serde(default)]
    pub(crate) error_message: String,
}

/// The state of an asynchronous invocation, as the platform names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    /// Accepted, or to be tried again.
    Wait,
    Running,
    Success,
    Fail,
    /// Given up without a result: too old, cancelled, or without a function.
    Discard,
}

/// An invocation to accept.
#[derive(Clone)]
pub(crate) struct NewInvocation {
    pub(crate) request_id: String,
    pub(crate) function: FunctionName,
    pub(crate) qualifier: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) payload: Bytes,
}

/// How an invocation has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Success,
    Fail,
    Discard,
}

/// Why an attempt has failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: Option<i64>,
    pub(crate) message: String,
}

/// Which invocations of a function are listed. The default is all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Any of these; all if it is empty.
    pub(crate) request_ids: Vec<String>,
    /// Any of these; all if it is empty.
    pub(crate) statuses: Vec<Status>,
    /// Accepted at this time or later.
    pub(crate) from: Option<Timestamp>,
    /// Accepted at this time or earlier.
    pub(crate) to: Option<Timestamp>,
}

/// A part of a list, the newest invocation first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) invocations: Vec<Invocation>,
    /// The marker of the next page, if there is one.
    pub(crate) next: Option<u64>,
}

/// Why the queue did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum QueueError {
    /// Too many invocations wait: 429.
    Full,
    /// There is an invocation with this request id already.
    Exists,
    /// No invocation has this request id. Its function may have been deleted.
    NotFound,
    /// The invocation is in this state, in which the operation does nothing.
    State(Status),
    Store(StoreError),
}

impl Status {
    pub(crate) fn is_finished(self) -> bool {
        matches!(self, Self::Success | Self::Fail | Self::Discard)
    }
}

impl From<End> for Status {
    fn from(end: End) -> Self {
        match end {
            End::Success => Self::Success,
            End::Fail => Self::Fail,
            End::Discard => Self::Discard,
        }
    }
}

impl Filter {
    pub(super) fn takes(&self, invocation: &Invocation) -> bool {
        let Self { request_ids, statuses, from, to } = self;
        (request_ids.is_empty() || request_ids.contains(&invocation.request_id))
            && (statuses.is_empty() || statuses.contains(&invocation.status))
            && from.is_none_or(|from| invocation.accepted >= from)
            && to.is_none_or(|to| invocation.accepted <= to)
    }
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers may contain secrets.
        let Self { request_id, function, qualifier, attempts, status, .. } = self;
        f.debug_struct("Invocation")
            .field("request_id", request_id)
            .field("function", function)
            .field("qualifier", qualifier)
            .field("attempts", attempts)
            .field("status", status)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NewInvocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request_id, function, qualifier, payload, .. } = self;
        f.debug_struct("NewInvocation")
            .field("request_id", request_id)
            .field("function", function)
            .field("qualifier", qualifier)
            .field("payload_bytes", &payload.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("too many asynchronous invocations wait; try again later"),
            Self::Exists => f.write_str("there is an invocation with this request id already"),
            Self::NotFound => f.write_str("there is no asynchronous invocation with this id"),
            Self::State(Status::Wait) => f.write_str("the invocation waits, and does not run"),
            Self::State(Status::Running) => f.write_str("the invocation runs already"),
            Self::State(_) => f.write_str("the invocation is finished"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for QueueError {}

impl From<StoreError> for QueueError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
