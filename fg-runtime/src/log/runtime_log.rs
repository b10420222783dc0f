//! Writes the runtime's own messages without blocking the process on a reader.
//!
//! A write to a full pipe blocks, and so does a lock that the user's code holds during such a
//! write. Therefore a dedicated thread writes, and callers wait for it only up to [`WAIT_LIMIT`].
//! Normally a line is written before the caller continues. If the reader is stuck, the line is
//! written later or lost.
//!
//! What a handler logs does not use this queue: it blocks the handler, as `println!` does.

use std::collections::VecDeque;
use std::fmt;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fg_core::{Level, Logger};

use crate::log::stderr_line::line_of;
use crate::system;

/// How long a caller waits for its line to be written.
const WAIT_LIMIT: Duration = Duration::from_millis(500);

/// The most lines in the queue. Further ones are dropped.
const QUEUE_LIMIT: usize = 64;

/// A line in the queue.
enum Output {
    Stderr(Vec<u8>),
    /// Bytes for standard output, after those in its buffer.
    Stdout(Vec<u8>),
    Log(Logger, Level, String),
}

impl Output {
    fn write(self) {
        match self {
            Self::Stderr(bytes) => system::write_to_stderr(&bytes),
            Self::Stdout(bytes) => {
                let mut out = std::io::stdout().lock();
                let _ = out.write_all(&bytes).and_then(|()| out.flush());
            }
            Self::Log(logger, level, message) => logger.log(level, message),
        }
    }
}

/// The queue of the writer thread. A channel would add ten times as much code to the program.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Output>,
    /// How many lines have been queued, and how many written.
    queued: u64,
    written: u64,
    has_thread: bool,
    /// Whether a write has exceeded [`WAIT_LIMIT`], so that callers do not wait for further ones.
    is_stuck: bool,
}

static QUEUE: Mutex<Option<Queue>> = Mutex::new(None);

/// Notified when a line has been queued or written.
static CHANGED: Condvar = Condvar::new();

fn queue() -> MutexGuard<'static, Option<Queue>> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a message to standard error, bounded and without control characters. Each line after the
/// first begins with `| `. If standard error is not read, the process continues.
pub(crate) fn report(text: impl fmt::Display) {
    report_display(&text);
}

#[cold]
#[inline(never)]
fn report_display(text: &dyn fmt::Display) {
    write_within_limit(Output::Stderr(line_of(text)));
}

/// Like [`report`], for messages of this crate that have several lines.
pub(crate) fn report_lines(text: impl fmt::Display) {
    write_within_limit(Output::Stderr(format!("{text}\n").into_bytes()));
}

/// Writes to standard output. False if it was not written in time.
pub(crate) fn print(bytes: Vec<u8>) -> bool {
    write_within_limit(Output::Stdout(bytes))
}

/// Flushes standard output. False if that was not done in time.
pub(crate) fn flush_stdout() -> bool {
    print(Vec::new())
}

/// A logger for the runtime's own messages.
pub(crate) fn of(logger: &Logger) -> RuntimeLogger<'_> {
    RuntimeLogger(logger)
}

/// Logs the runtime's own messages.
#[derive(Debug)]
pub(crate) struct RuntimeLogger<'l>(&'l Logger);

impl RuntimeLogger<'_> {
    pub(crate) fn info(&self, message: impl fmt::Display) {
        self.log(Level::Info, &message);
    }

    pub(crate) fn warn(&self, message: impl fmt::Display) {
        self.log(Level::Warn, &message);
    }

    pub(crate) fn error(&self, message: impl fmt::Display) {
        self.log(Level::Error, &message);
    }

    // Not inlined, as it is called in many places.
    #[inline(never)]
    fn log(&self, level: Level, message: &dyn fmt::Display) {
        if self.0.is_enabled(level) {
            write_within_limit(Output::Log(self.0.clone(), level, message.to_string()));
        }
    }
}

/// Queues a line for the writer thread and waits up to [`WAIT_LIMIT`]. False if it has not been
/// written by then.
#[inline(never)]
fn write_within_limit(output: Output) -> bool {
    let mut queue = queue();
    let state = queue.get_or_insert_default();
    if !state.has_thread {
        if system::spawn("fg-log-writer", Box::new(write_queued)).is_err() {
            // Without the thread, this one has to write, and may block.
            drop(queue);
            output.write();
            return true;
        }
        state.has_thread = true;
    }
    if state.waiting.len() == QUEUE_LIMIT {
        return false;
    }
    state.waiting.push_back(output);
    state.queued += 1;
    let number = state.queued;
    CHANGED.notify_all();
    if state.is_stuck {
        return false;
    }
    let is_waiting =
        |queue: &mut Option<Queue>| queue.as_ref().is_some_and(|queue| queue.written < number);
    let waited = CHANGED
        .wait_timeout_while(queue, WAIT_LIMIT, is_waiting)
        .unwrap_or_else(PoisonError::into_inner);
    let (mut queue, timeout) = waited;
    if let (true, Some(state)) = (timeout.timed_out(), queue.as_mut()) {
        state.is_stuck = true;
    }
    !timeout.timed_out()
}

/// The body of the writer thread.
fn write_queued() {
    let mut queue = queue();
    loop {
        if let Some(output) = queue.as_mut().and_then(|state| state.waiting.pop_front()) {
            drop(queue);
            output.write();
            queue = self::queue();
            if let Some(state) = queue.as_mut() {
                state.written += 1;
                state.is_stuck = false;
            }
            CHANGED.notify_all();
        } else {
            queue = CHANGED.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
