//! Tells the destination of an asynchronous invocation how it has ended: another function is
//! invoked, anything else is recorded.

use std::sync::Arc;

use fg_emulator::{Event, Execution, Notification};
use serde_json::Value;

use super::Invoker;
use crate::catalog::function::{AsyncConfig, Destination, Function};
use crate::catalog::version::Version;
use crate::urn::{FunctionRef, Place, Qualifier};

/// An invocation that has ended, for its destination.
#[derive(Debug)]
pub(super) struct Outcome {
    destination: Destination,
    notification: Notification,
}

impl Outcome {
    /// `None` if the function has no destination for this outcome.
    pub(super) fn of(
        place: &Place,
        function: &Function,
        config: Option<&AsyncConfig>,
        version: &Version,
        event: &Event,
        invocations: u32,
        execution: &Execution,
    ) -> Option<Self> {
        let urn = place.urn(&function.name, &version.name);
        let notification = Notification::new(&urn, event, invocations, &execution.outcome);
        let config = config?;
        let destination =
            if notification.succeeded { &config.on_success } else { &config.on_failure };
        Some(Self { destination: destination.clone()?, notification })
    }

    /// Invokes the destination, if it is a function, and reports what happened in any case.
    pub(super) async fn notify(self, invoker: &Arc<Invoker>) {
        let Self { destination: Destination { destination, param }, notification } = self;
        let request_id = notification.request_id.clone();
        let told = if destination.eq_ignore_ascii_case("FunctionGraph") {
            match invoke(invoker, &param, notification).await {
                Ok(invoked) => format!("is sent to a function as the invocation {invoked}"),
                Err(reason) => format!("could not be sent to a function: {reason}"),
            }
        } else {
            match invoker.outbox.record(&destination, &param, &notification) {
                Ok(file) => format!("for {destination} is recorded in {}", file.display()),
                Err(error) => format!("for {destination} could not be recorded: {error}"),
            }
        };
        invoker.report(&format!("the outcome of the asynchronous invocation {request_id} {told}"));
    }
}

/// Queues the notification for the function in `{"func_urn": ".."}`.
async fn invoke(
    invoker: &Arc<Invoker>,
    param: &str,
    notification: Notification,
) -> Result<String, String> {
    let param: Value = serde_json::from_str(param)
        .map_err(|_| "the `param` of the destination is not JSON".to_owned())?;
    let urn = param["func_urn"].as_str().unwrap_or_default();
    let named =
        FunctionRef::parse(urn).ok_or_else(|| format!("{urn:?} is not a function's URN"))?;
    let function = invoker.catalog.find(&named).map_err(|error| error.message)?;
    let qualifier = named.qualifier.as_ref().map_or_else(|| "latest".into(), Qualifier::to_string);
    let payload = notification.to_json().into_bytes();
    // A notification is part of the work on an invocation that was accepted, and waits like it.
    Box::pin(invoker.queue(&function, qualifier, payload, Vec::new()))
        .await
        .map_err(|error| error.message)
}
