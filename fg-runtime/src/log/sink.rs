//! Where log lines go: standard output on the platform, standard error in a shell.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fg_core::__private::Bounded;
use fg_core::limits::LOG_RECORD;
use fg_core::{LogSink, Record};

use crate::log::format::{LineFormat, write_lines};
use crate::log::timestamp::Timestamp;
use crate::mode::LogStream;

/// A buffer that one record has made larger than this is given back.
const KEPT: usize = 64 * 1024;

/// Writes each record as soon as it comes, in one system call: it is out before the answer, and not
/// lost if the process dies.
#[derive(Debug)]
pub(crate) struct StreamSink {
    stream: LogStream,
    format: LineFormat,
    buffers: Mutex<Buffers>,
}

#[derive(Debug, Default)]
struct Buffers {
    message: String,
    lines: Vec<u8>,
}

impl StreamSink {
    pub(crate) fn new(stream: LogStream, format: LineFormat) -> Self {
        Self { stream, format, buffers: Mutex::default() }
    }

    fn buffers(&self) -> MutexGuard<'_, Buffers> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogSink for StreamSink {
    fn write(&self, record: &Record<'_>) {
        let mut kept = Bounded::new(std::mem::take(&mut self.buffers().message), LOG_RECORD);
        // Made while the lock is not held, since the user's `Display` may log. One that fails has
        // written what it could.
        let _ = match self.format {
            LineFormat::Text => write!(kept, "{}", record.text()),
            LineFormat::Json => kept.write_fmt(record.message),
        };
        let (message, length) = kept.into_parts();
        let mut buffers = self.buffers();
        buffers.lines.clear();
        write_lines(&mut buffers.lines, self.format, Timestamp::now(), record, &message, length);
        // If the log is not read, the function goes on.
        let _ = match self.stream {
            LogStream::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(&buffers.lines).and_then(|()| out.flush())
            }
            LogStream::Stderr => io::stderr().lock().write_all(&buffers.lines),
        };
        if buffers.lines.capacity() > KEPT {
            buffers.lines = Vec::new();
        }
        if message.capacity() <= KEPT {
            buffers.message = message;
        }
    }
}
