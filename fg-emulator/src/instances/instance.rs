//! One instance of a function: a Runtime API of its own, and the process that polls it. It handles
//! one request at a time, so that each line of its output belongs to one.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crate::execution::log::Log;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::shutdown_report::Ending;
use crate::execution::{Execution, Failure, Outcome, Summary};
use crate::instances::environment;
use crate::process::output::Output;
use crate::process::usage;
use crate::process::{self, Exit, Group, Process};
use crate::runtime_api::answer::{Answer, AnswerKind};
use crate::runtime_api::chunk_queue::Stream;
use crate::runtime_api::event::Event;
use crate::runtime_api::handle::{Pending, RuntimeApi};
use crate::runtime_api::invocation::Streamed;
use crate::runtime_api::peer::Owner;
use crate::runtime_api::state::State;
use crate::settings::{Program, STREAM_LIMIT, Settings};

/// A process has this long to be seen as ended, after it has been killed.
const AFTER_KILL: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Instance {
    settings: Arc<Settings>,
    api: RuntimeApi,
    output: Arc<Output>,
    /// `None` where it is started elsewhere.
    process: Option<Process>,
}

/// What an instance waits for.
#[derive(Clone, Copy)]
enum Wait {
    Reached,
    Ended,
    Stopped,
}

/// How a request came to its end.
enum End {
    Answered(Answer),
    TooLarge(usize),
    /// An answer in chunks.
    Streamed(Streamed),
    Abandoned,
    Ended,
    Stopped,
}

/// The program, in its directory, with its arguments and its variables.
pub(crate) fn command(settings: &Settings, api_address: &str) -> Command {
    let (path, arguments) = match &settings.program {
        Program::Started { path, arguments } => (path.as_path(), arguments.as_slice()),
        Program::Attached => (Path::new(""), &[][..]),
    };
    // It runs in another directory than this process, so a path has to say where it is.
    let absolute = if path.exists() { std::path::absolute(path).ok() } else { None };
    let mut command = Command::new(absolute.as_deref().unwrap_or(path));
    command.args(arguments).current_dir(settings.code_root());
    command.env_clear().envs(environment::variables(settings, api_address));
    command
}

impl Instance {
    pub(crate) fn start(settings: &Arc<Settings>) -> Result<Self, PlatformError> {
        let started = settings.api_address.map_or_else(RuntimeApi::start, RuntimeApi::start_at);
        let api = started.map_err(|error| PlatformError::new(Cause::NoPort(error.to_string())))?;
        api.shared()
            .update(|state| state.serve_an_instance(settings.answer_limit(), settings.log.clone()));
        let output = Arc::new(Output::new(settings.log.clone()));
        let process = match &settings.program {
            Program::Attached => {
                api.shared().update(|state| state.belong_to(Owner::Announced));
                None
            }
            Program::Started { path, .. } => {
                let command = command(settings, &api.address());
                let shared = Arc::clone(api.shared());
                let (id_told, id) = mpsc::channel();
                let (sink, log) = (settings.processes.clone(), settings.log.clone());
                let ended = move |process::End { exit, was_asked_for }| {
                    if let (Some(sink), Ok(id)) = (sink, id.recv()) {
                        sink(id, false);
                    }
                    // Of every other end a result tells, or who has asked for it knows.
                    let is_between = shared
                        .read(|state| state.has_polled() && state.waits_for_answer().is_none());
                    shared.update(State::mark_function_ended);
                    if let (Some(log), true, false) = (log, is_between, was_asked_for) {
                        log(&format!("the function {exit}, while it handled no request"));
                    }
                };
                let started = Process::start(
                    command,
                    settings.group,
                    api.address(),
                    Arc::clone(&output),
                    ended,
                );
                let process = started.map_err(|error| PlatformError::not_started(path, &error))?;
                api.shared().watch(process.output_taker(&output));
                api.shared().update(|state| state.belong_to(Owner::Process(process.id())));
                if let Some(sink) = &settings.processes {
                    sink(process.id(), true);
                }
                // The end is told after the beginning, however short the life. Nothing listens
                // where there is no sink.
                let _ = id_told.send(process.id());
                Some(process)
            }
        };
        Ok(Self { settings: Arc::clone(settings), api, output, process })
    }

    /// Host and port of its Runtime API.
    pub(crate) fn address(&self) -> String {
        self.api.address()
    }

    pub(crate) fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.api.shared().read(State::function_ended)
    }

    /// Hands the event to the function and waits for what comes of it. Afterwards the process may
    /// have ended. Where streaming is switched on, the caller gets an answer in chunks while it
    /// comes.
    pub(crate) fn run(&self, event: Event, caller: Option<&Arc<Stream>>) -> Execution {
        let request_id = event.id().to_owned();
        if let Err(error) = self.wait_for_poll() {
            return self.not_handled(&request_id, error);
        }
        let log = Log::start(self.take_lines(), &request_id, &self.settings.version);
        let processor_time = self.processor_time();
        let reader = caller.filter(|_| self.settings.streams);
        let stream = reader.map_or_else(|| Arc::new(Stream::for_a_collector()), Arc::clone);
        let pending = self.api.invoke_into(self.settings.complete(event), &stream);
        let handed_out = match self.wait_for_hand_out(&pending) {
            Ok(handed_out) => handed_out,
            Err(error) => return self.not_handled(&request_id, error),
        };
        let end = self.wait_for_end(&pending, handed_out);
        let finished = self
            .api
            .shared()
            .read(|state| state.times(pending.number()).answered)
            .unwrap_or_else(Instant::now);
        let memory = self.process_id().and_then(usage::peak_memory);
        let summary = Summary::new(
            &request_id,
            self.settings.memory,
            finished.saturating_duration_since(handed_out),
            memory,
        );
        let outcome = match end {
            Some(End::Answered(Answer { kind: AnswerKind::Response, body, .. })) => {
                Outcome::Reply(body)
            }
            Some(End::Answered(Answer { kind: AnswerKind::Error, body, .. })) => {
                Outcome::Failure(Failure::from_body(body))
            }
            Some(End::TooLarge(size)) => {
                Outcome::Platform(PlatformError::new(Cause::ResponseTooLarge {
                    size,
                    limit: self.settings.response_limit,
                }))
            }
            Some(End::Streamed(how)) => {
                self.judge_stream(how, &stream, reader.is_some(), request_id)
            }
            Some(End::Ended) => self.judge_exit(request_id),
            Some(End::Abandoned) => {
                Outcome::Platform(PlatformError::new(Cause::Abandoned { request_id }))
            }
            Some(End::Stopped) => Outcome::Platform(PlatformError::new(Cause::Stopped)),
            // It has ended in a reply that is not read.
            None if self.has_ended() => self.judge_exit(request_id),
            None => {
                let busy = self
                    .processor_time()
                    .zip(processor_time)
                    .map(|(after, before)| after.saturating_sub(before));
                self.kill();
                Outcome::Platform(self.explain(Cause::TimedOut {
                    request_id,
                    limit: self.settings.timeout,
                    busy,
                }))
            }
        };
        stream.break_off();
        self.api.shared().update(|state| state.close(pending.number()));
        let log = log.finish(self.take_lines_of_request(), &summary);
        Execution { outcome, summary, log }
    }

    /// Lets it do what it does after its answer, and before its end, and tells what it has written
    /// meanwhile, and how it has ended.
    pub(crate) fn finish(&self) -> Ending {
        let limit = self.settings.timeout.max(self.settings.init_timeout);
        let reached = self.wait_until_it_polls(limit);
        let ended_by_itself = matches!(reached, Some(Wait::Ended));
        self.stop();
        let exit = self.process.as_ref().and_then(Process::exit);
        let mut ending = Ending::new(self.take_lines());
        // With 143 a JVM says that it was asked to end.
        let is_error =
            |exit: &Exit| exit.code().map_or(ended_by_itself, |code| code != 0 && code != 128 + 15);
        if let Some(exit) = exit.filter(is_error) {
            ending.errors.push(format!("after its answer, the function {exit}"));
        }
        if reached.is_none() {
            ending.errors.push(format!(
                "the function did not ask for another event within {limit:?} of its answer"
            ));
        }
        ending
    }

    /// Ends it in the polite way, and then in the other.
    pub(crate) fn stop(&self) {
        if let Some(process) = &self.process {
            process.ask_to_end();
            if !self.wait_until_ended(self.settings.stop_grace) {
                self.kill();
            }
        }
        self.api.stop();
    }

    /// Ends the process at once, and lets its output be read to the end.
    fn kill(&self) {
        if let Some(process) = &self.process {
            process.kill();
            self.wait_until_ended(AFTER_KILL);
        }
    }

    fn wait_until_ended(&self, limit: Duration) -> bool {
        self.api.shared().wait(limit, |state| state.function_ended().then_some(())).is_some()
    }

    /// Waits until the function asks for an event: all that it has written by then belongs to no
    /// request, or to the one before.
    pub(crate) fn wait_for_poll(&self) -> Result<(), PlatformError> {
        let limit = if self.process.is_some() { self.settings.init_timeout } else { Duration::MAX };
        self.judge(self.wait_until_it_polls(limit), limit)
    }

    fn wait_until_it_polls(&self, limit: Duration) -> Option<Wait> {
        self.api.shared().wait(limit, |state| {
            if state.function_ended() {
                Some(Wait::Ended)
            } else if state.has_waiting_poll() {
                Some(Wait::Reached)
            } else {
                state.is_stopped().then_some(Wait::Stopped)
            }
        })
    }

    fn wait_for_hand_out(&self, pending: &Pending) -> Result<Instant, PlatformError> {
        let limit = if self.process.is_some() { self.settings.init_timeout } else { Duration::MAX };
        let mut handed_out = None;
        let reached = self.api.shared().wait(limit, |state| {
            handed_out = state.times(pending.number()).handed_out;
            if handed_out.is_some() {
                Some(Wait::Reached)
            } else if state.function_ended() {
                Some(Wait::Ended)
            } else {
                state.is_stopped().then_some(Wait::Stopped)
            }
        });
        self.judge(reached, limit)?;
        handed_out.ok_or_else(|| PlatformError::new(Cause::Stopped))
    }

    fn judge(&self, reached: Option<Wait>, limit: Duration) -> Result<(), PlatformError> {
        match reached {
            Some(Wait::Reached) => Ok(()),
            Some(Wait::Stopped) => Err(PlatformError::new(Cause::Stopped)),
            Some(Wait::Ended) => match self.process.as_ref().and_then(Process::exit) {
                Some(exit) => Err(self.explain(Cause::ExitedBeforeEvent { exit })),
                None => Err(PlatformError::new(Cause::Stopped)),
            },
            None => {
                let busy = self.processor_time();
                let has_connected = self.api.connections() > 0;
                self.kill();
                Err(self.explain(if has_connected {
                    Cause::NeverPolled { limit, busy }
                } else {
                    Cause::NeverConnected { limit, busy }
                }))
            }
        }
    }

    /// Nothing at the timeout. A process that was started elsewhere has no timeout: a debugger
    /// stands still as long as it likes.
    fn wait_for_end(&self, pending: &Pending, handed_out: Instant) -> Option<End> {
        let left = || match self.process {
            Some(_) => self.settings.timeout.saturating_sub(handed_out.elapsed()),
            None => Duration::MAX,
        };
        let end = self.api.shared().wait(left(), |state| {
            if let Some(how) = state.streamed(pending.number()) {
                // Of a process that has ended its connection tells the end, after the last byte
                // that it sent.
                (how != Streamed::UnderWay).then_some(End::Streamed(how))
            } else if let Ok(answer) = state.outcome(pending.number()) {
                Some(End::Answered(answer))
            } else if let Some(size) = state.too_large(pending.number()) {
                Some(End::TooLarge(size))
            } else if state.function_ended() && self.is_read_to_the_end(state) {
                Some(End::Ended)
            } else if self.process.is_none() && state.is_abandoned(pending.number()) {
                // The process has been ended and started again; one that is started here is
                // seen to end.
                Some(End::Abandoned)
            } else {
                state.is_stopped().then_some(End::Stopped)
            }
        })?;
        if !matches!(end, End::Streamed(Streamed::CutShort | Streamed::NotRead)) {
            return Some(end);
        }
        // The connection has closed. Whether that was all is seen by what comes next: another poll,
        // or the end of the process.
        match self.wait_until_it_polls(left())? {
            Wait::Reached => Some(end),
            Wait::Ended => Some(End::Ended),
            Wait::Stopped => Some(End::Stopped),
        }
    }

    /// Whether nothing of a process that has ended can still be in a socket. In the group of the
    /// caller it may have left behind another process, with its connections.
    fn is_read_to_the_end(&self, state: &State) -> bool {
        self.settings.group == Group::Callers || state.counts().open_connections == 0
    }

    fn judge_exit(&self, request_id: String) -> Outcome {
        Outcome::Platform(match self.process.as_ref().and_then(Process::exit) {
            Some(exit) => self.explain(Cause::ExitedInRequest { request_id, exit }),
            None => PlatformError::new(Cause::Stopped),
        })
    }

    fn judge_stream(
        &self,
        how: Streamed,
        stream: &Stream,
        is_read: bool,
        request_id: String,
    ) -> Outcome {
        let bytes = stream.bytes();
        let cause = match how {
            Streamed::Complete if is_read => return Outcome::Streamed { bytes },
            Streamed::Complete => return Outcome::Reply(stream.take_all()),
            Streamed::TooLarge if self.settings.streams => {
                Cause::StreamTooLarge { limit: STREAM_LIMIT }
            }
            Streamed::TooLarge => Cause::StreamTooLarge { limit: self.settings.response_limit },
            Streamed::NotRead => Cause::CallerGone { request_id, bytes },
            Streamed::UnderWay | Streamed::CutShort => Cause::StreamCutShort { request_id, bytes },
        };
        Outcome::Platform(PlatformError::new(cause))
    }

    fn not_handled(&self, request_id: &str, error: PlatformError) -> Execution {
        let summary = Summary::new(request_id, self.settings.memory, Duration::ZERO, None);
        let log = Log::start(self.take_lines(), request_id, &self.settings.version)
            .finish(Vec::new(), &summary);
        Execution { outcome: Outcome::Platform(error), summary, log }
    }

    fn explain(&self, cause: Cause) -> PlatformError {
        PlatformError::with_output(cause, self.output.last())
            .with_refused(self.api.shared().read(State::refusals))
    }

    /// What has been written since it was last asked.
    fn take_lines(&self) -> Vec<String> {
        if let Some(process) = &self.process {
            process.drain(&self.output);
        }
        self.output.take()
    }

    /// What has been written until the answer; all, where there is none.
    fn take_lines_of_request(&self) -> Vec<String> {
        if let Some(process) = &self.process {
            process.drain(&self.output);
        }
        self.output.take_request()
    }

    fn processor_time(&self) -> Option<Duration> {
        self.process_id().and_then(usage::processor_time)
    }
}
