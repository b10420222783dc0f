//! The two Runtime APIs, FunctionGraph's and AWS Lambda's, on a loopback port: blocking sockets,
//! one thread for each connection.

use std::io::{self, IoSlice, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::request::{Request, Requests};

/// Which Runtime API a program speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    FunctionGraph,
    Lambda,
}

/// The event of every invocation, and its expected response.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) payload: Arc<Vec<u8>>,
    /// The beginning of the response.
    pub(crate) reply_start: String,
    /// The minimum length of the response.
    pub(crate) reply_length: usize,
}

/// The server. The program under test polls it, and gets an event for each poll that
/// [`feed`](Self::feed) has allowed.
pub(crate) struct Api {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    protocol: Protocol,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    event: Option<Event>,
    /// The number of events that may still be sent.
    allowed: usize,
    /// The number of events sent so far.
    given: usize,
    /// The id of the event that has not been answered yet.
    unanswered: Option<String>,
    /// When the last event was sent.
    given_at: Option<Instant>,
    /// The times from sending an event to the poll for the next one.
    cycles: Vec<Duration>,
    polling: bool,
    connections: usize,
    error: Option<String>,
    closed: bool,
}

impl Api {
    pub(crate) fn start(protocol: Protocol) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared =
            Arc::new(Shared { protocol, state: Mutex::default(), changed: Condvar::new() });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.lock().closed {
                    return;
                }
                let Ok(stream) = stream else { continue };
                serving.lock().connections += 1;
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || {
                    if let Err(error) = serving.serve(&stream) {
                        serving.report(format!("on a connection: {error}"));
                    }
                });
            }
        });
        Ok(Self { address, shared })
    }

    /// The host and the port.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// The number of connections that the program has opened.
    pub(crate) fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// Waits for the program's first poll.
    pub(crate) fn wait_for_poll(&self, limit: Duration) -> Result<(), String> {
        self.shared.wait_until_idle(limit).map(drop)
    }

    /// Sends the program this event a number of times, until it polls for one more. Returns the
    /// time of each, from the event to the next poll.
    pub(crate) fn feed(
        &self,
        event: &Event,
        count: usize,
        limit: Duration,
    ) -> Result<Vec<Duration>, String> {
        self.wait_for_poll(limit)?;
        {
            let mut state = self.shared.lock();
            state.event = Some(event.clone());
            state.allowed = count;
            state.cycles = Vec::with_capacity(count);
            self.shared.changed.notify_all();
        }
        let mut state = self.shared.wait_until_idle(limit)?;
        Ok(std::mem::take(&mut state.cycles))
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        // Connecting wakes up the listener, which then sees that it is closed.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self, error: String) {
        let mut state = self.lock();
        if !state.closed {
            state.error.get_or_insert(error);
            self.changed.notify_all();
        }
    }

    fn wait_until_idle(&self, limit: Duration) -> Result<MutexGuard<'_, State>, String> {
        let is_busy =
            |state: &mut State| state.error.is_none() && !(state.polling && state.allowed == 0);
        let (mut state, waited) = self
            .changed
            .wait_timeout_while(self.lock(), limit, is_busy)
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        if waited.timed_out() {
            return Err(format!("the program has taken {} events and does not go on", state.given));
        }
        Ok(state)
    }

    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut requests = Requests::new(stream.try_clone()?);
        loop {
            let request = match requests.next() {
                Ok(Some(request)) => request,
                Ok(None) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
                Err(error) => return Err(error),
            };
            if request.is_poll {
                let Some((head, payload)) = self.next_event() else { return Ok(()) };
                write_all(stream, head.as_bytes(), &payload)?;
            } else {
                self.take_answer(&request);
                let accepted = match self.protocol {
                    Protocol::FunctionGraph => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                    Protocol::Lambda => "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
                };
                write_all(stream, accepted.as_bytes(), &[])?;
            }
        }
    }

    /// Waits until an event may be sent, and returns its head and its payload; `None` after the
    /// server was closed.
    fn next_event(&self) -> Option<(String, Arc<Vec<u8>>)> {
        let now = Instant::now();
        let mut state = self.lock();
        if let Some(given_at) = state.given_at.take() {
            state.cycles.push(now - given_at);
        }
        if let Some(id) = state.unanswered.take() {
            state.error.get_or_insert_with(|| format!("polled without an answer to {id}"));
        }
        state.polling = true;
        if state.allowed == 0 {
            self.changed.notify_all();
        }
        let mut state = self
            .changed
            .wait_while(state, |state| state.allowed == 0 && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        let payload = Arc::clone(&state.event.as_ref().filter(|_| state.allowed > 0)?.payload);
        state.polling = false;
        state.allowed -= 1;
        state.given += 1;
        let id = format!("8d5f3a10-6c1e-4b7a-9f02-{:012}", state.given);
        let head = self.protocol.head(&id, payload.len());
        state.unanswered = Some(id);
        state.given_at = Some(Instant::now());
        Some((head, payload))
    }

    fn take_answer(&self, request: &Request) {
        let mut state = self.lock();
        let Some(id) = state.unanswered.take() else {
            state.error.get_or_insert_with(|| {
                format!("an answer that is not waited for: {}", request.path)
            });
            return;
        };
        let is_expected = request.path == self.protocol.answer_path(&id)
            && state.event.as_ref().is_some_and(|event| {
                request.body.starts_with(event.reply_start.as_bytes())
                    && request.body_length >= event.reply_length
            });
        if !is_expected {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            state.error.get_or_insert_with(|| {
                format!("not the reply: {} {} bytes: {body}", request.path, request.body_length)
            });
        }
    }
}

impl Protocol {
    /// The head of an event, as the platform sends it to a function without an agency.
    fn head(self, id: &str, length: usize) -> String {
        let common = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 23 Nov 2026 03:21:00 GMT\r\n";
        match self {
            Self::FunctionGraph => {
                format!(
                    "{common}X-CFF-Request-Id: {id}\r\nX-CFF-Invoke-Type: sync\r\nContent-Length: {length}\r\n\r\n"
                )
            }
            Self::Lambda => format!(
                "{common}Lambda-Runtime-Aws-Request-Id: {id}\r\nLambda-Runtime-Deadline-Ms: 1999999999999\r\n\
                Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:greet\r\n\
                Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1\r\n\
                Content-Length: {length}\r\n\r\n"
            ),
        }
    }

    fn answer_path(self, id: &str) -> String {
        match self {
            Self::FunctionGraph => format!("/v1/runtime/invocation/response/{id}"),
            Self::Lambda => format!("/2018-06-01/runtime/invocation/{id}/response"),
        }
    }
}

/// Writes both, in one system call if possible.
fn write_all(mut stream: &TcpStream, mut head: &[u8], mut body: &[u8]) -> io::Result<()> {
    while !head.is_empty() || !body.is_empty() {
        let written = stream.write_vectored(&[IoSlice::new(head), IoSlice::new(body)])?;
        let of_head = written.min(head.len());
        head = &head[of_head..];
        body = &body[written - of_head..];
    }
    Ok(())
}
