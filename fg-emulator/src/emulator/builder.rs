//! The builder of an emulator, with the settings of its function.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Emulator;
use crate::execution::notification::Notification;
use crate::execution::platform_error::PlatformError;
use crate::process::Group;
use crate::settings::async_policy::AsyncPolicy;
use crate::settings::credentials::Credentials;
use crate::settings::limits::MAX_CONCURRENCY;
use crate::settings::{Kind, Program, Settings};
use crate::start_limit::StartLimit;

/// The settings of a function, with the platform's defaults. Made by [`Emulator::builder`] and
/// [`Emulator::attach`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    settings: Settings,
}

impl Builder {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings }
    }

    fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.settings);
        self
    }

    /// Starts the emulator and the first instance.
    ///
    /// # Errors
    ///
    /// If the program cannot be started. If it starts and then fails, that is an error of the first
    /// invocation.
    pub fn start(self) -> Result<Emulator, PlatformError> {
        Emulator::start(self.settings)
    }

    /// Adds an argument for the program. The platform passes none, but an interpreter needs some.
    pub fn arg(self, argument: impl Into<OsString>) -> Self {
        self.with(|settings| {
            if let Program::Started { arguments, .. } = &mut settings.program {
                arguments.push(argument.into());
            }
        })
    }

    /// `RUNTIME_HANDLER`; `bootstrap` by default.
    pub fn handler(self, handler: impl Into<String>) -> Self {
        self.with(|settings| settings.handler = handler.into())
    }

    /// `RUNTIME_FUNC_NAME`; the program's name by default.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.with(|settings| settings.name = name.into())
    }

    /// `RUNTIME_PACKAGE`, also called app; `default` by default.
    pub fn package(self, package: impl Into<String>) -> Self {
        self.with(|settings| settings.package = package.into())
    }

    /// `RUNTIME_FUNC_VERSION`; `latest` by default.
    pub fn version(self, version: impl Into<String>) -> Self {
        self.with(|settings| settings.version = version.into())
    }

    /// `RUNTIME_PROJECT_ID`, and the project of the invoke API.
    pub fn project_id(self, project_id: impl Into<String>) -> Self {
        self.with(|settings| settings.project_id = project_id.into())
    }

    /// The region in the function's URN; `local` by default.
    pub fn region(self, region: impl Into<String>) -> Self {
        self.with(|settings| settings.region = region.into())
    }

    /// How long a request may take before its process is killed; 3 s by default. `RUNTIME_TIMEOUT`
    /// has it in whole seconds, rounded up.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.timeout = timeout)
    }

    /// How long a process may take from its start, or from its last answer, until it asks for an
    /// event, or from its start until it accepts connections, before it is killed; 3 s by default.
    pub fn init_timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.init_timeout = timeout)
    }

    /// `RUNTIME_MEMORY` in MB; 128 by default. It is shown in the summary, and enforced if that is
    /// [wanted](Self::enforce_memory).
    pub fn memory(self, megabytes: u32) -> Self {
        self.with(|settings| settings.memory = megabytes)
    }

    /// Ends a process that uses more memory than the function [has](Self::memory), together with
    /// the processes that it has started, with the platform's error `runtime memory limit
    /// exceeded`. By default memory is not limited.
    ///
    /// How this is done depends on the system: see [`Emulator::memory_enforcement`]. With systemd,
    /// a program gets a cgroup that it may divide by `systemd-run --user --scope`.
    pub fn enforce_memory(self) -> Self {
        self.with(|settings| settings.enforces_memory = true)
    }

    /// `RUNTIME_CPU` in millicores; by default what the platform gives to this memory size. It is
    /// not enforced.
    pub fn cpu(self, millicores: u32) -> Self {
        self.with(|settings| settings.cpu = Some(millicores))
    }

    /// Adds a user variable, which the process gets as a variable and in `RUNTIME_USERDATA`.
    pub fn variable(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|settings| settings.variables.push((name.into(), value.into())))
    }

    /// Adds a variable of the process that is not in `RUNTIME_USERDATA`: a setting of the machine,
    /// not of the function. A user variable of the same name takes precedence.
    pub fn process_variable(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|settings| settings.process_variables.push((name.into(), value.into())))
    }

    /// The address of the Runtime API of an attached process, such as `127.0.0.1:9001`; by default
    /// a free port, which is another one each time.
    pub fn runtime_api_at(self, address: SocketAddr) -> Self {
        self.with(|settings| {
            if matches!(settings.program, Program::Attached) {
                settings.api_address = Some(address);
            }
        })
    }

    /// Adds an encrypted user variable, which is in `RUNTIME_USERDATA` only.
    pub fn user_data(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|settings| settings.user_data.push((name.into(), value.into())))
    }

    /// Passes this variable of the caller's environment to the process. By default it gets `PATH`
    /// and little else, as on the platform.
    pub fn inherit(self, name: impl Into<OsString>) -> Self {
        self.with(|settings| settings.inherited.push(name.into()))
    }

    /// The credentials that each invocation gets in its headers; none by default.
    pub fn credentials(self, credentials: Credentials) -> Self {
        self.with(|settings| settings.credentials = Some(credentials))
    }

    /// `RUNTIME_CODE_ROOT`, and the working directory of the process; by default the directory of
    /// the program.
    pub fn code_root(self, directory: impl Into<PathBuf>) -> Self {
        self.with(|settings| settings.code_root = Some(directory.into()))
    }

    /// `RUNTIME_MAX_RESP_BODY_SIZE` in bytes, and the limit for a response; 6 MB by default.
    pub fn response_limit(self, bytes: usize) -> Self {
        self.with(|settings| settings.response_limit = bytes)
    }

    /// Enables streamed responses: a chunked response may have 200 MB, and a caller can read it
    /// while the function writes it, with [`Emulator::invoke_streaming`] (the platform's manual,
    /// "response streaming").
    pub fn streaming(self) -> Self {
        self.with(|settings| settings.streams = true)
    }

    /// Makes this an HTTP function, the platform's runtime `http`: the program is an HTTP server, and
    /// each event is a request of API Gateway, which is sent to it as an HTTP request.
    ///
    /// The platform has one container for each instance and connects to port 8000. Here each
    /// instance gets a free port, in the variables `PORT` and `FG_PORT`, and has to accept
    /// connections on it, or on 8000, within the [time limit](Self::init_timeout). With 8000 there
    /// can be only one instance. `RUNTIME_API_ADDR` is not set.
    ///
    /// A `bootstrap` without a shebang, or that is not executable, is run by `/bin/sh`.
    ///
    /// The event is a JSON object with `httpMethod` and `path`, and optionally `headers`,
    /// `queryStringParameters`, `body` and `isBase64Encoded`. The response is the platform's JSON:
    /// `{"body": base64, "headers": {name: [values]}, "statusCode": n, "isBase64Encoded": true}`.
    ///
    /// ```no_run
    /// use fg_emulator::{Emulator, Event};
    ///
    /// let emulator = Emulator::builder("code/bootstrap").http_function().concurrency(10).start()?;
    /// let execution = emulator.invoke(Event::new(r#"{"httpMethod":"GET","path":"/orders/7"}"#));
    /// println!("{execution}");
    /// # Ok::<(), fg_emulator::PlatformError>(())
    /// ```
    pub fn http_function(self) -> Self {
        self.with(|settings| settings.kind = Kind::Http)
    }

    /// How many requests an instance of an [HTTP function](Self::http_function) handles at the same
    /// time, 1 to 1000; 1 by default. The platform calls it `concurrent_num`. An event function
    /// always handles one.
    ///
    /// The lines that are written while several requests are handled are in the log of each of
    /// them.
    pub fn concurrency(self, requests: usize) -> Self {
        self.with(|settings| settings.concurrency = requests.clamp(1, MAX_CONCURRENCY))
    }

    /// How many instances are started at once and kept although they are idle, at most as many as
    /// there can be [instances](Self::instances); none by default. The platform calls them reserved
    /// instances.
    ///
    /// One that ends is replaced at once. If that happens again and again, a pause before the next
    /// replacement grows from one second to a minute.
    pub fn reserved(self, instances: usize) -> Self {
        self.with(|settings| settings.reserved = instances)
    }

    /// The largest number of instances; 4 by default, and always 1 if the process is attached.
    pub fn instances(self, instances: usize) -> Self {
        self.with(|settings| {
            if matches!(settings.program, Program::Started { .. }) {
                settings.instances = instances.max(1);
            }
        })
    }

    /// How long an instance may be idle before it is reclaimed, unless it is
    /// [reserved](Self::reserved); one minute by default.
    pub fn idle_limit(self, limit: Duration) -> Self {
        self.with(|settings| settings.idle_limit = limit)
    }

    /// How long an instance may take to end after SIGTERM before it is killed; 2 s by default. An
    /// [HTTP function](Self::http_function) gets no SIGTERM.
    pub fn stop_grace(self, grace: Duration) -> Self {
        self.with(|settings| settings.stop_grace = grace)
    }

    /// How long an invocation waits for a free instance before it is refused with `FSS.0429`; by
    /// default 90 s, the time limit of the platform's gateway.
    pub fn queue_limit(self, limit: Duration) -> Self {
        self.with(|settings| settings.queue_limit = limit)
    }

    /// Lets only so many instances start at the same time, of this function and of all others with
    /// the same limit; by default there is no limit. An event function has started once it asks for
    /// its first event, or after two seconds.
    pub fn start_limit(self, limit: &StartLimit) -> Self {
        self.with(|settings| settings.start_limit = Some(limit.clone()))
    }

    /// Leaves the processes in the process group of this program, so that Ctrl-C in a terminal ends
    /// them too. By default each has a group of its own: the processes that it has started end with
    /// it, and Ctrl-C does not reach it.
    pub fn foreground(self) -> Self {
        self.with(|settings| settings.group = Group::Inherited)
    }

    /// Sets a function that is called with each line that the function writes, whichever request it
    /// belongs to. It is also called with messages of the emulator that have no other way to be
    /// seen, such as why a response that was streamed to a caller is incomplete.
    pub fn on_line(self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.line_sink = Some(Arc::new(sink)))
    }

    /// Sets a function that is called with the id of each process and `true` when it has been
    /// started, and with `false` when it has ended. On Unix a process leads a group of the same id,
    /// unless it is in the [`foreground`](Self::foreground).
    pub fn on_process(self, sink: impl Fn(u32, bool) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.process_sink = Some(Arc::new(sink)))
    }

    /// What is done with asynchronous invocations that fail or wait; by default they are not
    /// retried, and expire after a day.
    pub fn async_policy(self, policy: AsyncPolicy) -> Self {
        self.with(|settings| settings.async_policy = policy)
    }

    /// Sets a function that is called with the notification of each asynchronous invocation that
    /// succeeds.
    pub fn on_success(self, destination: impl Fn(&Notification) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.on_success = Some(Arc::new(destination)))
    }

    /// Sets a function that is called with the notification of each asynchronous invocation that
    /// fails, after its last retry.
    pub fn on_failure(self, destination: impl Fn(&Notification) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.on_failure = Some(Arc::new(destination)))
    }
}
