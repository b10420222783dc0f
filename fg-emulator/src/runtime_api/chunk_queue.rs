//! A streamed answer on its way: a bounded queue of pieces, between the connection of the function
//! and their reader.

use std::collections::VecDeque;
use std::net::{Shutdown, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// The most that is read from the function before it is taken, in bytes; one piece more where
/// there is none.
pub(crate) const IN_FLIGHT: usize = 256 << 10;

/// The queue. Its lock is not that of the API's state, so that no piece wakes those who wait for
/// something else.
#[derive(Debug)]
pub(crate) struct Stream {
    capacity: usize,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    pieces: VecDeque<Vec<u8>>,
    bytes: usize,
    /// All that have been added so far.
    added: u64,
    begun: Option<Begun>,
    end: Option<End>,
    reader_has_gone: bool,
}

/// An answer whose head has come.
#[derive(Debug)]
struct Begun {
    headers: Vec<(String, String)>,
    connection: Weak<TcpStream>,
}

/// How a stream ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Complete,
    /// The rest will not come.
    Broken,
    /// It never began: what became of the invocation has to be looked for elsewhere.
    NotStreamed,
}

/// What a reader gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Piece(Vec<u8>),
    End(End),
    /// Not within the time limit.
    Nothing,
}

impl Queue {
    /// Where the answer is still on its way.
    fn close_connection(&self) {
        let connection = self
            .begun
            .as_ref()
            .filter(|_| self.end.is_none())
            .and_then(|begun| begun.connection.upgrade());
        if let Some(connection) = connection {
            // An error means that it is closed already.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

impl Stream {
    /// It is read while it is written.
    pub(crate) fn for_a_reader() -> Self {
        Self { capacity: IN_FLIGHT, queue: Mutex::default(), changed: Condvar::new() }
    }

    /// All of it is kept until it is complete.
    pub(crate) fn for_a_collector() -> Self {
        Self { capacity: usize::MAX, ..Self::for_a_reader() }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut Queue)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits until `ready` gives something; nothing after the time limit.
    fn wait<T>(
        &self,
        limit: Duration,
        mut ready: impl FnMut(&mut Queue) -> Option<T>,
    ) -> Option<T> {
        // A limit beyond what the clock can express is no limit.
        let deadline = Instant::now().checked_add(limit);
        let mut queue = self.lock();
        loop {
            if let Some(result) = ready(&mut queue) {
                drop(queue);
                self.changed.notify_all();
                return Some(result);
            }
            queue = match deadline
                .map(|deadline| deadline.saturating_duration_since(Instant::now()))
            {
                None => self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return None,
                Some(left) => {
                    self.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// The head of the answer is there.
    pub(crate) fn begin(&self, headers: Vec<(String, String)>, connection: Weak<TcpStream>) {
        self.update(|queue| {
            queue.begun = Some(Begun { headers, connection });
            if queue.reader_has_gone {
                queue.close_connection();
            }
        });
    }

    /// Adds a piece, when there is room for it; false where it will not be read.
    #[must_use]
    pub(crate) fn push(&self, piece: Vec<u8>) -> bool {
        let mut piece = Some(piece);
        let pushed = self.wait(Duration::MAX, |queue| {
            if queue.reader_has_gone || queue.end.is_some() {
                return Some(false);
            }
            let size = piece.as_ref().map_or(0, Vec::len);
            if queue.bytes > 0 && queue.bytes.saturating_add(size) > self.capacity {
                return None;
            }
            queue.pieces.extend(piece.take());
            queue.bytes += size;
            queue.added += size as u64;
            Some(true)
        });
        pushed == Some(true)
    }

    /// No piece will follow. The first end counts.
    pub(crate) fn end(&self, end: End) {
        self.update(|queue| {
            queue.end.get_or_insert(end);
        });
    }

    /// It is not written to any more, whatever has come so far.
    pub(crate) fn break_off(&self) {
        self.update(|queue| {
            let end = if queue.begun.is_some() { End::Broken } else { End::NotStreamed };
            queue.end.get_or_insert(end);
        });
    }

    /// It is not read any more: the function's connection closes, so that it notices.
    pub(crate) fn abandon(&self) {
        self.update(|queue| {
            queue.reader_has_gone = true;
            queue.pieces.clear();
            queue.bytes = 0;
            queue.close_connection();
        });
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.lock().reader_has_gone
    }

    /// Waits for the head: the headers of the answer; nothing where it ends without one.
    pub(crate) fn wait_for_head(&self) -> Option<Vec<(String, String)>> {
        self.wait(Duration::MAX, |queue| match &queue.begun {
            Some(begun) => Some(Some(begun.headers.clone())),
            None => queue.end.as_ref().map(|_| None),
        })?
    }

    /// The headers of the answer, once it has begun.
    pub(crate) fn headers(&self) -> Option<Vec<(String, String)>> {
        self.lock().begun.as_ref().map(|begun| begun.headers.clone())
    }

    /// Waits for the next piece, or for the end after the last one.
    pub(crate) fn next(&self, limit: Duration) -> Next {
        let next = self.wait(limit, |queue| match queue.pieces.pop_front() {
            Some(piece) => {
                queue.bytes -= piece.len();
                Some(Next::Piece(piece))
            }
            None => queue.end.clone().map(Next::End),
        });
        next.unwrap_or(Next::Nothing)
    }

    /// All pieces that have not been taken, as one.
    pub(crate) fn take_all(&self) -> Vec<u8> {
        let mut queue = self.lock();
        queue.bytes = 0;
        let mut all = Vec::new();
        for piece in queue.pieces.drain(..) {
            all.extend(piece);
        }
        all
    }

    /// How many bytes have been added so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.lock().added
    }

    /// The bytes that were read from the function and have not been taken.
    pub(crate) fn in_flight(&self) -> usize {
        self.lock().bytes
    }
}
