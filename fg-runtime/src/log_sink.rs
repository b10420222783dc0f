//! Where log lines go: standard output on the platform, standard error in a shell.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use fg_core::{LogSink, Record};

use crate::line::{LineFormat, write_lines};
use crate::timestamp::Timestamp;

/// Which stream the lines go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// The platform collects it.
    Stdout,
    /// Standard output belongs to the reply.
    Stderr,
}

/// Writes each record as soon as it comes, in one system call: it is out before the answer, and not lost if the process dies.
#[derive(Debug)]
pub(crate) struct StreamSink {
    stream: Stream,
    format: LineFormat,
    buffers: Mutex<Buffers>,
}

#[derive(Debug, Default)]
struct Buffers {
    message: String,
    lines: Vec<u8>,
}

impl StreamSink {
    pub(crate) fn new(stream: Stream, format: LineFormat) -> Self {
        Self { stream, format, buffers: Mutex::default() }
    }
}

impl LogSink for StreamSink {
    fn write(&self, record: &Record<'_>) {
        // Made before the lock is taken, since the user's `Display` may log.
        let message = match record.message.as_str() {
            Some(text) => std::borrow::Cow::Borrowed(text),
            None => {
                let mut text = std::mem::take(&mut self.buffers.lock().unwrap_or_else(PoisonError::into_inner).message);
                text.clear();
                // A `Display` that fails has written what it could.
                let _ = text.write_fmt(record.message);
                std::borrow::Cow::Owned(text)
            }
        };
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        buffers.lines.clear();
        write_lines(&mut buffers.lines, self.format, Timestamp::now(), record.request_id, record.level, &message);
        // If nobody reads the log, the function goes on.
        let _ = match self.stream {
            Stream::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(&buffers.lines).and_then(|()| out.flush())
            }
            Stream::Stderr => io::stderr().lock().write_all(&buffers.lines),
        };
        if let std::borrow::Cow::Owned(text) = message {
            buffers.message = text;
        }
    }
}
