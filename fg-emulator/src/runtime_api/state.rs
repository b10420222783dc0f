//! What the API knows, behind one lock, with one condition variable on which every wait is made but
//! those for pieces of a stream.

mod connections;
mod owner;
mod relay;
mod request_hook;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::net::Shutdown;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::http::request_parser::Request;
use crate::process::output::LineSink;
use crate::runtime_api::answer::{Answer, AnswerKind, InvocationState, NoAnswer, Post, Verdict};
use crate::runtime_api::chunk_queue::End;
use crate::runtime_api::event::Event;
use crate::runtime_api::fault::{Fault, Misbehaviour};
use crate::runtime_api::invocation::{Invocation, Progress, Times, Turn};
use crate::runtime_api::peer::Owner;

use connections::Open;
pub(crate) use connections::Registered;
pub(crate) use relay::Passage;
pub(crate) use request_hook::Moment;

/// What has happened so far, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections accepted.
    pub connections: u64,
    /// Connections that neither side has closed.
    pub open_connections: usize,
    /// Polls read to their end.
    pub polls: u64,
    /// POSTs recorded.
    pub posts: usize,
    /// Faults that have not happened yet.
    pub faults_left: usize,
}

/// How large an answer may be, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerLimit {
    pub(crate) whole: usize,
    /// Of one that comes in chunks.
    pub(crate) streamed: usize,
}

/// The state and its condition variable.
#[derive(Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    watch: OnceLock<Box<dyn Fn(Moment) + Send + Sync>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("state", &self.state).finish_non_exhaustive()
    }
}

#[derive(Default)]
pub(crate) struct State {
    stopped: bool,
    invocations: Vec<Invocation>,
    by_request_id: HashMap<String, Vec<usize>>,
    queue: VecDeque<usize>,
    handed_out_last: Option<usize>,
    poll_faults: VecDeque<Misbehaviour>,
    post_faults: VecDeque<Misbehaviour>,
    connections: BTreeMap<u64, Open>,
    accepted: u64,
    polls: u64,
    posts: Vec<Post>,
    raw_requests: Vec<Vec<u8>>,
    /// The connections whose poll waits for its answer.
    waiting: BTreeSet<u64>,
    function_ended: bool,
    /// The largest body of an answer, in bytes.
    answer_limit: Option<AnswerLimit>,
    /// A test looks at what was recorded; an instance that serves for days must not.
    forgets: bool,
    owner: Owner,
    /// What is told of strangers, and of which ones it has been told.
    strangers: Option<LineSink>,
    told_of: BTreeSet<Option<u32>>,
    looked_at: usize,
    /// What was refused, the newest last.
    refusals: VecDeque<String>,
    /// The function speaks the protocol of another cloud.
    speaks_foreign: bool,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("stopped", &self.stopped)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the state, and wakes all that wait for a change.
    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// Waits until `ready` gives something; nothing after the time limit. `ready` may change the
    /// state when it does.
    pub(crate) fn wait<T>(
        &self,
        limit: Duration,
        mut ready: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        // A limit beyond what the clock can express is no limit.
        let deadline = Instant::now().checked_add(limit);
        let mut state = self.lock();
        loop {
            if let Some(result) = ready(&mut state) {
                self.changed.notify_all();
                return Some(result);
            }
            state = match deadline
                .map(|deadline| deadline.saturating_duration_since(Instant::now()))
            {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return None,
                Some(left) => {
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Waits for what the poll on this connection is answered with.
    pub(crate) fn wait_for_turn(&self, connection: u64) -> Turn {
        self.tell(Moment::Poll);
        self.update(|state| state.waiting.insert(connection));
        let turn = self.wait(Duration::MAX, |state| {
            let turn = state.turn(connection)?;
            state.waiting.remove(&connection);
            Some(turn)
        });
        turn.unwrap_or(Turn::Closed)
    }

    /// Lets this time pass; false where the connection ended meanwhile.
    pub(crate) fn pause(&self, connection: u64, time: Duration) -> bool {
        self.wait(time, |state| state.is_closed(connection).then_some(())).is_none()
    }
}

impl State {
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    pub(crate) fn resume(&mut self) {
        self.stopped = false;
    }

    /// Ends all connections; their threads notice.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
        self.break_off_streams();
        for open in self.connections.values() {
            // An error means that it is closed already.
            let _ = open.socket.shutdown(Shutdown::Both);
        }
    }

    /// Whether it has asked for an event at all.
    pub(crate) fn has_polled(&self) -> bool {
        self.polls > 0
    }

    /// The request id of the event that was handed out last, if it has not been answered.
    pub(crate) fn waits_for_answer(&self) -> Option<String> {
        let invocation = &self.invocations[self.handed_out_last?];
        invocation.awaits_answer().then(|| invocation.event.id().to_owned())
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            connections: self.accepted,
            open_connections: self.connections.values().filter(|open| !open.ended).count(),
            polls: self.polls,
            posts: self.posts.len(),
            faults_left: self.poll_faults.len() + self.post_faults.len(),
        }
    }

    pub(crate) fn posts(&self) -> &[Post] {
        &self.posts
    }

    pub(crate) fn raw_requests(&self) -> &[Vec<u8>] {
        &self.raw_requests
    }

    pub(crate) fn record_raw(&mut self, raw: Vec<u8>) {
        if !raw.is_empty() && !self.forgets {
            self.raw_requests.push(raw);
        }
    }

    pub(crate) fn count_poll(&mut self) {
        self.polls += 1;
    }

    pub(crate) fn script(&mut self, fault: Fault) {
        match fault {
            Fault::OnPoll(misbehaviour) => self.poll_faults.push_back(misbehaviour),
            Fault::OnPost(misbehaviour) => self.post_faults.push_back(misbehaviour),
        }
    }

    pub(crate) fn faults_left(&self) -> Vec<Fault> {
        let polls = self.poll_faults.iter().cloned().map(Fault::OnPoll);
        polls.chain(self.post_faults.iter().cloned().map(Fault::OnPost)).collect()
    }

    /// The fault that happens while the request is read which starts with this byte: `G` is a poll,
    /// `P` is a POST.
    pub(crate) fn take_reading_fault(&mut self, first_byte: u8) -> Option<Misbehaviour> {
        let faults = match first_byte {
            b'G' => &mut self.poll_faults,
            b'P' => &mut self.post_faults,
            _ => return None,
        };
        if faults.front()?.is_while_reading() { faults.pop_front() } else { None }
    }

    /// The fault of a POST that has been read.
    pub(crate) fn take_post_fault(&mut self) -> Option<Misbehaviour> {
        if self.post_faults.front()?.is_while_reading() {
            None
        } else {
            self.post_faults.pop_front()
        }
    }

    pub(crate) fn enqueue(&mut self, event: Event) -> usize {
        let invocation = self.invocations.len();
        self.by_request_id.entry(event.id().to_owned()).or_default().push(invocation);
        self.invocations.push(Invocation::new(event));
        self.queue.push_back(invocation);
        invocation
    }

    /// What a waiting poll is answered with, if anything yet.
    fn turn(&mut self, connection: u64) -> Option<Turn> {
        if self.is_closed(connection) {
            return Some(Turn::Closed);
        }
        let next = self.poll_faults.front();
        if next.is_some_and(Misbehaviour::is_instead_of_answer) {
            return self.poll_faults.pop_front().map(Turn::Instead);
        }
        // A fault while reading is for the next poll that arrives.
        let happens_now = next.is_some_and(|fault| !fault.is_while_reading());
        let again = self.handed_out_last.filter(|_| next == Some(&Misbehaviour::Duplicate));
        let taken = if again.is_none() { Some(self.queue.pop_front()?) } else { None };
        let invocation = again.or(taken)?;
        let fault = if happens_now { self.poll_faults.pop_front() } else { None };
        self.invocations[invocation].progress = Progress::HandedOut(connection);
        self.invocations[invocation].times.handed_out = Some(Instant::now());
        self.handed_out_last = Some(invocation);
        Some(Turn::Event { event: self.invocations[invocation].event.clone(), fault, taken })
    }

    /// Puts an event that was not delivered back to the front of the queue.
    pub(crate) fn give_back(&mut self, invocation: usize, connection: u64) {
        let record = &mut self.invocations[invocation];
        // The part that was delivered may have been enough for an answer.
        if !record.is_answered() {
            record.progress = Progress::CutShort(connection);
            self.queue.push_front(invocation);
            self.handed_out_last = self.handed_out_last.filter(|last| *last != invocation);
        }
    }

    /// Records a POST, and makes it the answer of its invocation unless it is not to be accepted.
    pub(crate) fn record_post(
        &mut self,
        connection: u64,
        request: &Request,
        kind: AnswerKind,
        id: &str,
        accept: bool,
    ) -> Verdict {
        let size = request.size();
        let verdict = if !accept {
            Verdict::Refused
        } else if self.answer_limit.is_some_and(|limit| {
            size > if request.is_chunked() { limit.streamed } else { limit.whole }
        }) {
            self.note_too_large(id, size);
            Verdict::TooLarge
        } else {
            self.accept(
                id,
                Answer { kind, body: request.body.clone(), headers: request.headers.clone() },
            )
        };
        if self.forgets {
            return verdict;
        }
        self.posts.push(Post {
            path: request.target.clone(),
            request_id: id.to_owned(),
            kind,
            body: request.body.clone(),
            headers: request.headers.clone(),
            connection,
            at: Instant::now(),
            verdict,
        });
        verdict
    }

    fn accept(&mut self, id: &str, answer: Answer) -> Verdict {
        let mut verdict = Verdict::Unknown;
        for &invocation in self.by_request_id.get(id).into_iter().flatten() {
            let record = &mut self.invocations[invocation];
            if record.is_answered() {
                verdict = Verdict::Duplicate;
            } else if record.awaits_answer() {
                record.answer = Some(answer);
                record.times.answered = Some(Instant::now());
                record.stream.iter().for_each(|stream| stream.end(End::NotStreamed));
                return Verdict::Accepted;
            }
        }
        verdict
    }

    fn note_too_large(&mut self, id: &str, size: usize) {
        for &invocation in self.by_request_id.get(id).into_iter().flatten() {
            let record = &mut self.invocations[invocation];
            record.times.answered = Some(Instant::now());
            record.too_large = Some(size);
        }
    }

    pub(crate) fn request_id(&self, invocation: usize) -> &str {
        self.invocations[invocation].event.id()
    }

    /// The answer to an invocation, or how far it has come.
    pub(crate) fn outcome(&self, invocation: usize) -> Result<Answer, NoAnswer> {
        let record = &self.invocations[invocation];
        if let Some(answer) = &record.answer {
            return Ok(answer.clone());
        }
        let state = match record.progress {
            Progress::NeverPolled => InvocationState::NeverPolled,
            Progress::CutShort(connection) => InvocationState::CutShort { connection },
            Progress::HandedOut(connection) if self.is_closed(connection) => {
                InvocationState::ConnectionClosed { connection }
            }
            Progress::HandedOut(connection) => InvocationState::HandedOut { connection },
        };
        Err(NoAnswer { request_id: record.event.id().to_owned(), state, stopped: self.stopped })
    }

    pub(crate) fn answer_limit(&self) -> Option<AnswerLimit> {
        self.answer_limit
    }

    /// The process behind the API has ended: there will be no poll and no answer.
    pub(crate) fn mark_function_ended(&mut self) {
        self.function_ended = true;
    }

    pub(crate) fn function_ended(&self) -> bool {
        self.function_ended
    }

    /// Whether a poll waits for an event.
    pub(crate) fn has_waiting_poll(&self) -> bool {
        self.waiting.iter().any(|connection| !self.is_closed(*connection))
    }

    /// Whether the function has closed the connection that has the event, and asks for another one.
    pub(crate) fn is_abandoned(&self, invocation: usize) -> bool {
        let taken_by = match self.invocations[invocation].progress {
            Progress::HandedOut(connection) => connection,
            Progress::NeverPolled | Progress::CutShort(_) => return false,
        };
        self.is_closed(taken_by) && self.has_waiting_poll()
    }

    pub(crate) fn times(&self, invocation: usize) -> Times {
        self.invocations[invocation].times
    }

    /// The size of the answer that was refused as too large, in bytes.
    pub(crate) fn too_large(&self, invocation: usize) -> Option<usize> {
        self.invocations[invocation].too_large
    }

    /// The answer is no longer waited for: it will not be handed out, and its bytes are given
    /// back.
    pub(crate) fn close(&mut self, invocation: usize) {
        self.queue.retain(|queued| *queued != invocation);
        self.handed_out_last = self.handed_out_last.filter(|last| *last != invocation);
        let id = self.invocations[invocation].event.id().to_owned();
        self.by_request_id.remove(&id);
        self.invocations[invocation].event = Event::new(Vec::new()).request_id(id);
        self.invocations[invocation].answer = None;
        self.invocations[invocation].stream = None;
    }
}
