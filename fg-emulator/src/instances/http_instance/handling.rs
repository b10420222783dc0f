//! Handles one request on an instance, and turns its end into a result.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::HttpInstance;
use super::exchange::{Exchange, Exchanged};
use super::replayed_request::ReplayedRequest;
use crate::execution::log::Log;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::summary::Summary;
use crate::execution::{Execution, Outcome};
use crate::runtime_api::chunk_queue::ChunkQueue;
use crate::runtime_api::event::Event;
use crate::settings::limits::STREAM_LIMIT;

/// How long it may take until the end of a process is seen, after it has closed its connections.
const END_DELAY: Duration = Duration::from_millis(500);

impl HttpInstance {
    /// Sends the event to the function as a request and waits for the response. The process may
    /// have ended then. With a reader, and if streaming is enabled, a response that comes in pieces
    /// goes into the reader's queue.
    pub(in crate::instances) fn run(
        &self,
        event: &Event,
        reader: Option<&Arc<ChunkQueue>>,
    ) -> Execution {
        let settings = self.function.settings();
        let request_id = event.id();
        let request = match ReplayedRequest::new(event, settings) {
            Ok(request) => request,
            Err(reason) => {
                let error = PlatformError::new(Cause::InvalidEvent(reason));
                return self.function.unhandled(request_id, error);
            }
        };
        let _activity = self.function.begin_activity();
        let port = match self.wait_until_listening() {
            Ok(port) => port,
            Err(error) => return self.function.unhandled(request_id, error),
        };
        let reader = reader.filter(|_| settings.streams);
        self.state.update(|state| {
            state.running += 1;
            state.streams.retain(|stream| stream.strong_count() > 0);
            state.streams.extend(reader.map(Arc::downgrade));
        });
        let (lines, before) = self.function.open_request();
        let log = Log::start(before, request_id, &settings.version);
        let cpu_time = self.function.cpu_time();
        let started = Instant::now();
        let exchange = Exchange {
            request: &request,
            reader,
            limit: settings.answer_limit(),
            deadline: started.checked_add(settings.timeout),
        };
        let exchanged = exchange.run(port);
        let duration = started.elapsed();
        let summary =
            Summary::new(request_id, settings.memory, duration, self.function.peak_memory());
        let busy =
            || self.function.cpu_time().zip(cpu_time).map(|(now, then)| now.saturating_sub(then));
        let bytes = reader.map_or(0, |reader| reader.bytes());
        let outcome = self.outcome(exchanged, request_id, bytes, busy);
        self.state.update(|state| state.running -= 1);
        let log = log.finish(self.function.close_request(lines), &summary);
        Execution { outcome, summary, log }
    }

    fn outcome(
        &self,
        exchanged: Exchanged,
        request_id: &str,
        bytes: u64,
        busy: impl FnOnce() -> Option<Duration>,
    ) -> Outcome {
        let settings = self.function.settings();
        let request_id = request_id.to_owned();
        let cause = match exchanged {
            Exchanged::Whole(response) => return Outcome::Response(response),
            Exchanged::Streamed => return Outcome::Streamed { bytes },
            Exchanged::TooLarge(Some(size)) => {
                Cause::ResponseTooLarge { size, limit: settings.answer_limit().streamed }
            }
            Exchanged::TooLarge(None) => {
                Cause::StreamTooLarge { limit: settings.answer_limit().streamed }
            }
            Exchanged::StreamTooLarge => Cause::StreamTooLarge { limit: STREAM_LIMIT },
            Exchanged::ReaderGone => Cause::CallerGone { request_id, bytes },
            Exchanged::CutShort => {
                return self.failed(
                    Cause::StreamCutShort { request_id: request_id.clone(), bytes },
                    request_id,
                );
            }
            Exchanged::Failed(reason) => {
                return self.failed(
                    Cause::InvalidResponse { request_id: request_id.clone(), reason },
                    request_id,
                );
            }
            Exchanged::TimedOut => return self.timed_out(request_id, busy()),
        };
        Outcome::Platform(PlatformError::new(cause))
    }

    /// A response that was not read to its end: because the process has ended, or for this cause.
    fn failed(&self, cause: Cause, request_id: String) -> Outcome {
        self.function.wait_until_ended(END_DELAY);
        let (stopped, timed_out) =
            self.state.read(|state| (state.stopped, state.timed_out.clone()));
        let cause = match (self.function.exit(), timed_out) {
            _ if stopped => return Outcome::Platform(PlatformError::new(Cause::Stopped)),
            (Some(_), Some(timed_out)) => Cause::KilledForOther { request_id, timed_out },
            (Some(exit), None) => Cause::ExitedInRequest { request_id, exit },
            (None, _) => cause,
        };
        Outcome::Platform(self.function.error_with_output(cause))
    }

    fn timed_out(&self, request_id: String, busy: Option<Duration>) -> Outcome {
        self.state.update(|state| {
            state.timed_out.get_or_insert_with(|| request_id.clone());
        });
        self.function.kill();
        let limit = self.function.settings().timeout;
        let cause = Cause::TimedOut { request_id, limit, busy };
        Outcome::Platform(self.function.error_with_output(cause))
    }
}
