//! The `log` facade: each record of the handler and of its dependencies becomes a line with the
//! request id.

use fg_core::__private::Verbosity;
use fg_core::{Level, Logger, Record};
use log::{LevelFilter, Log, Metadata};

use crate::log::current_logger;

/// Writes to the logger of the invocation that runs on this thread, else to that of the process.
struct Bridge {
    process: Logger,
}

impl Log for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.process.filter().enables(metadata.target(), verbosity_of(metadata.level()))
    }

    fn log(&self, record: &log::Record<'_>) {
        let logger = current_logger::logger();
        let logger = logger.as_ref().unwrap_or(&self.process);
        let line =
            Record::new(level_of(record.level()), "", *record.args()).with_target(record.target());
        logger.forward(verbosity_of(record.level()), &line);
    }

    fn flush(&self) {}
}

/// Installs the bridge, unless the user has set a logger.
pub(crate) fn install(process: &Logger) {
    if log::set_boxed_logger(Box::new(Bridge { process: process.clone() })).is_ok() {
        log::set_max_level(match process.filter().max() {
            Verbosity::Off => LevelFilter::Off,
            Verbosity::Error => LevelFilter::Error,
            Verbosity::Warn => LevelFilter::Warn,
            Verbosity::Info => LevelFilter::Info,
            Verbosity::Debug => LevelFilter::Debug,
            Verbosity::Trace => LevelFilter::Trace,
        });
    }
}

const fn level_of(level: log::Level) -> Level {
    match level {
        log::Level::Error => Level::Error,
        log::Level::Warn => Level::Warn,
        log::Level::Info => Level::Info,
        log::Level::Debug | log::Level::Trace => Level::Debug,
    }
}

const fn verbosity_of(level: log::Level) -> Verbosity {
    match level {
        log::Level::Error => Verbosity::Error,
        log::Level::Warn => Verbosity::Warn,
        log::Level::Info => Verbosity::Info,
        log::Level::Debug => Verbosity::Debug,
        log::Level::Trace => Verbosity::Trace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CapturedLog, interleave};

    #[test]
    fn each_record_has_the_request_id_of_its_invocation_however_they_interleave() {
        let outside = CapturedLog::new();
        install(&Logger::new("", Level::Info, outside.clone()));
        log::info!(target: "start", "before");
        log::debug!(target: "start", "not written");
        assert_eq!(outside.lines(), [" INFO start: before"]);

        let logs =
            interleave(1000, |number, step| log::warn!(target: "handler", "{number}.{step}"));
        for (number, log) in logs.iter().enumerate() {
            let expected: Vec<String> = (0..3)
                .map(|step| format!("request-{number} WARN handler: {number}.{step}"))
                .collect();
            assert_eq!(log.lines(), expected);
        }
        assert_eq!(outside.lines().len(), 1);
    }
}
