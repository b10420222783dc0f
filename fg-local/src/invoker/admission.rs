//! Which invocations may run: as many of a version as it has instances, while the others wait.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::Limits;
use crate::catalog::version::{Strategy, Version};
use crate::error::ApiError;
use crate::urn::FunctionName;

/// The turns of all versions.
#[derive(Debug)]
pub(super) struct Admission {
    limits: Limits,
    /// By function and version.
    lanes: Mutex<HashMap<(FunctionName, String), Arc<Lane>>>,
}

/// The turns of a version.
#[derive(Debug)]
struct Lane {
    size: usize,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// One invocation's right to an instance, until it is dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Admission {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, lanes: Mutex::default() }
    }

    /// Waits until an instance is free.
    ///
    /// # Errors
    ///
    /// If the function is disabled, or too many invocations wait, or one has waited for too long.
    pub(super) async fn enter(
        &self,
        function: &FunctionName,
        version: &Version,
    ) -> Result<Turn, ApiError> {
        let lane = self.lane(function, version)?;
        if let Ok(permit) = Arc::clone(&lane.turns).try_acquire_owned() {
            return Ok(Turn { _permit: permit });
        }
        let _waiting = Waiting::begin(&lane.waiting, self.limits.waiting).ok_or_else(|| {
            overload(format!("{} invocations of {function} wait already", self.limits.waiting))
        })?;
        match timeout(self.limits.wait, Arc::clone(&lane.turns).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
            // The semaphore is never closed.
            Ok(Err(_)) => Err(overload(format!("{function} takes no invocations"))),
            Err(_) => Err(overload(format!(
                "all {} instances of {function} were busy for {:?}",
                lane.size, self.limits.wait
            ))),
        }
    }

    fn lane(&self, function: &FunctionName, version: &Version) -> Result<Arc<Lane>, ApiError> {
        let size = lane_size(version.config.strategy, self.limits.instances);
        if size == 0 {
            return Err(ApiError::forbidden(
                "FSS.0403",
                format!("{function} is disabled: its largest number of instances is 0"),
            ));
        }
        let mut lanes = self.lanes.lock();
        let lane =
            lanes.entry((function.clone(), version.name.clone())).or_insert_with(|| new_lane(size));
        if lane.size != size {
            // Those that run and wait stay in the old one.
            *lane = new_lane(size);
        }
        Ok(Arc::clone(lane))
    }
}

fn new_lane(size: usize) -> Arc<Lane> {
    Arc::new(Lane { size, turns: Arc::new(Semaphore::new(size)), waiting: AtomicUsize::new(0) })
}

/// How many invocations of a version run at a time.
pub(super) fn lane_size(strategy: Strategy, limit: usize) -> usize {
    instances(strategy, limit).saturating_mul(strategy.concurrent_num.max(1) as usize)
}

/// How many instances a version has at most.
pub(super) fn instances(strategy: Strategy, limit: usize) -> usize {
    usize::try_from(strategy.concurrency).map_or(limit, |asked| asked.min(limit))
}

fn overload(message: String) -> ApiError {
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, "FSS.0429", message)
}

/// An invocation that waits, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    /// `None` if so many wait already.
    fn begin(waiting: &'a AtomicUsize, limit: usize) -> Option<Self> {
        let counted = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < limit).then_some(counted)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
