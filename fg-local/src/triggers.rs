//! What invokes functions on its own: timers, and files in the folders that stand for buckets. All
//! other triggers can be fired by hand.

mod buckets;
#[cfg(test)]
pub(crate) mod example;
mod fire;
mod object_events;
mod object_filter;
mod objects;
mod report;
pub(crate) mod schedule;
mod timer_event;
mod timers;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::ZonedDateTime;
use tokio::task::JoinSet;

use crate::app::App;
use crate::catalog::function::{Function, Trigger};
use crate::error::ApiError;
use crate::invoker::Invoker;

pub(crate) use fire::router;
pub(crate) use object_filter::check_bucket;
use report::{Report, Reporter};
pub use schedule::{Schedule, ScheduleError};
use timer_event::timer_event;
pub(crate) use timers::check_timer;

/// Takes asynchronous invocations.
pub(crate) trait Queue: Clone + Send + Sync + 'static {
    /// Queues an invocation of this version, or of `!` and an alias, and returns its request id.
    fn queue(
        &self,
        function: &Arc<Function>,
        qualifier: String,
        payload: Vec<u8>,
        headers: Vec<(String, String)>,
    ) -> impl Future<Output = Result<String, ApiError>> + Send;
}

impl Queue for Arc<Invoker> {
    fn queue(
        &self,
        function: &Arc<Function>,
        qualifier: String,
        payload: Vec<u8>,
        headers: Vec<(String, String)>,
    ) -> impl Future<Output = Result<String, ApiError>> + Send {
        Invoker::queue(self, function, qualifier, payload, headers)
    }
}

/// Starts the tasks that fire triggers: one for all timers, and one for all buckets, which are the
/// folders in this one. They end when the set is dropped.
pub(crate) fn start(app: &App, objects: PathBuf) -> JoinSet<()> {
    let (catalog, queue) = (|| Arc::clone(&app.catalog), || Arc::clone(&app.invoker));
    let reporter = || {
        let invoker = Arc::clone(&app.invoker);
        Arc::new(move |report: Report| invoker.tell(&report.function.name, &report.to_string()))
    };
    let places = objects::Places { folder: objects, place: app.place.clone() };
    let mut tasks = JoinSet::new();
    tasks.spawn(timers::run(catalog(), queue(), ZonedDateTime::now, reporter()));
    tasks.spawn(objects::run(catalog(), queue(), places, reporter()));
    tasks
}

/// The trigger as it is in the function now, if it is still active.
fn current<'f>(function: &'f Function, trigger: &Trigger) -> Option<&'f Trigger> {
    let is_same = |now: &&Trigger| {
        now.id == trigger.id && now.is_active && now.last_updated == trigger.last_updated
    };
    function.triggers.iter().find(is_same)
}
