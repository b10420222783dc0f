//! What a handler logs: a level, the request id and a message.
//!
//! The runtime decides how a line looks and where it goes: it provides a [`LogSink`].

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::log_filter::{LogFilter, Verbosity};
use crate::record::Record;

/// How much a log line matters. The names are those of the platform's Node.js and Python runtimes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the developer who is looking for something.
    Debug,
    /// The ordinary course of things.
    Info,
    /// Something is not as it should be, and the invocation goes on.
    Warn,
    /// The invocation, or a part of it, has failed.
    Error,
}

impl Level {
    /// The word in the log line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The error for a string that is not the name of a [`Level`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseLevelError;

impl fmt::Display for ParseLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a log level is one of DEBUG, INFO, WARN, ERROR")
    }
}

impl std::error::Error for ParseLevelError {}

impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Self, ParseLevelError> {
        let names = &[
            ("TRACE", Self::Debug),
            ("DEBUG", Self::Debug),
            ("INFO", Self::Info),
            ("WARN", Self::Warn),
            ("WARNING", Self::Warn),
            ("ERROR", Self::Error),
            ("FATAL", Self::Error),
        ];
        find_named(text.trim(), names).ok_or(ParseLevelError)
    }
}

/// What has this name, whatever its case.
pub(crate) fn find_named<T: Copy>(text: &str, names: &[(&str, T)]) -> Option<T> {
    names.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|&(_, named)| named)
}

/// Where log records go. A sink must not panic and must not log.
pub trait LogSink: Send + Sync {
    /// Writes one record.
    fn write(&self, record: &Record<'_>);
}

/// Logs lines that carry the request id of their invocation, also when many run at once.
///
/// Which levels are written is said by `FG_LOG`, where these lines have the target `fg`, else by
/// `RUNTIME_LOG_LEVEL`; see [`Environment`](crate::Environment).
///
/// It can be cloned and taken along, for example into
/// [`Context::spawn_after`](crate::Context::spawn_after).
///
/// ```
/// # fn handle(ctx: &fg_core::Context) {
/// ctx.logger().info("started");
/// ctx.logger().warn(format_args!("only {:?} left", ctx.remaining_time()));
/// # }
/// ```
#[derive(Clone)]
pub struct Logger {
    invocation: Arc<LoggedInvocation>,
}

struct LoggedInvocation {
    request_id: String,
    filter: Arc<LogFilter>,
    sink: Arc<dyn LogSink>,
}

impl Logger {
    /// A logger for one invocation.
    #[doc(hidden)]
    #[must_use]
    pub fn new(request_id: &str, level: Level, sink: Arc<dyn LogSink>) -> Self {
        Self::with_filter(request_id, Arc::new(LogFilter::all(level.into())), sink)
    }

    /// A logger for one invocation, which writes what this filter lets through.
    #[doc(hidden)]
    #[must_use]
    pub fn with_filter(request_id: &str, filter: Arc<LogFilter>, sink: Arc<dyn LogSink>) -> Self {
        Self {
            invocation: Arc::new(LoggedInvocation {
                request_id: request_id.to_owned(),
                filter,
                sink,
            }),
        }
    }

    /// Makes this the logger of another invocation, without an allocation if no clone of it is
    /// held.
    pub(crate) fn renew(&mut self, request_id: &str) {
        if let Some(invocation) = Arc::get_mut(&mut self.invocation) {
            invocation.request_id.clear();
            invocation.request_id.push_str(request_id);
        } else {
            let LoggedInvocation { filter, sink, .. } = &*self.invocation;
            *self = Self::with_filter(request_id, Arc::clone(filter), Arc::clone(sink));
        }
    }

    /// The invocation whose lines these are.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.invocation.request_id
    }

    /// Whether a line of this level would be written, to save the work of making it.
    #[must_use]
    pub fn is_enabled(&self, level: Level) -> bool {
        self.invocation.filter.enables_own(level)
    }

    /// Which records of other crates are written.
    #[doc(hidden)]
    #[must_use]
    pub fn filter(&self) -> &LogFilter {
        &self.invocation.filter
    }

    /// Writes a record that comes from elsewhere, with the request id of this logger, if the filter
    /// lets it through.
    #[doc(hidden)]
    pub fn forward<'r>(&'r self, verbosity: Verbosity, record: &Record<'r>) {
        if self.filter().enables(record.target.unwrap_or_default(), verbosity) {
            let mut record = *record;
            record.request_id = self.request_id();
            self.invocation.sink.write(&record);
        }
    }

    /// Logs a line of any level.
    pub fn log(&self, level: Level, message: impl fmt::Display) {
        if self.is_enabled(level) {
            let request_id = self.request_id();
            self.invocation.sink.write(&Record::new(level, request_id, format_args!("{message}")));
        }
    }

    /// Logs a line for the developer who is looking for something; off unless `RUNTIME_LOG_LEVEL`
    /// or `FG_LOG` is `debug`.
    pub fn debug(&self, message: impl fmt::Display) {
        self.log(Level::Debug, message);
    }

    /// Logs a line about the ordinary course of things.
    pub fn info(&self, message: impl fmt::Display) {
        self.log(Level::Info, message);
    }

    /// Logs a line about something that is not as it should be.
    pub fn warn(&self, message: impl fmt::Display) {
        self.log(Level::Warn, message);
    }

    /// Logs a line about a failure.
    pub fn error(&self, message: impl fmt::Display) {
        self.log(Level::Error, message);
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger")
            .field("request_id", &self.request_id())
            .field("filter", &self.invocation.filter)
            .finish()
    }
}

/// A sink that drops everything: the one of a context that a test makes.
pub(crate) struct NoLog;

impl LogSink for NoLog {
    fn write(&self, _: &Record<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Kept(Mutex<Vec<String>>);
    impl LogSink for Kept {
        fn write(&self, record: &Record<'_>) {
            self.0.lock().expect("it is not poisoned").push(format!(
                "{} {} {}",
                record.request_id,
                record.level,
                record.text()
            ));
        }
    }

    #[test]
    fn a_clone_keeps_its_request_id_when_the_logger_moves_on() {
        let kept = Arc::new(Kept::default());
        let mut logger = Logger::new("one", Level::Info, Arc::<Kept>::clone(&kept));
        let clone = logger.clone();
        logger.renew("two");
        logger.info("new");
        clone.warn("old");
        logger.debug("not written");
        assert_eq!(*kept.0.lock().expect("it is not poisoned"), ["two INFO new", "one WARN old"]);
    }

    #[test]
    fn levels_are_read_in_any_case() {
        assert_eq!("warn".parse(), Ok(Level::Warn));
        assert_eq!(" Warning ".parse(), Ok(Level::Warn));
        assert_eq!("loud".parse::<Level>(), Err(ParseLevelError));
    }
}
