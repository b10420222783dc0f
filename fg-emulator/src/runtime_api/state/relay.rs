//! Chunked answers that are relayed to a reader while they arrive.

use std::sync::Arc;
use std::time::Instant;

use super::State;
use crate::http::request::Request;
use crate::http::response_head::ResponseHead;
use crate::runtime_api::answer::{AnswerKind, Post, Verdict};
use crate::runtime_api::chunk_queue::{ChunkQueue, StreamEnd};
use crate::runtime_api::endpoint::Endpoint;
use crate::runtime_api::event::Event;
use crate::runtime_api::invocation::RelayState;

/// An answer that is being relayed.
#[derive(Debug)]
pub(in crate::runtime_api) struct Relay {
    invocation: usize,
    pub(in crate::runtime_api) chunks: Arc<ChunkQueue>,
    /// The largest answer, in bytes.
    pub(in crate::runtime_api) limit: Option<usize>,
}

impl State {
    /// As [`enqueue`](Self::enqueue), but a chunked answer goes into the queue.
    pub(in crate::runtime_api) fn enqueue_streamed(
        &mut self,
        event: Event,
        chunks: Arc<ChunkQueue>,
    ) -> usize {
        let invocation = self.enqueue(event);
        self.invocations[invocation].chunks = Some(chunks);
        invocation
    }

    /// Begins to relay the answer with this head, if its invocation has a queue. An answer that is
    /// to meet a fault is not relayed.
    pub(in crate::runtime_api) fn begin_relay(
        &mut self,
        connection: u64,
        head: &Request,
    ) -> Option<Relay> {
        let Endpoint::Answer(AnswerKind::Response, id) = Endpoint::of(head) else { return None };
        if !self.post_faults.is_empty() {
            return None;
        }
        let socket = Arc::downgrade(&self.connections.get(&connection)?.socket);
        let invocation = self
            .with_request_id(id)
            .find(|invocation| self.invocations[*invocation].awaits_answer())?;
        let record = &mut self.invocations[invocation];
        let chunks = Arc::clone(record.chunks.as_ref()?);
        record.relay = Some(RelayState::InProgress);
        chunks.begin(ResponseHead { status: None, headers: head.headers.clone() }, socket);
        Some(Relay { invocation, chunks, limit: self.answer_limit.map(|limit| limit.streamed) })
    }

    pub(in crate::runtime_api) fn end_relay(
        &mut self,
        relay: &Relay,
        connection: u64,
        head: &Request,
        end: RelayState,
    ) {
        let is_complete = end == RelayState::Complete;
        relay.chunks.end(if is_complete { StreamEnd::Complete } else { StreamEnd::Broken });
        let record = &mut self.invocations[relay.invocation];
        record.relay = Some(end);
        record.times.answered = Some(Instant::now());
        if let (true, Endpoint::Answer(kind, id), false) =
            (is_complete, Endpoint::of(head), self.discards_records)
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

    /// How far the answer has been relayed; `None` if it is not relayed.
    pub(crate) fn relay_state(&self, invocation: usize) -> Option<RelayState> {
        self.invocations[invocation].relay
    }

    pub(super) fn interrupt_relays(&self) {
        for record in &self.invocations {
            if let (Some(chunks), Some(RelayState::InProgress)) = (&record.chunks, record.relay) {
                chunks.interrupt();
            }
        }
    }
}
