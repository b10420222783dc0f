//! The handle that a test holds: events go in, answers and observations come out.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::answer::Post;
use super::answer_stream::AnswerStream;
use super::chunk_queue::ChunkQueue;
use super::event::Event;
use super::fault::Fault;
use super::pending::Pending;
use super::server;
use super::state::{Counts, Shared, State};
use crate::http::accept_loop::AcceptLoop;

/// The Runtime API of one instance of a function, on a TCP port. See the [crate's page](crate) for
/// an example.
///
/// Dropping it does what [`stop`](Self::stop) does.
#[derive(Debug)]
pub struct RuntimeApi {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: Mutex<Option<AcceptLoop>>,
}

impl RuntimeApi {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If the port cannot be opened.
    pub fn start() -> io::Result<Self> {
        Self::start_at("127.0.0.1:0")
    }

    /// Starts at this address, such as one that the function has been polling without success.
    ///
    /// # Errors
    ///
    /// If the port cannot be opened.
    pub fn start_at(address: impl ToSocketAddrs) -> io::Result<Self> {
        let shared = Arc::default();
        let server = server::start(&shared, address)?;
        Ok(Self { shared, address: server.address(), server: Mutex::new(Some(server)) })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Host and port without a scheme: the value of `RUNTIME_API_ADDR`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Closes all connections, frees the port, and ends all threads. The records can still be read.
    pub fn stop(&self) {
        let mut server = self.server.lock();
        self.shared.update(State::stop);
        if let Some(server) = server.take() {
            server.stop();
        }
    }

    /// Stops if needed, and starts again at the same address with the same state: an invocation
    /// that was handed out before can be answered after.
    ///
    /// # Errors
    ///
    /// If the port cannot be opened. The API is stopped then.
    pub fn restart(&self) -> io::Result<()> {
        self.stop();
        self.shared.update(State::resume);
        let started = server::start(&self.shared, self.address)
            .inspect_err(|_| self.shared.update(State::stop))?;
        *self.server.lock() = Some(started);
        Ok(())
    }

    /// Queues an event for the next poll.
    pub fn invoke(&self, event: Event) -> Pending {
        let invocation = self.shared.update(|state| state.enqueue(event));
        Pending::new(&self.shared, invocation)
    }

    /// Queues an event whose answer can be read while the function writes it.
    pub fn invoke_streaming(&self, event: Event) -> AnswerStream {
        let chunks = Arc::new(ChunkQueue::bounded());
        AnswerStream::new(self.invoke_into(event, &chunks), chunks)
    }

    /// Queues an event. A chunked answer goes into the queue.
    pub(crate) fn invoke_into(&self, event: Event, chunks: &Arc<ChunkQueue>) -> Pending {
        let invocation =
            self.shared.update(|state| state.enqueue_streamed(event, Arc::clone(chunks)));
        Pending::new(&self.shared, invocation)
    }

    /// Queues a fault. It happens once, after the faults that were queued before it.
    pub fn script(&self, fault: Fault) {
        self.shared.update(|state| state.script(fault));
    }

    /// The faults that have not happened yet: first those of polls, then those of POSTs.
    #[must_use]
    pub fn faults_left(&self) -> Vec<Fault> {
        self.shared.read(State::faults_left)
    }

    /// Every POST of an answer, in the order of arrival, accepted or not.
    #[must_use]
    pub fn posts(&self) -> Vec<Post> {
        self.shared.read(|state| state.posts().to_vec())
    }

    /// The bytes of every request as they arrived, in the order of arrival. Of a request that was
    /// not read to its end they are the part that was read; of an answer that was relayed to an
    /// [`AnswerStream`], the head.
    #[must_use]
    pub fn raw_requests(&self) -> Vec<Vec<u8>> {
        self.shared.read(|state| state.raw_requests().to_vec())
    }

    /// How many connections have been accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.counts().connections
    }

    /// How many connections neither side has closed.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.counts().open_connections
    }

    /// How many polls were read to their end.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.counts().polls
    }

    /// All counts at one moment.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.read(State::counts)
    }

    /// Waits until the counts meet a condition, and returns whether they did within the time limit.
    ///
    /// ```
    /// # let api = fg_emulator::RuntimeApi::start()?;
    /// # let connection = std::net::TcpStream::connect(api.address())?;
    /// assert!(api.wait_until(std::time::Duration::from_secs(10), |counts| counts.open_connections == 1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn wait_until(&self, limit: Duration, mut reached: impl FnMut(&Counts) -> bool) -> bool {
        self.shared.wait(limit, |state| reached(&state.counts()).then_some(())).is_some()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.stop();
    }
}
