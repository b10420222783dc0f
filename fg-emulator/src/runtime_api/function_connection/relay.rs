//! A POST whose body is relayed to a reader while it arrives, or that is answered before its end.

use std::io;
use std::net::Shutdown;
use std::time::Duration;

use super::responder::AfterResponse;
use super::{Connection, Incoming};
use crate::http::chunked_body::ChunkedBody;
use crate::http::limits::RequestLimits;
use crate::http::read_error::ReadError;
use crate::http::reader::{BodyAction, ReadUntil, read_request};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::socket::lingering_close;
use crate::runtime_api::answer::Verdict;
use crate::runtime_api::endpoint::Endpoint;
use crate::runtime_api::fault::Afterwards;
use crate::runtime_api::invocation::RelayState;
use crate::runtime_api::state::Relay;

/// How many bytes of a refused answer are discarded after the response.
const MAX_DISCARDED: usize = 1 << 20;

impl Connection<'_> {
    /// Relays the body that follows this head; `None` if there is no request to answer.
    pub(super) fn relay_body(self, head: Request, relay: &Relay) -> Option<Incoming> {
        let (bytes, error) = self.copy(relay);
        let too_large = relay.limit.is_some_and(|limit| bytes > limit as u64);
        let end = match &error {
            _ if too_large => RelayState::TooLarge,
            _ if relay.chunks.is_abandoned() => RelayState::ReaderGone,
            None => RelayState::Complete,
            Some(_) => RelayState::CutShort,
        };
        if let Endpoint::Answer(_, id) = Endpoint::of(&head) {
            self.shared.run_answer_hook(id);
        }
        self.shared.update(|state| state.end_relay(relay, self.number, &head, end));
        match (end, error) {
            (RelayState::Complete, _) => {
                Some(Incoming::Relayed { head, verdict: Verdict::Accepted })
            }
            (RelayState::TooLarge, _) => {
                Some(Incoming::Relayed { head, verdict: Verdict::TooLarge })
            }
            (RelayState::CutShort, Some(ReadError::InvalidRequest(invalid))) => {
                Some(Incoming::InvalidRequest(invalid))
            }
            _ => None,
        }
    }

    /// Copies the body into the queue, and returns its size, and an error if it is not complete.
    fn copy(self, relay: &Relay) -> (u64, Option<ReadError>) {
        let mut body = ChunkedBody::new(self.socket);
        let mut bytes = 0;
        loop {
            match body.next_chunk() {
                Ok(Some(chunk)) => {
                    bytes += chunk.len() as u64;
                    let is_too_large = relay.limit.is_some_and(|limit| bytes > limit as u64);
                    if is_too_large || !relay.chunks.push(chunk) {
                        return (bytes, Some(ReadError::Incomplete));
                    }
                }
                Ok(None) => return (bytes, None),
                Err(error) => return (bytes, Some(error)),
            }
        }
    }

    pub(super) fn acknowledge_relayed(
        self,
        head: &Request,
        verdict: Verdict,
    ) -> io::Result<AfterResponse> {
        if verdict == Verdict::TooLarge {
            let response = Response::text(413, "the response exceeds the platform's limit");
            self.send(response.closing_unless(false), None)?;
            return Ok(AfterResponse::CloseSending);
        }
        self.send(Response::empty(200).closing_unless(head.keep_alive), None)
    }

    /// Responds after this number of bytes of the body. Returns whether another request can follow.
    pub(super) fn respond_early(self, after: usize, response: Response, then: Afterwards) -> bool {
        let on_head =
            |head: &Request| if head.is_chunked() { BodyAction::Leave } else { BodyAction::Read };
        let (raw, request) =
            read_request(self.socket, ReadUntil::End, RequestLimits::GENEROUS, on_head);
        self.shared.update(|state| state.record_raw(raw));
        let Ok(mut request) = request else { return false };
        let mut body = request.is_chunked().then(|| ChunkedBody::new(self.socket));
        let mut read_to = |limit: usize| loop {
            match body.as_mut().map_or(Ok(None), ChunkedBody::next_chunk) {
                Ok(Some(chunk)) => request.body.extend(chunk),
                end => return end.is_ok(),
            }
            if request.body.len() >= limit {
                return true;
            }
        };
        let keeps_open = then == Afterwards::KeepOpen;
        if after > 0 && !read_to(after)
            || self.write(&response.closing_unless(keeps_open).sized()).is_err()
        {
            return false;
        }
        if !keeps_open {
            let _ = self.socket.shutdown(Shutdown::Write);
            self.discard_rest();
            return false;
        }
        let is_complete = read_to(usize::MAX);
        if is_complete {
            self.record_post(&request, false);
        }
        is_complete
    }

    /// Reads and discards the rest of a request, so that the function receives the response.
    pub(super) fn discard_rest(self) {
        lingering_close(self.socket, MAX_DISCARDED, Duration::from_secs(10));
    }
}
