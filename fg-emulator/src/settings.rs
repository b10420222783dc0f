//! The settings of a function, as the platform has them, with its defaults.

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::callers::signature::KeyPair;
use crate::emulator::async_queue::{AsyncPolicy, Destination};
use crate::process::Group;
use crate::process::output::LineSink;
use crate::runtime_api::event::Event;
use crate::runtime_api::state::AnswerLimit;

/// The platform's limit for a synchronous request and for its response, in bytes (its manual,
/// "notes and constraints").
pub(crate) const SYNC_LIMIT: usize = 6 << 20;

/// The platform's limit for an asynchronous request, in bytes.
pub(crate) const ASYNC_LIMIT: usize = 256 << 10;

/// The platform's limit for a streamed response, in bytes (the platform's manual, "response
/// streaming").
pub(crate) const STREAM_LIMIT: usize = 200 << 20;

/// The sizes of memory that a function can have, in MB (its manual, "notes and constraints").
pub const MEMORY_SIZES: [u32; 15] =
    [128, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 8192, 10240];

/// The limits of requests and of whole responses have this tolerance, in bytes.
pub(crate) const TOLERANCE: usize = 100;

/// What is told of every process, by its id, and whether it runs: once when it does, and once when
/// it does no more.
pub(crate) type ProcessSink = Arc<dyn Fn(u32, bool) + Send + Sync>;

/// All that is known of a function before it runs.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) program: Program,
    pub(crate) name: String,
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) project_id: String,
    pub(crate) region: String,
    pub(crate) handler: String,
    pub(crate) timeout: Duration,
    pub(crate) init_timeout: Duration,
    pub(crate) memory: u32,
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
    pub(crate) idle_limit: Duration,
    pub(crate) stop_grace: Duration,
    pub(crate) queue_limit: Duration,
    pub(crate) group: Group,
    pub(crate) log: Option<LineSink>,
    pub(crate) processes: Option<ProcessSink>,
    pub(crate) async_policy: AsyncPolicy,
    pub(crate) on_success: Option<Destination>,
    pub(crate) on_failure: Option<Destination>,
    pub(crate) key_pair: Option<KeyPair>,
}

/// Who starts the function's process.
#[derive(Clone, Debug)]
pub(crate) enum Program {
    Started { path: PathBuf, arguments: Vec<OsString> },
    Attached,
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
            name: name.unwrap_or_else(|| "function".into()),
            package: "default".into(),
            version: "latest".into(),
            project_id: "0123456789abcdef0123456789abcdef".into(),
            region: "local".into(),
            handler: "bootstrap".into(),
            timeout: Duration::from_secs(3),
            init_timeout: Duration::from_secs(3),
            memory: 128,
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
            idle_limit: Duration::from_secs(60),
            stop_grace: Duration::from_secs(2),
            queue_limit: Duration::from_secs(90),
            group: Group::Own,
            log: None,
            processes: None,
            async_policy: AsyncPolicy::default(),
            on_success: None,
            on_failure: None,
            key_pair: None,
        }
    }

    /// In millicores: memory / 128 * 100 + 200, unless it was set.
    pub(crate) fn cpu(&self) -> u32 {
        self.cpu.unwrap_or_else(|| self.memory.saturating_mul(100) / 128 + 200)
    }

    /// `urn:fss:<region>:<project id>:function:<package>:<name>:<version>`
    pub(crate) fn urn(&self) -> String {
        let Self { region, project_id, package, name, version, .. } = self;
        format!("urn:fss:{region}:{project_id}:function:{package}:{name}:{version}")
    }

    /// The limit for a response, and for one that is streamed.
    pub(crate) fn answer_limit(&self) -> AnswerLimit {
        let whole = self.response_limit.saturating_add(TOLERANCE);
        AnswerLimit { whole, streamed: if self.streams { STREAM_LIMIT } else { whole } }
    }

    /// Where the code is: what was set, else the directory of the program.
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

    /// An event with what the platform sends besides: the credentials of the function's agency.
    pub(crate) fn complete(&self, event: Event) -> Event {
        self.credentials
            .iter()
            .flat_map(Credentials::headers)
            .fold(event, |event, (name, value)| event.default_header(name, value))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // User variables and credentials do not belong in a log.
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

/// What the function's agency may do, as the platform hands it to every invocation. Empty parts are
/// not sent, but for the security token beside a security key: keys that do not expire have none,
/// and a function wants all three.
///
/// ```
/// let credentials = fg_emulator::Credentials {
///     security_access_key: "AK".into(),
///     security_secret_key: "SK".into(),
///     security_token: "ST".into(),
///     ..Default::default()
/// };
/// assert!(!format!("{credentials:?}").contains("AK"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// `X-CFF-Access-Key`, which the platform no longer keeps up.
    pub access_key: String,
    /// `X-CFF-Secret-Key`, which the platform no longer keeps up.
    pub secret_key: String,
    /// `X-CFF-Auth-Token`
    pub auth_token: String,
    /// `X-CFF-Security-Access-Key`
    pub security_access_key: String,
    /// `X-CFF-Security-Secret-Key`
    pub security_secret_key: String,
    /// `X-CFF-Security-Token`
    pub security_token: String,
}

impl Credentials {
    fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let headers = [
            ("X-CFF-Access-Key", self.access_key.as_str()),
            ("X-CFF-Secret-Key", &self.secret_key),
            ("X-CFF-Auth-Token", &self.auth_token),
            ("X-CFF-Security-Access-Key", &self.security_access_key),
            ("X-CFF-Security-Secret-Key", &self.security_secret_key),
            ("X-CFF-Security-Token", &self.security_token),
        ];
        let has_key = !self.security_access_key.is_empty() && !self.security_secret_key.is_empty();
        headers.into_iter().filter(move |(name, value)| {
            !value.is_empty() || (has_key && *name == "X-CFF-Security-Token")
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}
