//! How a function is described before it runs.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::callers::signature::KeyPair;
use crate::emulator::Emulator;
use crate::emulator::async_queue::{AsyncPolicy, Notification};
use crate::execution::platform_error::PlatformError;
use crate::process::Group;
use crate::settings::{Credentials, Program, Settings};

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
    /// Where the program cannot be started. One that starts and does not do what it should is an
    /// error of the first invocation.
    pub fn start(self) -> Result<Emulator, PlatformError> {
        Emulator::start(self.settings)
    }

    /// Adds an argument for the program. The platform gives none; an interpreter needs some.
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

    /// `RUNTIME_PACKAGE`, which the platform also calls app; `default` by default.
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

    /// A request that takes longer ends the process; 3 s by default. The function is told whole
    /// seconds, rounded up, in `RUNTIME_TIMEOUT`.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.timeout = timeout)
    }

    /// A process that has not asked for an event after this time, from its start or from its last
    /// answer, is ended; 3 s by default.
    pub fn init_timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.init_timeout = timeout)
    }

    /// In MB: `RUNTIME_MEMORY`; 128 by default. It is told, and compared in the summary, but not
    /// enforced.
    pub fn memory(self, megabytes: u32) -> Self {
        self.with(|settings| settings.memory = megabytes)
    }

    /// In millicores: `RUNTIME_CPU`; by default what the platform gives to this memory. It is told,
    /// but not enforced.
    pub fn cpu(self, millicores: u32) -> Self {
        self.with(|settings| settings.cpu = Some(millicores))
    }

    /// Adds a user variable: a variable of the process, and in `RUNTIME_USERDATA`.
    pub fn variable(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|settings| settings.variables.push((name.into(), value.into())))
    }

    /// Adds a variable of the process alone, which is not in `RUNTIME_USERDATA`: a setting of the
    /// machine that it runs on, and not of the function. A user variable of the same name wins.
    pub fn process_variable(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|settings| settings.process_variables.push((name.into(), value.into())))
    }

    /// The address of the Runtime API of an attached process, such as `127.0.0.1:9001`, so that it
    /// stays the same the next time. By default it is a free port.
    pub fn runtime_api_at(self, address: SocketAddr) -> Self {
        self.with(|settings| {
            if matches!(settings.program, Program::Attached) {
                settings.api_address = Some(address);
            }
        })
    }

    /// Adds an encrypted user variable: in `RUNTIME_USERDATA` only.
    pub fn user_data(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|settings| settings.user_data.push((name.into(), value.into())))
    }

    /// Lets the process see this variable of the caller's environment. By default it sees `PATH`
    /// and little else, as on the platform.
    pub fn inherit(self, name: impl Into<OsString>) -> Self {
        self.with(|settings| settings.inherited.push(name.into()))
    }

    /// What each invocation gets in its headers. Without it they are absent.
    pub fn credentials(self, credentials: Credentials) -> Self {
        self.with(|settings| settings.credentials = Some(credentials))
    }

    /// `RUNTIME_CODE_ROOT`, and the directory in which the process runs; by default where the
    /// program is.
    pub fn code_root(self, directory: impl Into<PathBuf>) -> Self {
        self.with(|settings| settings.code_root = Some(directory.into()))
    }

    /// `RUNTIME_MAX_RESP_BODY_SIZE` in bytes, and the limit for a response; 6 MB by default.
    pub fn response_limit(self, bytes: usize) -> Self {
        self.with(|settings| settings.response_limit = bytes)
    }

    /// Switches on streaming responses: one that comes in chunks may have 200 MB, and a caller can
    /// read it while it comes, with [`Emulator::invoke_streaming`] or over the invoke API (the
    /// platform's manual, "response streaming").
    pub fn streaming(self) -> Self {
        self.with(|settings| settings.streams = true)
    }

    /// The most instances at the same time; 4 by default, and always 1 where the process is
    /// attached.
    pub fn instances(self, instances: usize) -> Self {
        self.with(|settings| {
            if matches!(settings.program, Program::Started { .. }) {
                settings.instances = instances.max(1);
            }
        })
    }

    /// An instance without a request for this long is reclaimed; one minute by default.
    pub fn idle_limit(self, limit: Duration) -> Self {
        self.with(|settings| settings.idle_limit = limit)
    }

    /// How long an instance may take to end after SIGTERM before it is killed; 2 s by default.
    pub fn stop_grace(self, grace: Duration) -> Self {
        self.with(|settings| settings.stop_grace = grace)
    }

    /// How long an invocation waits for a free instance before it is refused with `FSS.0429`; 90 s
    /// by default, after which the platform's gateway gives up.
    pub fn queue_limit(self, limit: Duration) -> Self {
        self.with(|settings| settings.queue_limit = limit)
    }

    /// Leaves the processes in the caller's process group, so that Ctrl-C in a terminal ends them
    /// too. By default each has a group of its own: what it has started ends with it, and Ctrl-C
    /// does not reach it.
    pub fn foreground(self) -> Self {
        self.with(|settings| settings.group = Group::Callers)
    }

    /// Is called with each line that the function writes, as it comes, whichever request it belongs
    /// to; and with why a reply that is streamed over the invoke API is not complete, since its
    /// caller cannot be told.
    pub fn on_line(self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.log = Some(Arc::new(sink)))
    }

    /// Is called with the id of each process when it has been started, and `true`; and when it has
    /// ended, and `false`. On Unix a process leads a group of the same id, unless it is in the
    /// [`foreground`](Self::foreground).
    pub fn on_process(self, sink: impl Fn(u32, bool) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.processes = Some(Arc::new(sink)))
    }

    /// What is done about asynchronous invocations that fail, or that wait; by default no retries,
    /// and a day.
    pub fn async_policy(self, policy: AsyncPolicy) -> Self {
        self.with(|settings| settings.async_policy = policy)
    }

    /// Is called with the notification of each asynchronous invocation that succeeds.
    pub fn on_success(self, destination: impl Fn(&Notification) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.on_success = Some(Arc::new(destination)))
    }

    /// Is called with the notification of each asynchronous invocation that fails, after its last
    /// retry.
    pub fn on_failure(self, destination: impl Fn(&Notification) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.on_failure = Some(Arc::new(destination)))
    }

    /// The invoke API verifies signatures with this pair, and refuses requests without one. By
    /// default all requests are accepted.
    pub fn key_pair(self, access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        self.with(|settings| {
            settings.key_pair = Some(KeyPair::new(access_key.into(), secret_key.into()));
        })
    }
}
