//! Handles one request on an instance, and turns its end into a result.

use std::sync::Arc;
use std::time::Instant;

use super::EventInstance;
use super::waiting::RequestEnd;
use crate::execution::function_error::FunctionError;
use crate::execution::log::Log;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::summary::Summary;
use crate::execution::{Execution, Outcome};
use crate::runtime_api::answer::{Answer, AnswerKind};
use crate::runtime_api::chunk_queue::ChunkQueue;
use crate::runtime_api::event::Event;
use crate::runtime_api::invocation::RelayState;
use crate::settings::limits::STREAM_LIMIT;

impl EventInstance {
    /// Hands the event to the function and waits for the result. The process may have ended then.
    /// With a reader, and if streaming is enabled, a chunked answer goes into the reader's queue.
    pub(in crate::instances) fn run(
        &self,
        event: Event,
        reader: Option<&Arc<ChunkQueue>>,
    ) -> Execution {
        let request_id = event.id().to_owned();
        let _activity = self.function.begin_activity();
        if let Err(error) = self.wait_for_poll() {
            return self.function.unhandled(&request_id, error);
        }
        let settings = self.function.settings();
        let log = Log::start(self.function.take_lines(), &request_id, &settings.version);
        let cpu_time = self.function.cpu_time();
        let reader = reader.filter(|_| settings.streams);
        let chunks = reader.map_or_else(|| Arc::new(ChunkQueue::unbounded()), Arc::clone);
        let pending = self.api.invoke_into(settings.with_credentials(event), &chunks);
        let handed_out = match self.wait_for_hand_out(&pending) {
            Ok(handed_out) => handed_out,
            Err(error) => return self.function.unhandled(&request_id, error),
        };
        let end = self.wait_for_end(&pending, handed_out);
        let answered = self.api.shared().read(|state| state.times(pending.number()).answered);
        let duration = answered.unwrap_or_else(Instant::now).saturating_duration_since(handed_out);
        let memory_used = self.function.peak_memory();
        let summary = Summary::new(&request_id, settings.memory, duration, memory_used);
        let outcome = match end {
            Some(RequestEnd::Relayed(relay)) => {
                self.streamed_outcome(relay, &chunks, reader.is_some(), request_id)
            }
            Some(end) => self.outcome(end, request_id),
            // The process has ended while it sent an answer that is not read.
            None if self.has_ended() => self.exit_outcome(request_id),
            None => {
                let busy = self
                    .function
                    .cpu_time()
                    .zip(cpu_time)
                    .map(|(after, before)| after.saturating_sub(before));
                self.function.kill();
                let limit = settings.timeout;
                let cause = Cause::TimedOut { request_id, limit, busy };
                Outcome::Platform(self.error_with_output(cause))
            }
        };
        chunks.interrupt();
        self.api.shared().update(|state| state.discard(pending.number()));
        let log = log.finish(self.function.take_lines_of_request(), &summary);
        Execution { outcome, summary, log }
    }

    fn outcome(&self, end: RequestEnd, request_id: String) -> Outcome {
        let cause = match end {
            RequestEnd::Answered(Answer { kind: AnswerKind::Response, body, .. }) => {
                return Outcome::Response(body);
            }
            RequestEnd::Answered(Answer { kind: AnswerKind::Error, body, .. }) => {
                return Outcome::Error(FunctionError::from_body(body));
            }
            RequestEnd::ProcessEnded => return self.exit_outcome(request_id),
            RequestEnd::TooLarge(size) => {
                Cause::ResponseTooLarge { size, limit: self.function.settings().response_limit }
            }
            RequestEnd::Abandoned => Cause::Abandoned { request_id },
            RequestEnd::Relayed(_) | RequestEnd::Stopped => Cause::Stopped,
        };
        Outcome::Platform(PlatformError::new(cause))
    }

    fn exit_outcome(&self, request_id: String) -> Outcome {
        Outcome::Platform(match self.function.exit() {
            Some(exit) => self.error_with_output(Cause::ExitedInRequest { request_id, exit }),
            None => PlatformError::new(Cause::Stopped),
        })
    }

    fn streamed_outcome(
        &self,
        relay: RelayState,
        chunks: &ChunkQueue,
        has_reader: bool,
        request_id: String,
    ) -> Outcome {
        let bytes = chunks.bytes();
        let cause = match relay {
            RelayState::Complete if has_reader => return Outcome::Streamed { bytes },
            RelayState::Complete => return Outcome::Response(chunks.take_all()),
            RelayState::TooLarge if self.function.settings().streams => {
                Cause::StreamTooLarge { limit: STREAM_LIMIT }
            }
            RelayState::TooLarge => {
                Cause::StreamTooLarge { limit: self.function.settings().response_limit }
            }
            RelayState::ReaderGone => Cause::CallerGone { request_id, bytes },
            RelayState::InProgress | RelayState::CutShort => {
                Cause::StreamCutShort { request_id, bytes }
            }
        };
        Outcome::Platform(PlatformError::new(cause))
    }
}
