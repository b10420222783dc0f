//! A function on this machine as its callers see it: they invoke it, and get what the platform
//! would return.

pub(crate) mod async_queue;
pub(crate) mod builder;
pub(crate) mod response_stream;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::execution::Execution;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::shutdown_report::ShutdownReport;
use crate::instances::environment;
use crate::instances::memory::MemoryEnforcement;
use crate::instances::pool::Pool;
use crate::instances::slots::Instances;
use crate::runtime_api::event::Event;
use crate::settings::limits::{ASYNC_LIMIT, SYNC_LIMIT, check_event_size};
use crate::settings::{Kind, Program, Settings};

use async_queue::{AsyncInvocation, AsyncQueue};
use builder::Builder;
use response_stream::ResponseStream;

/// A function that runs on this machine as on the platform. See the [crate's page](crate) for an
/// example.
///
/// All methods take `&self`, so that several threads can invoke the function at the same time.
/// Dropping the emulator stops the function's processes: first with SIGTERM, on systems that have
/// it, then with a kill. On Linux and macOS they also end if this program ends in any other way,
/// SIGKILL included, since a shell watches it. On Windows they go on until they notice that their
/// Runtime API is gone.
///
/// Events go to the function alone. Linux reports which process is at the other end of a
/// connection; a process that is neither the function's nor started by it is refused. macOS and
/// Windows do not report it; there, requests of web pages are refused.
#[derive(Debug)]
pub struct Emulator {
    pool: Arc<Pool>,
    queue: Arc<AsyncQueue>,
    maintaining: Option<JoinHandle<()>>,
}

impl Emulator {
    /// The settings of a function with this program, such as `target/debug/greet` or
    /// `/opt/function/code/bootstrap`.
    pub fn builder(program: impl Into<PathBuf>) -> Builder {
        Builder::new(Settings::new(Program::Started {
            path: program.into(),
            arguments: Vec::new(),
        }))
    }

    /// The settings of a function whose process is started elsewhere, such as in a debugger. It has
    /// one instance and no timeout, and its output is not collected. [`variables`](Self::variables)
    /// returns the variables that it needs.
    pub fn attach() -> Builder {
        let mut settings = Settings::new(Program::Attached);
        settings.instances = 1;
        Builder::new(settings)
    }

    fn start(settings: Settings) -> Result<Self, PlatformError> {
        if settings.kind == Kind::Http && matches!(settings.program, Program::Attached) {
            return Err(PlatformError::new(Cause::Unsupported(
                "a process that is started elsewhere cannot be an HTTP function: give its program to Emulator::builder",
            )));
        }
        let pool = Pool::start(settings)?;
        let maintained = Arc::clone(&pool);
        let maintaining = thread::Builder::new()
            .name("maintain-instances".into())
            .spawn(move || maintained.maintain());
        let queue = AsyncQueue::new(&pool);
        Ok(Self { pool, queue, maintaining: maintaining.ok() })
    }

    /// Invokes the function and waits for the result: the platform's synchronous invocation, with
    /// an event of at most 6 MB.
    ///
    /// If all instances are busy it waits for one. If that takes too long it is refused, as on the
    /// platform.
    #[must_use]
    pub fn invoke(&self, event: Event) -> Execution {
        match check_event_size(&event, SYNC_LIMIT) {
            Ok(()) => self.pool.run(event),
            Err(error) => self.pool.refuse(event.id(), error),
        }
    }

    /// Invokes the function, and returns the response while the function writes it.
    ///
    /// Without [`streaming`](Builder::streaming), or if the function's answer is not chunked, the
    /// response comes as a whole. The platform streams at most 200 MB.
    ///
    /// ```no_run
    /// use std::io;
    ///
    /// use fg_emulator::{Emulator, Event};
    ///
    /// let emulator = Emulator::builder("target/debug/examples/stream").streaming().start()?;
    /// let mut response = emulator.invoke_streaming(Event::new("{}"));
    /// io::copy(&mut response, &mut io::stdout())?; // an error if the response is incomplete
    /// println!("{}", response.finish());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn invoke_streaming(&self, event: Event) -> ResponseStream {
        match check_event_size(&event, SYNC_LIMIT) {
            Ok(()) => ResponseStream::start(&self.pool, event),
            Err(error) => ResponseStream::refused(&self.pool, event.id(), error),
        }
    }

    /// Queues the event: the platform's asynchronous invocation, with an event of at most 256 KB.
    /// Its result can be waited for, and is sent to the destinations
    /// [`on_success`](Builder::on_success) and [`on_failure`](Builder::on_failure).
    ///
    /// # Errors
    ///
    /// If the event is too large, 1,000 events wait already, the function is an
    /// [HTTP function](Builder::http_function), or the emulator is stopped.
    pub fn invoke_async(&self, event: Event) -> Result<AsyncInvocation, PlatformError> {
        if self.is_http_function() {
            return Err(PlatformError::new(Cause::Unsupported(
                "an HTTP function cannot be invoked asynchronously",
            )));
        }
        check_event_size(&event, ASYNC_LIMIT)?;
        self.queue.push(event.asynchronous())
    }

    /// The [name](Builder::name) of the function.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.pool.settings().name
    }

    /// The [package](Builder::package), also called app, of the function.
    #[must_use]
    pub fn package(&self) -> &str {
        &self.pool.settings().package
    }

    /// The [version](Builder::version) of the function.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.pool.settings().version
    }

    /// The [handler](Builder::handler) of the function.
    #[must_use]
    pub fn handler(&self) -> &str {
        &self.pool.settings().handler
    }

    /// The [timeout](Builder::timeout) of the function.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.pool.settings().timeout
    }

    /// The [memory](Builder::memory) of the function in MB.
    #[must_use]
    pub fn memory(&self) -> u32 {
        self.pool.settings().memory
    }

    /// The [project id](Builder::project_id) of the function.
    #[must_use]
    pub fn project_id(&self) -> &str {
        &self.pool.settings().project_id
    }

    /// The [region](Builder::region) of the function.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.pool.settings().region
    }

    /// How the memory of its processes is limited.
    ///
    /// ```
    /// use fg_emulator::{Emulator, MemoryEnforcement};
    ///
    /// // Of a process that is started elsewhere it is not.
    /// let emulator = Emulator::attach().enforce_memory().start()?;
    /// assert_eq!(emulator.memory_enforcement(), MemoryEnforcement::None);
    /// # Ok::<(), fg_emulator::PlatformError>(())
    /// ```
    #[must_use]
    pub fn memory_enforcement(&self) -> MemoryEnforcement {
        self.pool.memory_enforcement()
    }

    /// Whether it is an [HTTP function](Builder::http_function).
    #[must_use]
    pub fn is_http_function(&self) -> bool {
        self.pool.settings().kind == Kind::Http
    }

    /// Whether responses can be [streamed](Builder::streaming).
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.pool.settings().streams
    }

    /// Calls the function of [`Builder::on_line`] with a message: for a service in front of the
    /// function, which can tell its caller nothing any more, such as after the first chunk of a
    /// response.
    pub fn report_line(&self, line: &str) {
        if let Some(sink) = &self.pool.settings().line_sink {
            sink(line);
        }
    }

    /// The function's URN: `urn:fss:<region>:<project id>:function:<package>:<name>:<version>`.
    #[must_use]
    pub fn urn(&self) -> String {
        self.pool.settings().urn()
    }

    /// The variables that an [attached](Self::attach) process needs; none if this emulator starts
    /// the processes itself.
    ///
    /// ```
    /// let emulator = fg_emulator::Emulator::attach().handler("greet").start()?;
    /// let lines: Vec<String> = emulator.variables().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    /// assert!(lines[0].starts_with("RUNTIME_API_ADDR=127.0.0.1:"));
    /// # Ok::<(), fg_emulator::PlatformError>(())
    /// ```
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let settings = self.pool.settings();
        let (Program::Attached, Some(address)) = (&settings.program, self.pool.first_address())
        else {
            return Vec::new();
        };
        let platform = environment::event_interface(&address)
            .into_iter()
            .chain(environment::platform_variables(settings))
            .map(|(name, value)| (name.to_owned(), value));
        let is_user_variable = |name: &str| settings.variables.iter().any(|(user, _)| user == name);
        let process = settings.process_variables.iter().filter(|(name, _)| !is_user_variable(name));
        platform.chain(process.cloned()).chain(settings.variables.iter().cloned()).collect()
    }

    /// Waits until the function asks for its first event, or accepts connections if it is an
    /// [HTTP function](Builder::http_function). For an [attached](Self::attach) process there is no
    /// time limit.
    ///
    /// # Errors
    ///
    /// If it ends before, or is not ready within the [time limit](Builder::init_timeout).
    pub fn wait_until_ready(&self) -> Result<(), PlatformError> {
        self.pool.wait_until_ready()
    }

    /// Kills the process that handles the event with this request id; its invocation ends with an
    /// error. Returns `false` if no process handles it, or the function is an
    /// [HTTP function](Builder::http_function).
    #[allow(clippy::must_use_candidate, reason = "it is called for its effect")]
    pub fn cancel(&self, request_id: &str) -> bool {
        self.pool.cancel(request_id)
    }

    /// How many instances there are.
    #[must_use]
    pub fn instances(&self) -> Instances {
        self.pool.counts()
    }

    /// Waits until the instances meet a condition, and returns whether they did within the time
    /// limit.
    #[must_use]
    pub fn wait_until(&self, limit: Duration, reached: impl FnMut(Instances) -> bool) -> bool {
        self.pool.wait_until(limit, reached)
    }

    /// The ids of the running processes, for a debugger or a profiler.
    #[must_use]
    pub fn process_ids(&self) -> Vec<u32> {
        self.pool.process_ids()
    }

    /// Waits until the function is done with what it does after its answer, at most for the
    /// [timeout](Builder::timeout), and [stops](Self::stop) it. Returns what it has written since
    /// its answer, and what went wrong.
    ///
    /// ```no_run
    /// let emulator = fg_emulator::Emulator::builder("target/debug/greet").start()?;
    /// let execution = emulator.invoke(fg_emulator::Event::new("{}"));
    /// let report = emulator.finish();
    /// assert!(report.errors.is_empty(), "{:?}", report.lines);
    /// # Ok::<(), fg_emulator::PlatformError>(())
    /// ```
    #[allow(clippy::must_use_candidate, reason = "it is called for its effect")]
    pub fn finish(&self) -> ShutdownReport {
        self.queue.stop();
        let report = self.pool.finish();
        self.stop();
        report
    }

    /// Stops the function's processes and frees all ports. Invocations that wait get an error.
    pub fn stop(&self) {
        self.queue.stop();
        self.pool.stop();
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop();
        if let Some(maintaining) = self.maintaining.take() {
            // A panic has been reported by the thread itself.
            let _ = maintaining.join();
        }
    }
}
