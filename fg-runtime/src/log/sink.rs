//! The log sink: standard output on the platform, standard error in a shell.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::MutexGuard;

use fg_core::__private::Bounded;
use fg_core::__private::Mutex;
use fg_core::limits::LOG_RECORD;
use fg_core::{LogSink, Record};

use crate::log::format::{LineFormat, write_lines};
use crate::log::timestamp::Timestamp;
use crate::mode::LogStream;

/// A buffer that has grown beyond this is freed after the record.
const KEPT_CAPACITY: usize = 64 * 1024;

/// Writes each record at once, in one system call, so that it is written before the answer and is
/// not lost if the process dies.
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
        self.buffers.lock()
    }
}

impl LogSink for StreamSink {
    fn write(&self, record: &Record<'_>) {
        let mut kept = Bounded::new(std::mem::take(&mut self.buffers().message), LOG_RECORD);
        // Formatted without the lock, since the user's `Display` may log. A `Display` that fails
        // has written what it could.
        let _ = match self.format {
            LineFormat::Text => write!(kept, "{}", record.text()),
            LineFormat::Json => kept.write_fmt(record.message),
        };
        let (message, length) = kept.into_parts();
        let mut buffers = self.buffers();
        buffers.lines.clear();
        write_lines(&mut buffers.lines, self.format, Timestamp::now(), record, &message, length);
        // A failed write must not fail the function.
        let _ = match self.stream {
            LogStream::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(&buffers.lines).and_then(|()| out.flush())
            }
            LogStream::Stderr => io::stderr().lock().write_all(&buffers.lines),
        };
        if buffers.lines.capacity() > KEPT_CAPACITY {
            buffers.lines = Vec::new();
        }
        if message.capacity() <= KEPT_CAPACITY {
            buffers.message = message;
        }
    }
}
