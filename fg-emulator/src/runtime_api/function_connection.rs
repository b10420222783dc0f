//! One connection of the function: a thread reads its requests, another one answers them, in turn.
//!
//! Reading needs a thread of its own because a poll may wait for long. If the connection ends
//! meanwhile, that has to be noticed, so that no event is handed to a function that has gone.

mod refusal;
mod relay;
mod responder;

use std::io::{self, Read};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::answer::Verdict;
use super::endpoint::Endpoint;
use super::fault::Misbehaviour;
use super::peer::{self, PeerIdentity};
use super::state::{Shared, State};
use crate::http::limits::RequestLimits;
use crate::http::read_error::{InvalidRequest, ReadError};
use crate::http::reader::{BodyAction, ReadUntil, read_request};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::socket::peek_first_byte;

use refusal::{check_peer, refuse_stranger};

/// The largest head that an instance accepts, in bytes.
const MAX_HEAD: usize = 1 << 20;

/// Serves a connection until either side ends it. Its owner closes the socket.
pub(super) fn serve(shared: &Shared, socket: &TcpStream, number: u64) {
    // Without Nagle's algorithm each write leaves at once. If this fails the connection is broken.
    let _ = socket.set_nodelay(true);
    let Some(owner) = shared.wait_for_owner() else { return };
    let peer = peer::identify(owner, socket, || shared.update(State::may_look_up_stranger));
    match &peer {
        PeerIdentity::Stranger(stranger) => return refuse_stranger(shared, socket, stranger),
        PeerIdentity::Unknown | PeerIdentity::Gone => {
            shared.update(|state| state.mark_peer_unknown(number));
        }
        PeerIdentity::Owner => {}
    }
    let connection = Connection { shared, socket, number, peer: &peer };
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
    peer: &'a PeerIdentity,
}

/// A request that is to be answered.
#[derive(Debug)]
enum Incoming {
    Request(Request),
    /// An answer that was relayed to its end, or until it was too large.
    Relayed {
        head: Request,
        verdict: Verdict,
    },
    InvalidRequest(InvalidRequest),
    /// To be answered with this response before its end.
    Refused(Response),
}

impl Incoming {
    /// Whether a part of the request was not read, so that no other request can follow.
    fn has_unread_rest(&self) -> bool {
        matches!(
            self,
            Self::Relayed { verdict: Verdict::TooLarge, .. }
                | Self::Refused(_)
                | Self::InvalidRequest(_)
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
                Some(Misbehaviour::RespondEarly { after, status, body, then }) => {
                    if self.respond_early(after, Response::text(status, body), then) {
                        is_first = true;
                        continue;
                    }
                    break;
                }
                Some(fault) => {
                    self.misread(&fault);
                    break;
                }
                None => self.read(ReadUntil::End),
            };
            let Some(incoming) = incoming else { break };
            let has_unread_rest = incoming.has_unread_rest();
            if requests.send(incoming).is_err() {
                break;
            }
            if has_unread_rest {
                // Until the response is written and the sending side is closed.
                let _ = answered.recv();
                self.discard_rest();
                break;
            }
        }
        self.shared.update(|state| state.mark_ended(self.number));
        // The answering thread ends when no sender of requests is left.
        drop((requests, answered));
    }

    /// Reads and records a request; `None` if there is nothing to answer.
    fn read(self, until: ReadUntil) -> Option<Incoming> {
        let mut relay = None;
        let limits =
            self.shared.read(State::answer_limit).map_or(RequestLimits::GENEROUS, |limit| {
                RequestLimits { head: MAX_HEAD, body: limit.whole, ..RequestLimits::GENEROUS }
            });
        let (raw, request) = read_request(self.socket, until, limits, |head| {
            if let Err(reason) = check_peer(self.peer, head) {
                return BodyAction::Refuse(Response::text(403, reason));
            }
            if !head.is_chunked() {
                return if head.content_length > limits.body {
                    BodyAction::Leave
                } else {
                    BodyAction::Read
                };
            }
            relay = self.shared.update(|state| state.begin_relay(self.number, head));
            if relay.is_some() { BodyAction::Leave } else { BodyAction::Read }
        });
        if let (Ok(request), None) = (&request, &relay) {
            // A body that is too large is read and discarded, so that the response is received.
            let left = (request.body_size() - request.body.len()) as u64;
            if !request.is_chunked()
                && io::copy(&mut { self.socket }.take(left), &mut io::sink()).ok() != Some(left)
            {
                return None;
            }
        }
        let is_read = !matches!(until, ReadUntil::Bytes(_));
        let is_poll = request.as_ref().is_ok_and(|request| Endpoint::of(request) == Endpoint::Poll);
        self.shared.update(|state| {
            state.record_raw(raw);
            if is_read && is_poll {
                state.count_poll();
            }
        });
        match (request, relay) {
            (Ok(head), Some(relay)) => self.relay_body(head, &relay),
            (Ok(request), None) => Some(Incoming::Request(request)),
            (Err(ReadError::InvalidRequest(invalid)), None) => {
                Some(Incoming::InvalidRequest(invalid))
            }
            (Err(ReadError::Refused(response)), None) => Some(Incoming::Refused(response)),
            (Err(_), relay) => {
                if let Some(relay) = relay {
                    relay.chunks.interrupt();
                }
                None
            }
        }
    }

    /// Reads as little of a request as the fault wants, before the connection is closed.
    fn misread(self, fault: &Misbehaviour) {
        match fault {
            Misbehaviour::CloseAfterReading(bytes) => {
                self.read(ReadUntil::Bytes(*bytes));
            }
            Misbehaviour::Reset => {
                let incoming = self.read(ReadUntil::LastByte);
                if let Some(Incoming::Request(request)) = &incoming {
                    self.record_post(request, true);
                }
            }
            // What has arrived is discarded, since unread bytes would turn the close into a reset.
            _ => {
                let _ = self.socket.shutdown(Shutdown::Write);
                if self.socket.set_nonblocking(true).is_ok() {
                    let _ = io::copy(&mut { self.socket }, &mut io::sink());
                }
            }
        }
    }
}
