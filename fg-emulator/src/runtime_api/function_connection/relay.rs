//! A POST whose body is passed on while it comes, or that is answered before its end.

use std::io;
use std::net::Shutdown;
use std::time::Duration;

use super::{Connection, Incoming, Next, announced};
use crate::http::chunked_body::ChunkedBody;
use crate::http::request_parser::{
    Endpoint, Extent, Limits, OnHead, Request, Unread, let_go, read_request,
};
use crate::http::response::Reply;
use crate::runtime_api::answer::Verdict;
use crate::runtime_api::fault::Afterwards;
use crate::runtime_api::invocation::Streamed;
use crate::runtime_api::state::Passage;

/// So much is still taken from a function whose answer has been refused, so that the refusal is not
/// lost in a reset.
const AFTER_REFUSAL: usize = 1 << 20;

impl Connection<'_> {
    /// Passes on the body that follows this head; `None` where no caller is left to be told
    /// what became of it.
    pub(super) fn pass_on(self, head: Request, passage: &Passage) -> Option<Incoming> {
        let (bytes, unread) = self.copy(passage);
        let too_large = passage.limit.is_some_and(|limit| bytes > limit as u64);
        let how = match &unread {
            _ if too_large => Streamed::TooLarge,
            _ if passage.stream.is_abandoned() => Streamed::NotRead,
            None => Streamed::Complete,
            Some(_) => Streamed::CutShort,
        };
        if let Endpoint::Answer(_, id) = head.endpoint() {
            self.shared.tell_of_answer(id);
        }
        self.shared.update(|state| state.end_stream(passage, self.number, &head, how));
        match (how, unread) {
            (Streamed::Complete, _) => {
                Some(Incoming::Streamed { head, verdict: Verdict::Accepted })
            }
            (Streamed::TooLarge, _) => {
                Some(Incoming::Streamed { head, verdict: Verdict::TooLarge })
            }
            (Streamed::CutShort, Some(Unread::Malformed(malformed))) => {
                Some(Incoming::Malformed(malformed))
            }
            _ => None,
        }
    }

    /// Gives the bytes so far, and why there are no more, if there should be.
    fn copy(self, passage: &Passage) -> (u64, Option<Unread>) {
        let mut body = ChunkedBody::new(self.socket);
        let mut bytes = 0;
        loop {
            match body.next_piece() {
                Ok(Some(piece)) => {
                    bytes += piece.len() as u64;
                    let is_too_much = passage.limit.is_some_and(|limit| bytes > limit as u64);
                    if is_too_much || !passage.stream.push(piece) {
                        return (bytes, Some(Unread::Incomplete));
                    }
                }
                Ok(None) => return (bytes, None),
                Err(unread) => return (bytes, Some(unread)),
            }
        }
    }

    pub(super) fn acknowledge_stream(self, head: &Request, verdict: Verdict) -> io::Result<Next> {
        if verdict == Verdict::TooLarge {
            self.send(
                announced(
                    Reply::text(413, "the response is larger than the platform takes"),
                    false,
                ),
                None,
            )?;
            return Ok(Next::StopAnswering);
        }
        let next = self.send(announced(Reply::empty(200), head.keep_alive), None)?;
        Ok(if next == Next::ReadOn && !head.keep_alive { Next::Close } else { next })
    }

    /// Answers after so many bytes of the body of a POST; tells whether another request can follow.
    pub(super) fn answer_early(self, after: usize, reply: Reply, then: Afterwards) -> bool {
        let on_head = |head: &Request| if head.is_chunked() { OnHead::Leave } else { OnHead::Read };
        let (raw, request) = read_request(self.socket, Extent::Whole, Limits::GENEROUS, on_head);
        self.shared.update(|state| state.record_raw(raw));
        let Ok(mut request) = request else { return false };
        let mut body = request.is_chunked().then(|| ChunkedBody::new(self.socket));
        let mut read_to = |limit: usize| loop {
            match body.as_mut().map_or(Ok(None), ChunkedBody::next_piece) {
                Ok(Some(piece)) => request.body.extend(piece),
                end => return end.is_ok(),
            }
            if request.body.len() >= limit {
                return true;
            }
        };
        let keeps_open = then == Afterwards::KeepOpen;
        if after > 0 && !read_to(after)
            || self.write(&announced(reply, keeps_open).sized()).is_err()
        {
            return false;
        }
        if !keeps_open {
            let _ = self.socket.shutdown(Shutdown::Write);
            self.let_it_be_read();
            return false;
        }
        let is_whole = read_to(usize::MAX);
        if is_whole {
            self.record_post(&request, false);
        }
        is_whole
    }

    /// Takes some more of a request that is not read, since bytes that are left in the socket
    /// would turn its close into a reset, and the function would not see the answer.
    pub(super) fn let_it_be_read(self) {
        let_go(self.socket, AFTER_REFUSAL, Duration::from_secs(10));
    }
}
