//! One connection: a thread that reads its requests, and one that answers them, strictly in turn.
//!
//! Reading needs a thread of its own because a poll may wait for long, and the end of the
//! connection has to be noticed meanwhile: an event is not handed to a function that has gone.

mod refusal;
mod relay;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::http::request_parser::{
    Endpoint, Extent, Limits, Malformed, OnHead, Request, Unread, peek_first_byte, read_request,
};
use crate::http::response::Reply;
use crate::runtime_api::answer::Verdict;
use crate::runtime_api::fault::{Afterwards, Misbehaviour};
use crate::runtime_api::invocation::Turn;
use crate::runtime_api::peer::{self, Standing};
use crate::runtime_api::state::{Shared, State};
use refusal::{let_in, refuse_stranger};

/// The largest head that a function can send, in bytes.
const MOST_HEAD: usize = 1 << 20;

/// Serves a connection until either side ends it. The socket is closed when its owner drops it.
pub(crate) fn serve(shared: &Shared, socket: &TcpStream, number: u64) {
    // Each write is to leave at once; where this fails the connection is of no use anyway.
    let _ = socket.set_nodelay(true);
    let Some(owner) = shared.wait_for_owner() else { return };
    let standing = peer::standing(owner, socket, || shared.update(State::look_at_stranger));
    match &standing {
        Standing::Stranger(stranger) => return refuse_stranger(shared, socket, stranger),
        Standing::Unknown | Standing::Gone => shared.update(|state| state.mark_unknown(number)),
        Standing::Own => {}
    }
    let connection = Connection { shared, socket, number, standing: &standing };
    let (requests, to_answer) = channel();
    let (answered, to_read) = channel();
    thread::scope(|scope| {
        scope.spawn(move || connection.answer_requests(to_answer, answered));
        connection.read_requests(requests, to_read);
    });
}

#[derive(Clone, Copy, Debug)]
struct Connection<'a> {
    shared: &'a Shared,
    socket: &'a TcpStream,
    number: u64,
    standing: &'a Standing,
}

/// What happens to the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    ReadOn,
    Close,
    /// Only the sending side is closed.
    StopAnswering,
}

/// A request that was read, and is to be answered.
#[derive(Debug)]
enum Incoming {
    Request(Request),
    /// An answer that was passed on to its end, or until it was too much.
    Streamed {
        head: Request,
        verdict: Verdict,
    },
    Malformed(Malformed),
    /// It is answered before its end.
    Refused(Reply),
}

impl Incoming {
    /// It is answered before its end, so that nothing behind it can be a request.
    fn has_unread_rest(&self) -> bool {
        matches!(
            self,
            Self::Streamed { verdict: Verdict::TooLarge, .. }
                | Self::Refused(_)
                | Self::Malformed(_)
        )
    }
}

impl Connection<'_> {
    fn read_requests(self, requests: Sender<Incoming>, answered: Receiver<()>) {
        let mut is_first = true;
        while let Some(first_byte) = peek_first_byte(self.socket) {
            if !is_first && answered.recv().is_err() {
                break;
            }
            is_first = false;
            let fault = self.shared.update(|state| state.take_reading_fault(first_byte));
            let incoming = match fault {
                Some(Misbehaviour::AnswerEarly { after, status, body, then }) => {
                    if self.answer_early(after, Reply::text(status, body), then) {
                        is_first = true;
                        continue;
                    }
                    break;
                }
                Some(fault) => {
                    self.misread(&fault);
                    break;
                }
                None => self.read(Extent::Whole),
            };
            let Some(incoming) = incoming else { break };
            let has_unread_rest = incoming.has_unread_rest();
            if requests.send(incoming).is_err() {
                break;
            }
            if has_unread_rest {
                // Until the answer is written and the sending side is closed.
                let _ = answered.recv();
                self.let_it_be_read();
                break;
            }
        }
        self.shared.update(|state| state.mark_ended(self.number));
        // The answering thread ends when nothing is left that could send it a request.
        drop((requests, answered));
    }

    /// Reads and records a request; nothing where there is no more to be answered.
    fn read(self, extent: Extent) -> Option<Incoming> {
        let mut passage = None;
        let most = self.shared.read(State::answer_limit);
        let limits = most.map_or(Limits::GENEROUS, |most| Limits {
            head: MOST_HEAD,
            body: most.whole,
            ..Limits::GENEROUS
        });
        let (raw, request) = read_request(self.socket, extent, limits, |head| {
            if let Err(reason) = let_in(self.standing, head) {
                return OnHead::Refuse(Reply::text(403, reason));
            }
            if !head.is_chunked() {
                return if head.content_length > limits.body {
                    OnHead::Leave
                } else {
                    OnHead::Read
                };
            }
            passage = self.shared.update(|state| state.begin_stream(self.number, head));
            if passage.is_some() { OnHead::Leave } else { OnHead::Read }
        });
        if let (Ok(request), None) = (&request, &passage) {
            // Too large to be kept, which the answer says.
            let left = (request.size() - request.body.len()) as u64;
            if !request.is_chunked()
                && io::copy(&mut { self.socket }.take(left), &mut io::sink()).ok() != Some(left)
            {
                return None;
            }
        }
        let is_counted = !matches!(extent, Extent::Bytes(_));
        let is_poll = request.as_ref().is_ok_and(|request| request.endpoint() == Endpoint::Poll);
        self.shared.update(|state| {
            state.record_raw(raw);
            if is_counted && is_poll {
                state.count_poll();
            }
        });
        match (request, passage) {
            (Ok(head), Some(passage)) => self.pass_on(head, &passage),
            (Ok(request), None) => Some(Incoming::Request(request)),
            (Err(Unread::Malformed(malformed)), None) => Some(Incoming::Malformed(malformed)),
            (Err(Unread::Refused(reply)), None) => Some(Incoming::Refused(reply)),
            (Err(_), passage) => {
                if let Some(passage) = passage {
                    passage.stream.break_off();
                }
                None
            }
        }
    }

    /// Reads as little of a request as the fault wants; then the connection closes.
    fn misread(self, fault: &Misbehaviour) {
        match fault {
            Misbehaviour::CloseAfterReading(bytes) => {
                self.read(Extent::Bytes(*bytes));
            }
            Misbehaviour::Reset => {
                let incoming = self.read(Extent::AllButLastByte);
                if let Some(Incoming::Request(request)) = &incoming {
                    self.record_post(request, true);
                }
            }
            // What has arrived is thrown away, since bytes left in the socket would turn the close
            // into a reset.
            _ => {
                let _ = self.socket.shutdown(Shutdown::Write);
                if self.socket.set_nonblocking(true).is_ok() {
                    let _ = io::copy(&mut { self.socket }, &mut io::sink());
                }
            }
        }
    }

    fn answer_requests(self, requests: Receiver<Incoming>, answered: Sender<()>) {
        for request in &requests {
            // Where an answer is not written to its end, there is no way to go on.
            match self.answer(request).unwrap_or(Next::Close) {
                Next::ReadOn => {}
                Next::Close => {
                    let _ = self.socket.shutdown(Shutdown::Both);
                    break;
                }
                Next::StopAnswering => {
                    let _ = self.socket.shutdown(Shutdown::Write);
                    break;
                }
            }
            if answered.send(()).is_err() {
                break;
            }
        }
        // The reading thread ends when it needs an answer and nothing is left to give one.
        drop((requests, answered));
    }

    fn answer(self, incoming: Incoming) -> io::Result<Next> {
        let request = match incoming {
            Incoming::Request(request) => request,
            Incoming::Streamed { head, verdict } => return self.acknowledge_stream(&head, verdict),
            Incoming::Malformed(Malformed { status, reason }) => {
                self.note_refusal(
                    "a request",
                    &format!("{status}, not a request that is taken: {reason}"),
                );
                self.write(
                    &announced(Reply::text(status, format!("not a request: {reason}")), false)
                        .sized(),
                )?;
                return Ok(Next::StopAnswering);
            }
            Incoming::Refused(reply) => {
                self.write(&announced(reply, false).sized())?;
                return Ok(Next::StopAnswering);
            }
        };
        let next = match request.endpoint() {
            Endpoint::Poll => self.answer_poll(request.keep_alive),
            Endpoint::Answer(..) => self.answer_post(&request),
            Endpoint::WrongMethod => self.refuse_method(&request),
            Endpoint::Unknown => self.refuse_target(&request),
        }?;
        Ok(if next == Next::ReadOn && !request.keep_alive { Next::Close } else { next })
    }

    fn answer_poll(self, keep_alive: bool) -> io::Result<Next> {
        match self.shared.wait_for_turn(self.number) {
            Turn::Closed => Ok(Next::Close),
            Turn::Instead(fault) => self.send_instead(fault),
            Turn::Event { event, fault, taken } => {
                let result = self.send(announced(event.to_reply(), keep_alive), fault.as_ref());
                if let (Err(_), Some(invocation)) = (&result, taken) {
                    self.shared.update(|state| state.give_back(invocation, self.number));
                }
                result
            }
        }
    }

    fn answer_post(self, request: &Request) -> io::Result<Next> {
        let fault = self.shared.update(State::take_post_fault);
        let verdict =
            self.record_post(request, fault.as_ref().is_none_or(Misbehaviour::accepts_post));
        match fault {
            Some(fault) if fault.is_instead_of_answer() => self.send_instead(fault),
            fault => {
                let reply = match verdict {
                    Verdict::Accepted | Verdict::Refused => Reply::empty(200),
                    Verdict::TooLarge => Reply::text(
                        413,
                        format!(
                            "a response of {} bytes is larger than the platform takes",
                            request.size()
                        ),
                    ),
                    Verdict::Duplicate => self.refuse_second_answer(request),
                    Verdict::Unknown => self.refuse_unknown_id(request),
                };
                self.send(announced(reply, request.keep_alive), fault.as_ref())
            }
        }
    }

    fn record_post(self, request: &Request, accept: bool) -> Verdict {
        let Endpoint::Answer(kind, id) = request.endpoint() else { return Verdict::Refused };
        if accept {
            self.shared.tell_of_answer(id);
        }
        self.shared.update(|state| state.record_post(self.number, request, kind, id, accept))
    }

    fn send_instead(self, fault: Misbehaviour) -> io::Result<Next> {
        match fault {
            Misbehaviour::Status { code, headers, body } => {
                self.send(Reply { status: code, headers, body }, None)
            }
            Misbehaviour::Raw { bytes, then } => {
                self.write(&bytes)?;
                Ok(if then == Afterwards::Close { Next::Close } else { Next::ReadOn })
            }
            _ => Ok(Next::StopAnswering),
        }
    }

    /// Sends a reply in the way that the fault wants. An error means that it was not written to its
    /// last byte.
    fn send(self, mut reply: Reply, fault: Option<&Misbehaviour>) -> io::Result<Next> {
        let mut next = if reply.closes() { Next::Close } else { Next::ReadOn };
        match fault {
            Some(Misbehaviour::CutAt(length)) => {
                let bytes = reply.sized();
                self.write(&bytes[..bytes.len().min(*length)])?;
                if *length < bytes.len() {
                    return Err(ErrorKind::ConnectionAborted.into());
                }
                next = Next::Close;
            }
            Some(Misbehaviour::Drip { bytes_per_write, pause }) => {
                for (index, piece) in reply.sized().chunks((*bytes_per_write).max(1)).enumerate() {
                    if index > 0 {
                        self.pause(*pause)?;
                    }
                    self.write(piece)?;
                }
            }
            Some(Misbehaviour::Chunked { sizes, extension, trailers }) => {
                self.write(&reply.chunked(sizes, extension.as_deref(), trailers))?;
            }
            Some(Misbehaviour::CloseDelimited) => {
                self.write(&reply.close_delimited())?;
                next = Next::Close;
            }
            Some(Misbehaviour::InterimFirst(codes)) => {
                for code in codes {
                    self.write(&Reply::empty(*code).head())?;
                }
                self.write(&reply.sized())?;
            }
            Some(Misbehaviour::Delay(time)) => {
                self.pause(*time)?;
                self.write(&reply.sized())?;
            }
            Some(Misbehaviour::ConnectionClose) => {
                reply.default_header("Connection", "close");
                self.write(&reply.sized())?;
                next = Next::Close;
            }
            Some(Misbehaviour::CloseAfterReply) => {
                self.write(&reply.sized())?;
                next = Next::Close;
            }
            _ => self.write(&reply.sized())?,
        }
        Ok(next)
    }

    fn write(self, bytes: &[u8]) -> io::Result<()> {
        { self.socket }.write_all(bytes)
    }

    fn pause(self, time: Duration) -> io::Result<()> {
        if self.shared.pause(self.number, time) {
            Ok(())
        } else {
            Err(ErrorKind::ConnectionAborted.into())
        }
    }
}

/// With `Connection: close`, where the function does not want to keep the connection.
fn announced(mut reply: Reply, keep_alive: bool) -> Reply {
    if !keep_alive {
        reply.default_header("Connection", "close");
    }
    reply
}
