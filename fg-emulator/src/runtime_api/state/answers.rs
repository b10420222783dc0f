//! The answers to invocations, and the record of every POST.

use std::time::Instant;

use super::{AnswerLimit, State};
use crate::http::request::Request;
use crate::runtime_api::answer::{Answer, AnswerKind, InvocationState, NoAnswer, Post, Verdict};
use crate::runtime_api::chunk_queue::StreamEnd;
use crate::runtime_api::invocation::Progress;

impl State {
    pub(in crate::runtime_api) fn answer_limit(&self) -> Option<AnswerLimit> {
        self.answer_limit
    }

    /// Records a POST. If `accept`, it becomes the answer of its invocation, unless that has one or
    /// it is too large.
    pub(in crate::runtime_api) fn record_post(
        &mut self,
        connection: u64,
        request: &Request,
        kind: AnswerKind,
        id: &str,
        accept: bool,
    ) -> Verdict {
        let size = request.body_size();
        let is_too_large = self.answer_limit.is_some_and(|limit| {
            size > if request.is_chunked() { limit.streamed } else { limit.whole }
        });
        let verdict = if !accept {
            Verdict::Refused
        } else if is_too_large {
            self.record_too_large(id, size);
            Verdict::TooLarge
        } else {
            let answer =
                Answer { kind, body: request.body.clone(), headers: request.headers.clone() };
            self.accept(id, answer)
        };
        if !self.discards_records {
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
        }
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
                if let Some(chunks) = &record.chunks {
                    chunks.end(StreamEnd::NotStreamed);
                }
                return Verdict::Accepted;
            }
        }
        verdict
    }

    fn record_too_large(&mut self, id: &str, size: usize) {
        for &invocation in self.by_request_id.get(id).into_iter().flatten() {
            let record = &mut self.invocations[invocation];
            record.times.answered = Some(Instant::now());
            record.too_large = Some(size);
        }
    }

    /// The answer to an invocation, or how far the invocation has come.
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

    /// The size in bytes of an answer that was refused as too large.
    pub(crate) fn too_large(&self, invocation: usize) -> Option<usize> {
        self.invocations[invocation].too_large
    }
}
