//! Answers that are passed on while they come.

use std::sync::Arc;
use std::time::Instant;

use super::State;
use crate::http::request_parser::{Endpoint, Request};
use crate::runtime_api::answer::{AnswerKind, Post, Verdict};
use crate::runtime_api::chunk_queue::{End, Stream};
use crate::runtime_api::event::Event;
use crate::runtime_api::invocation::Streamed;

/// Where an answer is passed on to.
#[derive(Debug)]
pub(crate) struct Passage {
    pub(crate) invocation: usize,
    pub(crate) stream: Arc<Stream>,
    /// In bytes.
    pub(crate) limit: Option<usize>,
}

impl State {
    /// As [`enqueue`](Self::enqueue); an answer in chunks goes into the stream, every other one is
    /// kept as usual.
    pub(crate) fn enqueue_streamed(&mut self, event: Event, stream: Arc<Stream>) -> usize {
        let invocation = self.enqueue(event);
        self.invocations[invocation].stream = Some(stream);
        invocation
    }

    /// Begins to pass on the answer with this head, where the caller wants to have it so. One that
    /// is to meet a fault is read whole.
    pub(crate) fn begin_stream(&mut self, connection: u64, head: &Request) -> Option<Passage> {
        let Endpoint::Answer(AnswerKind::Response, id) = head.endpoint() else { return None };
        if !self.post_faults.is_empty() {
            return None;
        }
        let socket = Arc::downgrade(&self.connections.get(&connection)?.socket);
        let mut candidates = self.by_request_id.get(id)?.iter().copied();
        let invocation =
            candidates.find(|candidate| self.invocations[*candidate].awaits_answer())?;
        let record = &mut self.invocations[invocation];
        let stream = Arc::clone(record.stream.as_ref()?);
        record.streamed = Some(Streamed::UnderWay);
        stream.begin(head.headers.clone(), socket);
        Some(Passage { invocation, stream, limit: self.answer_limit.map(|limit| limit.streamed) })
    }

    /// No more of it comes.
    pub(crate) fn end_stream(
        &mut self,
        passage: &Passage,
        connection: u64,
        head: &Request,
        how: Streamed,
    ) {
        passage.stream.end(if how == Streamed::Complete { End::Complete } else { End::Broken });
        let record = &mut self.invocations[passage.invocation];
        record.streamed = Some(how);
        record.times.answered = Some(Instant::now());
        if let (Streamed::Complete, Endpoint::Answer(kind, id), false) =
            (how, head.endpoint(), self.forgets)
        {
            self.posts.push(Post {
                path: head.target.clone(),
                request_id: id.to_owned(),
                kind,
                body: Vec::new(),
                headers: head.headers.clone(),
                connection,
                at: Instant::now(),
                verdict: Verdict::Accepted,
            });
        }
    }

    /// What has become of the answer that is passed on, where there is one.
    pub(crate) fn streamed(&self, invocation: usize) -> Option<Streamed> {
        self.invocations[invocation].streamed
    }

    /// Nothing that has begun goes on.
    pub(super) fn break_off_streams(&self) {
        for record in &self.invocations {
            if let (Some(stream), Some(Streamed::UnderWay)) = (&record.stream, record.streamed) {
                stream.break_off();
            }
        }
    }
}
