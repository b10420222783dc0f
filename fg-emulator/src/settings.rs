//! The settings of a function, as the platform has them, with its defaults.

pub(crate) mod async_policy;
pub(crate) mod credentials;
pub mod limits;

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::execution::notification::Destination;
use crate::process::Group;
use crate::process::output::LineSink;
use crate::runtime_api::event::Event;
use crate::runtime_api::state::AnswerLimit;
use crate::start_limit::StartLimit;

use async_policy::AsyncPolicy;
use credentials::Credentials;
use limits::{STREAM_LIMIT, SYNC_LIMIT, TOLERANCE};

/// Is called with the id of each process and `true` when it starts, and with `false` when it has
/// ended.
pub(crate) type ProcessSink = Arc<dyn Fn(u32, bool) + Send + Sync>;

/// The settings of a function.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) program: Program,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) project_id: String,
    pub(crate) region: String,
    pub(crate) handler: String,
    pub(crate) timeout: Duration,
    pub(crate) init_timeout: Duration,
    pub(crate) memory: u32,
    pub(crate) enforces_memory: bool,
    pub(crate) cpu: Option<u32>,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) user_data: Vec<(String, String)>,
    pub(crate) process_variables: Vec<(String, String)>,
    pub(crate) api_address: Option<SocketAddr>,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) code_root: Option<PathBuf>,
    pub(crate) inherited: Vec<OsString>,
    pub(crate) response_limit: usize,
    pub(crate) streams: bool,
    pub(crate) instances: usize,
    /// How many of them are kept although they are idle.
    pub(crate) reserved: usize,
    /// How many requests an instance handles at the same time.
    pub(crate) concurrency: usize,
    pub(crate) idle_limit: Duration,
    pub(crate) stop_grace: Duration,
    pub(crate) queue_limit: Duration,
    pub(crate) start_limit: Option<StartLimit>,
    pub(crate) group: Group,
    pub(crate) line_sink: Option<LineSink>,
    pub(crate) process_sink: Option<ProcessSink>,
    pub(crate) async_policy: AsyncPolicy,
    pub(crate) on_success: Option<Destination>,
    pub(crate) on_failure: Option<Destination>,
}

/// How the platform and the function communicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The function polls the Runtime API: the runtime `Custom`.
    Event,
    /// The function is an HTTP server: the runtime `http`.
    Http,
}

/// The function's process: started by the emulator, or elsewhere.
#[derive(Clone, Debug)]
pub(crate) enum Program {
    Started { path: PathBuf, arguments: Vec<OsString> },
    Attached,
}

impl Program {
    /// The path of the program; empty if the process is started elsewhere.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Started { path, .. } => path,
            Self::Attached => Path::new(""),
        }
    }
}

impl Settings {
    pub(crate) fn new(program: Program) -> Self {
        let name = match &program {
            Program::Started { path, .. } => {
                path.file_stem().map(|stem| stem.to_string_lossy().into_owned())
            }
            Program::Attached => None,
        };
        Self {
            program,
            kind: Kind::Event,
            name: name.unwrap_or_else(|| "function".into()),
            package: "default".into(),
            version: "latest".into(),
            project_id: "0123456789abcdef0123456789abcdef".into(),
            region: "local".into(),
            handler: "bootstrap".into(),
            timeout: Duration::from_secs(3),
            init_timeout: Duration::from_secs(3),
            memory: 128,
            enforces_memory: false,
            cpu: None,
            variables: Vec::new(),
            user_data: Vec::new(),
            process_variables: Vec::new(),
            api_address: None,
            credentials: None,
            code_root: None,
            inherited: Vec::new(),
            response_limit: SYNC_LIMIT,
            streams: false,
            instances: 4,
            reserved: 0,
            concurrency: 1,
            idle_limit: Duration::from_secs(60),
            stop_grace: Duration::from_secs(2),
            queue_limit: Duration::from_secs(90),
            start_limit: None,
            group: Group::Own,
            line_sink: None,
            process_sink: None,
            async_policy: AsyncPolicy::default(),
            on_success: None,
            on_failure: None,
        }
    }

    /// In millicores; by default memory / 128 * 100 + 200.
    pub(crate) fn cpu(&self) -> u32 {
        self.cpu.unwrap_or_else(|| self.memory.saturating_mul(100) / 128 + 200)
    }

    /// `urn:fss:<region>:<project id>:function:<package>:<name>:<version>`
    pub(crate) fn urn(&self) -> String {
        let Self { region, project_id, package, name, version, .. } = self;
        format!("urn:fss:{region}:{project_id}:function:{package}:{name}:{version}")
    }

    /// The largest response, whole or streamed.
    pub(crate) fn answer_limit(&self) -> AnswerLimit {
        let whole = self.response_limit.saturating_add(TOLERANCE);
        AnswerLimit { whole, streamed: if self.streams { STREAM_LIMIT } else { whole } }
    }

    /// The directory of the code; by default that of the program.
    pub(crate) fn code_root(&self) -> PathBuf {
        let of_program = match &self.program {
            Program::Started { path, .. } => {
                path.parent().filter(|parent| !parent.as_os_str().is_empty())
            }
            Program::Attached => None,
        };
        let root = self.code_root.as_deref().or(of_program).unwrap_or(Path::new("."));
        std::path::absolute(root).unwrap_or_else(|_| root.to_owned())
    }

    /// Adds the headers of the credentials to an event.
    pub(crate) fn with_credentials(&self, event: Event) -> Event {
        self.credentials
            .iter()
            .flat_map(Credentials::headers)
            .fold(event, |event, (name, value)| event.default_header(name, value))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // User variables and credentials must not be printed.
        let Self { program, name, handler, timeout, memory, instances, .. } = self;
        f.debug_struct("Settings")
            .field("program", program)
            .field("name", name)
            .field("handler", handler)
            .field("timeout", timeout)
            .field("memory", memory)
            .field("instances", instances)
            .finish_non_exhaustive()
    }
}
