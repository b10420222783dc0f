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
use serde_json::{Map, Value};
use tokio::task::JoinSet;

use crate::api::error::ApiError;
use crate::app::App;
use crate::catalog::function::{Function, Trigger};

pub(crate) use fire::router;
pub(crate) use report::{Report, Reporter};
pub use schedule::{Schedule, ScheduleError};
pub use timer_event::timer_event;

/// Takes asynchronous invocations.
pub(crate) trait Queue: Send + Sync + 'static {
    /// Queues an invocation of this version, or of `!` and an alias, and returns its request id.
    fn queue(
        &self,
        function: &Arc<Function>,
        qualifier: String,
        payload: Vec<u8>,
        headers: Vec<(String, String)>,
    ) -> impl Future<Output = Result<String, ApiError>> + Send;
}

/// Starts the tasks that fire triggers: one for all timers, and one for all buckets, which are the
/// folders in this one. They end when the set is dropped.
pub(crate) fn start<Q: Queue>(
    app: &App,
    queue: &Arc<Q>,
    objects: PathBuf,
    reporter: &Reporter,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let (catalog, queue) = (|| Arc::clone(&app.catalog), || Arc::clone(queue));
    let reporter = || Arc::clone(reporter);
    tasks.spawn(timers::run(catalog(), queue(), ZonedDateTime::now, reporter()));
    let places = objects::Places { folder: objects, place: app.place.clone() };
    tasks.spawn(objects::run(catalog(), queue(), places, reporter()));
    tasks
}

/// Checks what a trigger is created or updated with, as far as it is fired here.
pub(crate) fn check(type_code: &str, event_data: &Map<String, Value>) -> Result<(), ApiError> {
    match type_code {
        "TIMER" => timers::schedule(event_data).map(drop).map_err(|reason| {
            ApiError::bad_request("FSS.1109", format!("Invalid timer trigger parameters: {reason}"))
        }),
        "OBS" | "EVENTGRID" => {
            object_filter::Filter::of(type_code, event_data).map(drop).map_err(|reason| {
                let code = if type_code == "OBS" { "FSS.1106" } else { "FSS.1101" };
                ApiError::bad_request(
                    code,
                    format!("Invalid {type_code} trigger parameters: {reason}"),
                )
            })
        }
        _ => Ok(()),
    }
}

/// The trigger as it is in the function now, if it is still active.
fn current<'f>(function: &'f Function, trigger: &Trigger) -> Option<&'f Trigger> {
    let is_same = |now: &&Trigger| {
        now.id == trigger.id && now.is_active && now.last_updated == trigger.last_updated
    };
    function.triggers.iter().find(is_same)
}
