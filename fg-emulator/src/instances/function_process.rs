//! The process of one instance and its output: what the instances of all kinds of functions have in
//! common.

use std::iter::Sum;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use super::command::ProgramCommand;
use super::memory::{Activity, MemoryLimit, MemoryPolicy};
use crate::execution::log::Log;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::summary::Summary;
use crate::execution::{Execution, Outcome};
use crate::monitor::Monitor;
use crate::process::output::{OpenRequest, Output};
use crate::process::{Exit, Process, ProcessEnd, usage};
use crate::settings::Settings;

/// How long a process may take to be seen as ended after it has been killed.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// The process of an instance, and what it writes.
#[derive(Debug)]
pub(super) struct FunctionProcess {
    settings: Arc<Settings>,
    output: Arc<Output>,
    /// `None` if it is started elsewhere.
    process: Option<Process>,
    ended: Arc<Monitor<bool>>,
    runs_in_shell: bool,
    memory: Option<Arc<MemoryLimit>>,
}

impl FunctionProcess {
    /// A process that is started elsewhere. Nothing is known of it.
    pub(super) fn attached(settings: &Arc<Settings>) -> Self {
        Self {
            settings: Arc::clone(settings),
            output: Arc::new(Output::new(settings.line_sink.clone())),
            process: None,
            ended: Arc::default(),
            runs_in_shell: false,
            memory: None,
        }
    }

    /// Starts a process. `mark` is a variable of its environment, as `NAME=value`, that no other
    /// process has. `on_end` is called once, when it has ended, and returns whether it handled no
    /// request then.
    pub(super) fn start(
        settings: &Arc<Settings>,
        policy: &MemoryPolicy,
        ProgramCommand { command, runs_in_shell }: ProgramCommand,
        mark: String,
        on_end: impl FnOnce() -> bool + Send + 'static,
    ) -> Result<Self, PlatformError> {
        let output = Arc::new(Output::new(settings.line_sink.clone()));
        let ended = Arc::<Monitor<bool>>::default();
        let (send_id, id) = mpsc::channel();
        let (process_sink, line_sink) = (settings.process_sink.clone(), settings.line_sink.clone());
        let (send_memory, memory) = mpsc::channel::<Option<Arc<MemoryLimit>>>();
        let has_ended = Arc::clone(&ended);
        let on_end = move |ProcessEnd { exit, was_requested }| {
            if let (Some(sink), Ok(id)) = (process_sink, id.recv()) {
                sink(id, false);
            }
            // Before others see the end, so that they see its reason.
            if let Ok(Some(memory)) = memory.recv() {
                memory.end();
            }
            // An end before the first request, or during one, is reported in a result.
            let is_between_requests = on_end();
            has_ended.update(|ended| *ended = true);
            if let (Some(sink), true, false) = (line_sink, is_between_requests, was_requested) {
                sink(&format!("the function {exit}, while it handled no request"));
            }
        };
        let started = Process::start(command, settings.group, mark, Arc::clone(&output), on_end);
        let process =
            started.map_err(|error| PlatformError::not_started(settings.program.path(), &error))?;
        let memory = policy.limit(settings, process.id(), process.kill_function()).map(Arc::new);
        // An error means that the thread that waits for the end has panicked.
        let _ = send_memory.send(memory.clone());
        if let Some(sink) = &settings.process_sink {
            sink(process.id(), true);
        }
        // Only now can `on_end` report the end, so that it follows the start. Without a sink the
        // receiver may be gone.
        let _ = send_id.send(process.id());
        Ok(Self {
            settings: Arc::clone(settings),
            output,
            process: Some(process),
            ended,
            runs_in_shell,
            memory,
        })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether this program has started it.
    pub(super) fn is_started_here(&self) -> bool {
        self.process.is_some()
    }

    pub(super) fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// How it ended, if it has.
    pub(super) fn exit(&self) -> Option<Exit> {
        self.process.as_ref().and_then(Process::exit)
    }

    pub(super) fn output(&self) -> &Arc<Output> {
        &self.output
    }

    /// Moves what it has written so far from the pipe to the output, as a function that does not
    /// borrow the process.
    pub(super) fn drain_function(&self) -> impl Fn() + Send + Sync + 'static {
        let drain = self.process.as_ref().map(Process::drain_function);
        let output = Arc::clone(&self.output);
        move || {
            if let Some(drain) = &drain {
                drain(&output);
            }
        }
    }

    pub(super) fn wait_until_ended(&self, limit: Duration) -> bool {
        self.ended.wait(limit, |ended| ended.then_some(())).is_some()
    }

    /// Asks the process to stop, and kills it if it does not in time.
    pub(super) fn stop(&self) {
        if let Some(process) = &self.process {
            process.request_stop();
            if !self.wait_until_ended(self.settings.stop_grace) {
                self.kill();
            }
        }
    }

    /// Kills the process and waits until its output has been read.
    pub(super) fn kill(&self) {
        if let Some(process) = &self.process {
            process.kill();
            self.wait_until_ended(KILL_LIMIT);
        }
    }

    /// The result of a request that the function did not get.
    pub(super) fn unhandled(&self, request_id: &str, error: PlatformError) -> Execution {
        let summary = Summary::new(request_id, self.settings.memory, Duration::ZERO, None);
        let log = Log::start(self.take_lines(), request_id, &self.settings.version)
            .finish(Vec::new(), &summary);
        Execution { outcome: Outcome::Platform(error), summary, log }
    }

    /// An error with the last output. If the process was ended because of its memory, that is the
    /// cause.
    pub(super) fn error_with_output(&self, cause: Cause) -> PlatformError {
        let is_memory = self.memory.as_ref().is_some_and(|memory| memory.was_exceeded());
        let cause =
            if is_memory { Cause::OutOfMemory { limit: self.settings.memory } } else { cause };
        PlatformError::with_output(cause, self.output.last())
    }

    /// Until what is returned is dropped, the process handles a request, or gets ready for one.
    pub(super) fn begin_activity(&self) -> Option<Activity> {
        self.memory.as_ref().and_then(|memory| memory.begin_activity())
    }

    /// Takes what has been written since the last call.
    pub(super) fn take_lines(&self) -> Vec<String> {
        self.drain();
        self.output.take()
    }

    /// Takes what has been written up to the answer; everything, if there is none.
    pub(super) fn take_lines_of_request(&self) -> Vec<String> {
        self.drain();
        self.output.take_request()
    }

    /// Marks the begin of a request that may run beside others, and takes the lines before.
    pub(super) fn open_request(&self) -> (OpenRequest, Vec<String>) {
        self.drain();
        self.output.open_request()
    }

    /// Takes what has been written since the begin of a request.
    pub(super) fn close_request(&self, request: OpenRequest) -> Vec<String> {
        self.drain();
        self.output.close_request(request)
    }

    fn drain(&self) {
        if let Some(process) = &self.process {
            process.drain(&self.output);
        }
    }

    pub(super) fn cpu_time(&self) -> Option<Duration> {
        sum(self.measured(), usage::cpu_time)
    }

    /// In bytes.
    pub(super) fn peak_memory(&self) -> Option<u64> {
        sum(self.measured(), usage::peak_memory)
    }

    /// The processes whose figures are the function's: with a shell between, all that it has
    /// started.
    fn measured(&self) -> Vec<u32> {
        match self.id() {
            Some(id) if self.runs_in_shell => usage::process_tree_of(id),
            id => id.into_iter().collect(),
        }
    }
}

/// The sum of a figure of these processes, without those that have ended; `None` if it is known of
/// none.
fn sum<T: Sum>(processes: Vec<u32>, figure: fn(u32) -> Option<T>) -> Option<T> {
    let mut known = processes.into_iter().filter_map(figure).peekable();
    known.peek().is_some().then(|| known.sum())
}
