//! Says what the runtime itself has to say, without waiting for whoever should read it.
//!
//! A write to a pipe that is not read blocks, and so does a lock that the user's code holds meanwhile. So a thread of its own writes, and
//! the others wait for it only for a while: in good times a line is out before they go on; in bad times it comes out later, or is lost.
//! What a handler logs does not come this way: it blocks the handler, as `println!` does.

use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fg_core::{Level, Logger};

use crate::stderr_line::line_of;
use crate::system;

/// How long a line is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// The most lines that wait for a reader; what comes beyond them is lost.
const MOST_WAITING: usize = 64;

/// One thing to write, and who waits for that.
struct Speech {
    write: Box<dyn FnOnce() + Send>,
    written: SyncSender<()>,
}

static THREAD: Mutex<Option<SyncSender<Speech>>> = Mutex::new(None);

/// Whether the last line that was waited for has not come out yet, so that nobody waits for another.
static IS_STUCK: AtomicBool = AtomicBool::new(false);

/// Writes this to standard error, bounded, and without control characters: a line after the first begins with `| `. If it is not read, the
/// process goes on.
pub(crate) fn say(text: impl fmt::Display) {
    let line = line_of(&text);
    in_time(move || system::write_to_stderr(&line));
}

/// As [`say`], for words of our own in several lines.
pub(crate) fn say_lines(text: impl fmt::Display) {
    let lines = format!("{text}\n");
    in_time(move || system::write_to_stderr(lines.as_bytes()));
}

/// Writes to standard output; whether that was possible.
pub(crate) fn print(bytes: Vec<u8>) -> bool {
    in_time(move || {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(&bytes).and_then(|()| out.flush());
    })
}

/// Writes out what standard output still holds; whether that was possible.
pub(crate) fn flush_stdout() -> bool {
    in_time(|| {
        let _ = std::io::stdout().flush();
    })
}

/// A logger for the runtime's own lines.
pub(crate) fn of(logger: &Logger) -> OwnLogger<'_> {
    OwnLogger(logger)
}

/// Logs the runtime's own lines.
#[derive(Debug)]
pub(crate) struct OwnLogger<'l>(&'l Logger);

impl OwnLogger<'_> {
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
            let (logger, message) = (self.0.clone(), message.to_string());
            in_time(move || logger.log(level, message));
        }
    }
}

/// Lets this write on the thread, and waits for that as long as it makes sense; whether it has been done.
fn in_time(write: impl FnOnce() + Send + 'static) -> bool {
    let (written, is_written) = sync_channel(1);
    let speech = Speech { write: Box::new(write), written };
    match hand_over(speech) {
        Ok(()) if IS_STUCK.load(Ordering::Relaxed) => false,
        Ok(()) => {
            let in_time = is_written.recv_timeout(PATIENCE).is_ok();
            if !in_time {
                IS_STUCK.store(true, Ordering::Relaxed);
            }
            in_time
        }
        Err(Some(speech)) => {
            // Without a thread there is no other way.
            (speech.write)();
            true
        }
        Err(None) => false,
    }
}

/// Hands it to the thread; what cannot be handed over comes back if there is no thread, and is lost if too much waits already.
fn hand_over(speech: Speech) -> Result<(), Option<Speech>> {
    let mut thread = THREAD.lock().unwrap_or_else(PoisonError::into_inner);
    if thread.is_none() {
        let (sender, speeches) = sync_channel(MOST_WAITING);
        match std::thread::Builder::new().name("fg-voice".to_owned()).spawn(move || speak(&speeches)) {
            Ok(_) => *thread = Some(sender),
            Err(_) => return Err(Some(speech)),
        }
    }
    thread.as_ref().map_or(Ok(()), |thread| thread.try_send(speech).map_err(|_| None))
}

fn speak(speeches: &Receiver<Speech>) {
    while let Ok(Speech { write, written }) = speeches.recv() {
        write();
        IS_STUCK.store(false, Ordering::Relaxed);
        // Whoever has waited may have given up.
        let _ = written.try_send(());
    }
}
