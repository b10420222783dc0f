//! The thread that answers the requests of a connection, as the protocol or a scripted fault wants.

use std::io::{self, ErrorKind, Write};
use std::net::Shutdown;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use super::{Connection, Incoming};
use crate::http::read_error::InvalidRequest;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::runtime_api::answer::Verdict;
use crate::runtime_api::endpoint::Endpoint;
use crate::runtime_api::fault::{Afterwards, Misbehaviour};
use crate::runtime_api::invocation::PollOutcome;
use crate::runtime_api::state::State;

/// What happens to the connection after a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterResponse {
    KeepOpen,
    Close,
    /// Only the sending side is closed.
    CloseSending,
}

impl Connection<'_> {
    pub(super) fn answer_requests(self, requests: Receiver<Incoming>, answered: Sender<()>) {
        for request in &requests {
            // A response that was not written to its end cannot be followed by another one.
            match self.answer(request).unwrap_or(AfterResponse::Close) {
                AfterResponse::KeepOpen => {}
                AfterResponse::Close => {
                    let _ = self.socket.shutdown(Shutdown::Both);
                    break;
                }
                AfterResponse::CloseSending => {
                    let _ = self.socket.shutdown(Shutdown::Write);
                    break;
                }
            }
            if answered.send(()).is_err() {
                break;
            }
        }
        // The reading thread ends when it has a request and no receiver is left.
        drop((requests, answered));
    }

    fn answer(self, incoming: Incoming) -> io::Result<AfterResponse> {
        let request = match incoming {
            Incoming::Request(request) => request,
            Incoming::Relayed { head, verdict } => return self.acknowledge_relayed(&head, verdict),
            Incoming::InvalidRequest(InvalidRequest { status, reason }) => {
                self.record_refusal("a request", &format!("{status}, invalid request: {reason}"));
                let response = Response::text(status, format!("invalid request: {reason}"));
                self.write(&response.closing_unless(false).sized())?;
                return Ok(AfterResponse::CloseSending);
            }
            Incoming::Refused(response) => {
                self.write(&response.closing_unless(false).sized())?;
                return Ok(AfterResponse::CloseSending);
            }
        };
        let after = match Endpoint::of(&request) {
            Endpoint::Poll => self.answer_poll(request.keep_alive),
            Endpoint::Answer(..) => self.answer_post(&request),
            Endpoint::WrongMethod => self.refuse_method(&request),
            Endpoint::Unknown => self.refuse_target(&request),
        }?;
        let must_close = after == AfterResponse::KeepOpen && !request.keep_alive;
        Ok(if must_close { AfterResponse::Close } else { after })
    }

    fn answer_poll(self, keep_alive: bool) -> io::Result<AfterResponse> {
        match self.shared.wait_for_poll_outcome(self.number) {
            PollOutcome::Closed => Ok(AfterResponse::Close),
            PollOutcome::Instead(fault) => self.send_instead(fault),
            PollOutcome::Event { event, fault, taken } => {
                let response = event.to_response().closing_unless(keep_alive);
                let result = self.send(response, fault.as_ref());
                if let (Err(_), Some(invocation)) = (&result, taken) {
                    self.shared.update(|state| state.requeue(invocation, self.number));
                }
                result
            }
        }
    }

    fn answer_post(self, request: &Request) -> io::Result<AfterResponse> {
        let fault = self.shared.update(State::take_post_fault);
        let accept = fault.as_ref().is_none_or(Misbehaviour::accepts_post);
        let verdict = self.record_post(request, accept);
        match fault {
            Some(fault) if fault.is_instead_of_response() => self.send_instead(fault),
            fault => {
                let response = match verdict {
                    Verdict::Accepted | Verdict::Refused => Response::empty(200),
                    Verdict::TooLarge => {
                        let size = request.body_size();
                        let message =
                            format!("a response of {size} bytes exceeds the platform's limit");
                        Response::text(413, message)
                    }
                    Verdict::Duplicate => self.refuse_second_answer(request),
                    Verdict::Unknown => self.refuse_unknown_id(request),
                };
                self.send(response.closing_unless(request.keep_alive), fault.as_ref())
            }
        }
    }

    pub(super) fn record_post(self, request: &Request, accept: bool) -> Verdict {
        let Endpoint::Answer(kind, id) = Endpoint::of(request) else { return Verdict::Refused };
        if accept {
            self.shared.run_answer_hook(id);
        }
        self.shared.update(|state| state.record_post(self.number, request, kind, id, accept))
    }

    fn send_instead(self, fault: Misbehaviour) -> io::Result<AfterResponse> {
        match fault {
            Misbehaviour::Status { code, headers, body } => {
                self.send(Response { status: code, headers, body }, None)
            }
            Misbehaviour::Raw { bytes, then } => {
                self.write(&bytes)?;
                Ok(if then == Afterwards::Close {
                    AfterResponse::Close
                } else {
                    AfterResponse::KeepOpen
                })
            }
            _ => Ok(AfterResponse::CloseSending),
        }
    }

    /// Sends a response as the fault wants it. An error means that it was not written to its end.
    pub(super) fn send(
        self,
        mut response: Response,
        fault: Option<&Misbehaviour>,
    ) -> io::Result<AfterResponse> {
        let mut after =
            if response.closes() { AfterResponse::Close } else { AfterResponse::KeepOpen };
        match fault {
            Some(Misbehaviour::CutAt(length)) => {
                let bytes = response.sized();
                self.write(&bytes[..bytes.len().min(*length)])?;
                if *length < bytes.len() {
                    return Err(ErrorKind::ConnectionAborted.into());
                }
                after = AfterResponse::Close;
            }
            Some(Misbehaviour::Drip { bytes_per_write, pause }) => {
                let bytes = response.sized();
                for (index, part) in bytes.chunks((*bytes_per_write).max(1)).enumerate() {
                    if index > 0 {
                        self.pause(*pause)?;
                    }
                    self.write(part)?;
                }
            }
            Some(Misbehaviour::Chunked { sizes, extension, trailers }) => {
                self.write(&response.chunked(sizes, extension.as_deref(), trailers))?;
            }
            Some(Misbehaviour::CloseDelimited) => {
                self.write(&response.close_delimited())?;
                after = AfterResponse::Close;
            }
            Some(Misbehaviour::InterimFirst(codes)) => {
                for code in codes {
                    self.write(&Response::empty(*code).head())?;
                }
                self.write(&response.sized())?;
            }
            Some(Misbehaviour::Delay(time)) => {
                self.pause(*time)?;
                self.write(&response.sized())?;
            }
            Some(Misbehaviour::ConnectionClose) => {
                response.default_header("Connection", "close");
                self.write(&response.sized())?;
                after = AfterResponse::Close;
            }
            Some(Misbehaviour::CloseAfterResponse) => {
                self.write(&response.sized())?;
                after = AfterResponse::Close;
            }
            _ => self.write(&response.sized())?,
        }
        Ok(after)
    }

    pub(super) fn write(self, bytes: &[u8]) -> io::Result<()> {
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
