//! The `tracing` facade: each event becomes a line with the request id of the invocation it belongs to.
//!
//! An event belongs to the invocation in which the innermost of its spans was made, also when that span has travelled to another task;
//! without a span, to the invocation that runs on this thread.

use std::fmt::{self, Write};

use fg_core::{Level, Logger};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::current;

/// Writes `tracing` events where the function's log goes, with their request ids.
///
/// `fg::run` installs it by itself if no subscriber is set. To combine it with other layers, set a subscriber before `fg::run`:
///
/// ```
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let subscriber = tracing_subscriber::registry().with(fg_runtime::TracingLayer::new());
/// # let _ = subscriber;
/// ```
#[derive(Debug, Default)]
pub struct TracingLayer {
    /// For events outside of any invocation.
    process: Option<Logger>,
}

impl TracingLayer {
    /// A layer for a subscriber of your own. Events outside of any invocation are for its other layers.
    #[must_use]
    pub const fn new() -> Self {
        Self { process: None }
    }
}

/// What a span remembers: its invocation, and its name with its fields.
struct Remembered {
    logger: Option<Logger>,
    text: String,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for TracingLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        let inherited = span
            .parent()
            .and_then(|parent| parent.extensions().get::<Remembered>().and_then(|remembered| remembered.logger.clone()));
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let text = if fields.rest.is_empty() {
            span.name().to_owned()
        } else {
            format!("{}{{{}}}", span.name(), fields.rest.trim_start())
        };
        span.extensions_mut().insert(Remembered { logger: current::logger().or(inherited), text });
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let (mut spans, mut logger) = (String::new(), None);
        for span in ctx.event_scope(event).into_iter().flatten() {
            if let Some(remembered) = span.extensions().get::<Remembered>() {
                logger = logger.or_else(|| remembered.logger.clone());
                spans = format!("{}:{spans}", remembered.text);
            }
        }
        if let Some(logger) = logger.or_else(current::logger).as_ref().or(self.process.as_ref()) {
            let separator = if spans.is_empty() { "" } else { " " };
            let level = level_of(*event.metadata().level());
            logger.log(level, format_args!("{spans}{separator}{}: {}{}", event.metadata().target(), fields.message, fields.rest));
        }
    }
}

/// Installs a subscriber with the layer, unless the user has set one.
pub(crate) fn install(process: &Logger) {
    let layer = TracingLayer { process: Some(process.clone()) };
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
}

/// The message, and the other fields as ` name=value`.
#[derive(Default)]
struct Fields {
    message: String,
    rest: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let written = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.rest, " {}={value:?}", field.name())
        };
        // A `Debug` that fails has written what it could.
        let _ = written;
    }
}

fn level_of(level: tracing::Level) -> Level {
    match level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG | tracing::Level::TRACE => Level::Debug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::current::with_logger;
    use crate::testing::{KeptLog, interleave};

    fn with_layer<R>(run: impl FnOnce() -> R) -> R {
        tracing::subscriber::with_default(tracing_subscriber::registry().with(TracingLayer::new()), run)
    }

    #[test]
    fn each_event_has_the_request_id_of_its_invocation_however_they_interleave() {
        let logs = with_layer(|| interleave(1000, |number, step| tracing::info!(target: "handler", step, "{number}")));
        for (number, log) in logs.iter().enumerate() {
            let expected: Vec<String> = (0..3).map(|step| format!("request-{number} INFO handler: {number} step={step}")).collect();
            assert_eq!(log.lines(), expected);
        }
    }

    #[test]
    fn a_span_takes_its_invocation_along_to_wherever_it_is_entered() {
        let (one, two) = (KeptLog::new(), KeptLog::new());
        let (first, second) = (Logger::new("one", Level::Info, one.clone()), Logger::new("two", Level::Info, two.clone()));
        with_layer(|| {
            let outer = with_logger(&first, || tracing::info_span!("order", id = 7));
            let inner = outer.in_scope(|| tracing::info_span!("ship"));
            // Entered on a thread that runs another invocation at the moment.
            with_logger(&second, || inner.in_scope(|| tracing::error!(target: "handler", "lost")));
        });
        assert_eq!(one.lines(), ["one ERROR order{id=7}:ship: handler: lost"]);
        assert_eq!(two.lines(), [""; 0]);
    }

    #[test]
    fn events_outside_of_any_invocation_go_to_the_process() {
        let log = KeptLog::new();
        let layer = TracingLayer { process: Some(Logger::new("", Level::Info, log.clone())) };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::warn!(target: "start", port = 8000, "listening");
            tracing::debug!(target: "start", "not written");
        });
        assert_eq!(log.lines(), [" WARN start: listening port=8000"]);
    }
}
