//! The handle that a test holds: events go in, answers and observations come out.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::runtime_api::answer::{Answer, NoAnswer, Post};
use crate::runtime_api::answer_stream::AnswerStream;
use crate::runtime_api::chunk_queue::Stream;
use crate::runtime_api::event::Event;
use crate::runtime_api::fault::Fault;
use crate::runtime_api::server::Listener;
use crate::runtime_api::state::{Counts, Shared, State};

/// The Runtime API of one instance of a function, on a TCP port. See the [crate's page](crate) for
/// an example.
///
/// Dropping it does what [`stop`](Self::stop) does.
#[derive(Debug)]
pub struct RuntimeApi {
    shared: Arc<Shared>,
    address: SocketAddr,
    listener: Mutex<Option<Listener>>,
}

impl RuntimeApi {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// Where the port cannot be opened.
    pub fn start() -> io::Result<Self> {
        Self::start_at("127.0.0.1:0")
    }

    /// Starts at this address, such as one where the function has been polling in vain.
    ///
    /// # Errors
    ///
    /// Where the port cannot be opened.
    pub fn start_at(address: impl ToSocketAddrs) -> io::Result<Self> {
        let shared = Arc::default();
        let listener = Listener::start(&shared, address)?;
        Ok(Self { shared, address: listener.address(), listener: Mutex::new(Some(listener)) })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Host and port without a scheme: the value of `RUNTIME_API_ADDR`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Closes all connections, frees the port, and ends all threads. What has been recorded can
    /// still be read.
    pub fn stop(&self) {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.update(State::stop);
        if let Some(listener) = listener.take() {
            listener.join();
        }
    }

    /// Stops if needed, and starts again at the same address with everything it knows: an
    /// invocation that was handed out before can be answered after.
    ///
    /// # Errors
    ///
    /// Where the port cannot be opened; the API is stopped then.
    pub fn restart(&self) -> io::Result<()> {
        self.stop();
        self.shared.update(State::resume);
        let started = Listener::start(&self.shared, self.address)
            .inspect_err(|_| self.shared.update(State::stop))?;
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(started);
        Ok(())
    }

    /// Queues an event for the next poll that is free.
    pub fn invoke(&self, event: Event) -> Pending {
        let invocation = self.shared.update(|state| state.enqueue(event));
        Pending { shared: Arc::clone(&self.shared), invocation }
    }

    /// Queues an event whose answer is read while it comes, piece by piece.
    pub fn invoke_streaming(&self, event: Event) -> AnswerStream {
        let stream = Arc::new(Stream::for_a_reader());
        AnswerStream::new(self.invoke_into(event, &stream), stream)
    }

    /// Queues an event; an answer in chunks goes into the stream.
    pub(crate) fn invoke_into(&self, event: Event, stream: &Arc<Stream>) -> Pending {
        let invocation =
            self.shared.update(|state| state.enqueue_streamed(event, Arc::clone(stream)));
        Pending { shared: Arc::clone(&self.shared), invocation }
    }

    /// Queues a fault: it happens once, after those that were queued before, and then all is as
    /// usual.
    pub fn script(&self, fault: Fault) {
        self.shared.update(|state| state.script(fault));
    }

    /// The faults that have not happened yet: those of polls, then those of POSTs.
    #[must_use]
    pub fn faults_left(&self) -> Vec<Fault> {
        self.shared.read(State::faults_left)
    }

    /// Every POST of an answer, in the order of arrival, accepted or not.
    #[must_use]
    pub fn posts(&self) -> Vec<Post> {
        self.shared.read(|state| state.posts().to_vec())
    }

    /// The bytes of every request as they came over the wire, in the order of arrival; of one that
    /// was not read to its end, the part that was; of an answer that was passed on to an
    /// [`AnswerStream`], its head.
    #[must_use]
    pub fn raw_requests(&self) -> Vec<Vec<u8>> {
        self.shared.read(|state| state.raw_requests().to_vec())
    }

    /// How many connections were accepted so far.
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

    /// All numbers, taken at one moment.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.read(State::counts)
    }

    /// Waits until the numbers are as a test wants them, and tells whether that happened within the
    /// time limit.
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

/// An invocation whose answer can be waited for.
#[derive(Debug)]
pub struct Pending {
    shared: Arc<Shared>,
    invocation: usize,
}

impl Pending {
    pub(crate) fn number(&self) -> usize {
        self.invocation
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The request id of the event.
    #[must_use]
    pub fn request_id(&self) -> String {
        self.shared.read(|state| state.request_id(self.invocation).to_owned())
    }

    /// Waits for the answer. It stays available: to wait again gives it again.
    ///
    /// # Errors
    ///
    /// Where no answer came within the time limit, or the API is stopped: how far the invocation
    /// has come.
    pub fn wait(&self, limit: Duration) -> Result<Answer, NoAnswer> {
        let ended = self.shared.wait(limit, |state| match state.outcome(self.invocation) {
            Err(no_answer) if !no_answer.stopped => None,
            outcome => Some(outcome),
        });
        ended.unwrap_or_else(|| self.shared.read(|state| state.outcome(self.invocation)))
    }
}
