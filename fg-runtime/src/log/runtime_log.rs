//! Says what the runtime itself has to say, without waiting for a reader.
//!
//! A write to a pipe that is not read blocks, and so does a lock that the user's code holds
//! meanwhile. So a thread of its own writes, and the others wait for it only for a while: in good
//! times a line is out before they go on; in bad times it comes out later, or is lost. What a
//! handler logs does not come this way: it blocks the handler, as `println!` does.

use std::collections::VecDeque;
use std::fmt;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fg_core::{Level, Logger};

use crate::log::stderr_line::line_of;
use crate::system;

/// How long a line is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// The most lines that wait for a reader; what comes beyond them is lost.
const MOST_WAITING: usize = 64;

/// What is written on the thread.
enum Output {
    Stderr(Vec<u8>),
    /// These bytes, behind what standard output still holds.
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

/// What waits to be written, for the thread that writes. By hand, since a channel is ten times as
/// large in the program.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Output>,
    /// How many have been handed over, and how many written.
    handed_over: u64,
    written: u64,
    has_thread: bool,
    /// Whether one that was waited for has not been written in time, so that no other is waited
    /// for.
    is_stuck: bool,
}

static QUEUE: Mutex<Option<Queue>> = Mutex::new(None);

/// Something has been handed over, or written.
static CHANGED: Condvar = Condvar::new();

fn queue() -> MutexGuard<'static, Option<Queue>> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes this to standard error, bounded, and without control characters: a line after the first
/// begins with `| `. If it is not read, the process goes on.
pub(crate) fn say(text: impl fmt::Display) {
    in_time(Output::Stderr(line_of(&text)));
}

/// As [`say`], for words of our own in several lines.
pub(crate) fn say_lines(text: impl fmt::Display) {
    in_time(Output::Stderr(format!("{text}\n").into_bytes()));
}

/// Writes to standard output; whether that was possible.
pub(crate) fn print(bytes: Vec<u8>) -> bool {
    in_time(Output::Stdout(bytes))
}

/// Writes out what standard output still holds; whether that was possible.
pub(crate) fn flush_stdout() -> bool {
    print(Vec::new())
}

/// A logger for the runtime's own lines.
pub(crate) fn of(logger: &Logger) -> RuntimeLogger<'_> {
    RuntimeLogger(logger)
}

/// Logs the runtime's own lines.
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

    fn log(&self, level: Level, message: &dyn fmt::Display) {
        if self.0.is_enabled(level) {
            in_time(Output::Log(self.0.clone(), level, message.to_string()));
        }
    }
}

/// Lets the thread write this, and waits for that as long as it makes sense; whether it has been
/// done.
#[inline(never)]
fn in_time(output: Output) -> bool {
    let mut queue = queue();
    let state = queue.get_or_insert_default();
    if !state.has_thread {
        if system::spawn("fg-voice", Box::new(speak)).is_err() {
            // Without a thread there is no other way.
            drop(queue);
            output.write();
            return true;
        }
        state.has_thread = true;
    }
    if state.waiting.len() == MOST_WAITING {
        return false;
    }
    state.waiting.push_back(output);
    state.handed_over += 1;
    let number = state.handed_over;
    CHANGED.notify_all();
    if state.is_stuck {
        return false;
    }
    let is_waiting =
        |queue: &mut Option<Queue>| queue.as_ref().is_some_and(|queue| queue.written < number);
    let waited = CHANGED
        .wait_timeout_while(queue, PATIENCE, is_waiting)
        .unwrap_or_else(PoisonError::into_inner);
    let (mut queue, timeout) = waited;
    if let (true, Some(state)) = (timeout.timed_out(), queue.as_mut()) {
        state.is_stuck = true;
    }
    !timeout.timed_out()
}

/// The thread: writes one after the other.
fn speak() {
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
