//! The `tracing` facade: each event becomes a record with the request id of the invocation it
//! belongs to.
//!
//! An event belongs to the invocation in which the innermost of its spans was created, even if that
//! span is entered in another task. Without a span it belongs to the invocation that runs on this
//! thread. If there is none either, its request id is `-`.
//!
//! | when | where events go |
//! | --- | --- |
//! | a subscriber has been set by `main` or by `init` | to that subscriber; a [`TracingLayer`] in it writes to the log, also before [`run`](crate::run()) and outside of invocations |
//! | while `init` runs, if none has been set | to the log, if they come from `init` itself and not from another task or thread |
//! | from the first invocation on, if none has been set | to the log: the runtime then sets its own subscriber |

use std::sync::{Arc, PoisonError, RwLock};

use fg_core::__private::Verbosity;
use fg_core::{Environment, Level, LogDetails, LogSpan, Logger, Record};
use tracing::span::{self, Attributes, Id};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Metadata, Subscriber, dispatcher};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::log::current_logger;
use crate::log::format::LineFormat;
use crate::log::sink::StreamSink;
use crate::log::tracing_fields::{Budget, read_event, read_span};
use crate::mode::log_stream;

/// Writes `tracing` events to the function's log, with their request ids, filtered by `FG_LOG` and
/// `RUNTIME_LOG_LEVEL`.
///
/// [`run`](crate::run()) installs it if no subscriber has been set when the first
/// invocation begins. To combine it with other layers, set a subscriber in `main` or in `init`:
///
/// ```
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let subscriber = tracing_subscriber::registry().with(fg_runtime::TracingLayer::new());
/// # let _ = subscriber;
/// ```
///
/// Events outside of any invocation have the request id `-`. Those before [`run`](crate::run()) are
/// written as well: to standard output on the platform and to standard error in a shell, in the
/// format of `FG_LOG_FORMAT`.
#[derive(Debug, Default)]
pub struct TracingLayer {
    /// The logger for events outside of any invocation; `None` for that of the process.
    process: Option<Logger>,
}

impl TracingLayer {
    /// Creates a layer for your own subscriber.
    #[must_use]
    pub const fn new() -> Self {
        Self { process: None }
    }
}

/// What is stored with a span: the logger of its invocation, its name and its fields.
struct SpanData {
    logger: Option<Logger>,
    span: LogSpan,
    budget: Budget,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for TracingLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        let inherited = span.parent().and_then(|parent| {
            parent.extensions().get::<SpanData>().and_then(|data| data.logger.clone())
        });
        let mut data = SpanData {
            logger: current_logger::logger().or(inherited),
            span: LogSpan { name: span.name().into(), fields: Vec::new() },
            budget: Budget::default(),
        };
        attributes.record(&mut read_span(&mut data.span, &mut data.budget));
        span.extensions_mut().insert(data);
    }

    fn on_record(&self, id: &Id, values: &span::Record<'_>, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        let mut extensions = span.extensions_mut();
        if let Some(SpanData { span, budget, .. }) = extensions.get_mut() {
            values.record(&mut read_span(span, budget));
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        /// The most spans in one record. The outermost of more are left out.
        const SPAN_LIMIT: usize = 16;
        let (mut spans, mut logger) = (Vec::new(), None);
        for span in ctx.event_scope(event).into_iter().flatten() {
            if let Some(data) = span.extensions().get::<SpanData>() {
                logger = logger.or_else(|| data.logger.clone());
                if spans.len() < SPAN_LIMIT {
                    spans.push(data.span.clone());
                }
            }
        }
        let metadata = event.metadata();
        let logger = logger
            .or_else(current_logger::logger)
            .or_else(|| self.process.clone())
            .unwrap_or_else(process_logger);
        let verbosity = verbosity_of(metadata);
        if !logger.filter().enables(metadata.target(), verbosity) {
            return;
        }
        spans.reverse();
        let (message, fields) = read_event(event);
        let details = LogDetails { fields, spans };
        let (level, target) = (level_of(metadata), metadata.target());
        logger.forward(
            verbosity,
            &Record::new(level, "", format_args!("{message}"))
                .with_details(&details)
                .with_target(target),
        );
    }
}

/// The logger for events outside of any invocation.
static PROCESS: RwLock<Option<Logger>> = RwLock::new(None);

/// Sets the logger for events outside of any invocation.
pub(crate) fn set_process_logger(process: &Logger) {
    *PROCESS.write().unwrap_or_else(PoisonError::into_inner) = Some(process.clone());
}

/// The logger for events outside of any invocation. Before the function runs, it is created from
/// the environment.
fn process_logger() -> Logger {
    if let Some(logger) = &*PROCESS.read().unwrap_or_else(PoisonError::into_inner) {
        return logger.clone();
    }
    let mut process = PROCESS.write().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        let environment = Environment::from_process();
        let format = LineFormat::of(&environment, false);
        let sink = Arc::new(StreamSink::new(log_stream(&environment), format));
        Logger::with_filter("", Arc::clone(environment.log_filter()), sink)
    };
    process.get_or_insert_with(make).clone()
}

/// Installs a subscriber with the layer, unless the user has set one.
pub(crate) fn install(process: &Logger) {
    let _ = dispatcher::set_global_default(default_dispatch(process));
}

fn default_dispatch(process: &Logger) -> Dispatch {
    let layer = TracingLayer { process: Some(process.clone()) };
    let filter = process.clone();
    // Spans of every level are kept, since events take their invocation from them.
    let is_wanted = move |metadata: &Metadata<'_>| {
        metadata.is_span() || filter.filter().enables(metadata.target(), verbosity_of(metadata))
    };
    Dispatch::new(tracing_subscriber::registry().with(layer).with(filter_fn(is_wanted)))
}

/// Sends events of the init phase to the log as long as no subscriber has been set. `init` can
/// still set one.
pub(crate) struct DuringInit(Option<Dispatch>);

impl DuringInit {
    pub(crate) fn new(process: &Logger) -> Self {
        Self(is_unset().then(|| default_dispatch(process)))
    }

    pub(crate) fn run<R>(&self, run: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(dispatch) if is_unset() => dispatcher::with_default(dispatch, run),
            _ => run(),
        }
    }
}

fn is_unset() -> bool {
    dispatcher::get_default(Dispatch::is::<NoSubscriber>)
}

fn level_of(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG | tracing::Level::TRACE => Level::Debug,
    }
}

fn verbosity_of(metadata: &Metadata<'_>) -> Verbosity {
    match *metadata.level() {
        tracing::Level::ERROR => Verbosity::Error,
        tracing::Level::WARN => Verbosity::Warn,
        tracing::Level::INFO => Verbosity::Info,
        tracing::Level::DEBUG => Verbosity::Debug,
        tracing::Level::TRACE => Verbosity::Trace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::current_logger::with_logger;
    use crate::testing::{CapturedLog, interleave};

    fn with_layer<R>(run: impl FnOnce() -> R) -> R {
        tracing::subscriber::with_default(
            tracing_subscriber::registry().with(TracingLayer::new()),
            run,
        )
    }

    #[test]
    fn each_event_has_the_request_id_of_its_invocation_however_they_interleave() {
        let logs = with_layer(|| {
            interleave(1000, |number, step| tracing::info!(target: "handler", step, "{number}"))
        });
        for (number, log) in logs.iter().enumerate() {
            let expected: Vec<String> = (0..3)
                .map(|step| format!("request-{number} INFO handler: {number} step={step}"))
                .collect();
            assert_eq!(log.lines(), expected);
        }
    }

    #[test]
    fn a_span_keeps_its_invocation_wherever_it_is_entered() {
        let (one, two) = (CapturedLog::new(), CapturedLog::new());
        let (first, second) = (
            Logger::new("one", Level::Info, one.clone()),
            Logger::new("two", Level::Info, two.clone()),
        );
        with_layer(|| {
            let outer = with_logger(&first, || tracing::info_span!("order", id = 7));
            let inner = outer.in_scope(|| tracing::info_span!("ship"));
            // Entered on a thread that runs another invocation.
            with_logger(&second, || inner.in_scope(|| tracing::error!(target: "handler", "lost")));
        });
        assert_eq!(one.lines(), ["one ERROR order{id=7}:ship: handler: lost"]);
        assert_eq!(two.lines(), [""; 0]);
    }

    #[test]
    fn events_outside_of_any_invocation_go_to_the_process() {
        let log = CapturedLog::new();
        let layer = TracingLayer { process: Some(Logger::new("", Level::Info, log.clone())) };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::warn!(target: "start", port = 8000, "listening");
            tracing::debug!(target: "start", "not written");
        });
        assert_eq!(log.lines(), [" WARN start: listening port=8000"]);
    }

    #[test]
    fn a_field_that_is_recorded_later_belongs_to_its_span() {
        let log = CapturedLog::new();
        let logger = Logger::new("one", Level::Info, log.clone());
        with_layer(|| {
            with_logger(&logger, || {
                let span = tracing::info_span!("order", id = 7, total = tracing::field::Empty);
                span.record("total", 1.5);
                span.record("id", 8);
                span.in_scope(|| tracing::info!(target: "handler", ok = true, name = "a b", why = ?None::<u8>, "done"));
            });
        });
        assert_eq!(
            log.lines(),
            ["one INFO order{id=8 total=1.5}: handler: done ok=true name=\"a b\" why=None"]
        );
    }

    #[test]
    fn an_event_is_filtered_by_the_directives_for_its_target() {
        let environment =
            Environment::from_variables([("FG_LOG", "warn,shop=debug,shop::stock=off")]);
        let log = CapturedLog::new();
        let logger = Logger::with_filter("", Arc::clone(environment.log_filter()), log.clone());
        dispatcher::with_default(&default_dispatch(&logger), || {
            tracing::info!(target: "hyper", "not written");
            tracing::warn!(target: "hyper", "slow");
            tracing::debug!(target: "shop::order", "placed");
            tracing::trace!(target: "shop::order", "not written");
            tracing::error!(target: "shop::stock", "not written");
        });
        assert_eq!(log.lines(), [" WARN hyper: slow", " DEBUG shop::order: placed"]);
    }

    #[test]
    fn the_size_of_an_event_is_bounded() {
        let log = CapturedLog::new();
        let logger = Logger::new("one", Level::Info, log.clone());
        let long = "x".repeat(1_000_000);
        with_layer(|| {
            with_logger(&logger, || {
                let spans: Vec<_> = (0..50)
                    .map(|_| tracing::info_span!("order", long, a = ?long, b = %long).entered())
                    .collect();
                tracing::info!(long, a = ?long, b = %long, "{long}");
                drop(spans);
            });
        });
        assert!(log.lines()[0].len() < 2 * fg_core::limits::LOG_RECORD, "{}", log.lines()[0].len());
    }

    #[test]
    fn an_initialisation_may_set_a_subscriber_and_until_then_its_events_are_logged() {
        // The default of this thread stands in for that of the process, which can be set only once.
        let log = CapturedLog::new();
        let during = DuringInit::new(&Logger::new("", Level::Info, log.clone()));
        during.run(|| tracing::info!(target: "init", "before"));
        let own = CapturedLog::new();
        let layer = TracingLayer { process: Some(Logger::new("", Level::Info, own.clone())) };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            during.run(|| tracing::info!(target: "init", "after"));
        });
        assert_eq!(
            (log.lines(), own.lines()),
            (vec![" INFO init: before".to_owned()], vec![" INFO init: after".to_owned()])
        );
    }
}
