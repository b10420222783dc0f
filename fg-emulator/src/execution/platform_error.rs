//! Errors that are not the function's own: it was not started, ended, timed out, or a limit was
//! exceeded.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::process::Exit;

/// Why an invocation has neither a response nor an error of the function, or why a function could
/// not be started.
///
/// `Display` writes a sentence with the cause, and then the last lines that the process wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformError {
    cause: Cause,
    output: Vec<String>,
    /// The requests of the function that were refused, each with the reason.
    refusals: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    NoPort(String),
    NoThread(String),
    NotStarted { program: PathBuf, reason: String },
    ExitedBeforeEvent { exit: Exit },
    NeverConnected { limit: Duration, busy: Option<Duration> },
    NeverPolled { limit: Duration, busy: Option<Duration> },
    ExitedBeforeListening { exit: Exit, ports: TriedPorts },
    NeverListened { limit: Duration, busy: Option<Duration>, ports: TriedPorts },
    ExitedInRequest { request_id: String, exit: Exit },
    KilledForOther { request_id: String, timed_out: String },
    OutOfMemory { limit: u32 },
    InvalidEvent(String),
    InvalidResponse { request_id: String, reason: String },
    Unsupported(&'static str),
    Abandoned { request_id: String },
    TimedOut { request_id: String, limit: Duration, busy: Option<Duration> },
    RequestTooLarge { size: usize, limit: usize },
    ResponseTooLarge { size: usize, limit: usize },
    StreamTooLarge { limit: usize },
    StreamCutShort { request_id: String, bytes: u64 },
    CallerGone { request_id: String, bytes: u64 },
    Overload { instances: usize, waited: Duration },
    QueueFull { waiting: usize },
    Expired { limit: Duration },
    Stopped,
}

/// The ports on which an HTTP function was expected to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TriedPorts {
    /// Its own, in its environment.
    pub(crate) own: u16,
    /// Whether the platform's port, 8000, was free before it was started.
    pub(crate) default_was_free: bool,
}

impl fmt::Display for TriedPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "127.0.0.1:{}, the port in PORT and FG_PORT", self.own)?;
        f.write_str(if self.default_was_free {
            ", or on 127.0.0.1:8000, the platform's port"
        } else {
            " (the platform's port, 8000, was in use by another program)"
        })
    }
}

/// What went wrong, as a value to match on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlatformErrorKind {
    /// The program could not be started, or the emulator had no port for it.
    NotStarted,
    /// The process ended before it asked for an event, or accepted connections.
    ExitedBeforeEvent,
    /// The process did not ask for an event, or accept connections, in time.
    NeverPolled,
    /// The process ended while it handled a request, or was ended because of another request.
    ExitedInRequest,
    /// The process was ended because a request took longer than the function's timeout.
    TimedOut,
    /// The process was ended because it used more memory than the function has.
    OutOfMemory,
    /// The event exceeds the platform's limit.
    RequestTooLarge,
    /// The event is not a request of API Gateway, as an HTTP function needs it.
    InvalidEvent,
    /// The response of an HTTP function is incomplete, or is not HTTP.
    InvalidResponse,
    /// The platform does not have this for functions of this kind.
    Unsupported,
    /// The response exceeds the platform's limit.
    ResponseTooLarge,
    /// The function ended a streamed response without its last chunk.
    CutShort,
    /// The caller of a streamed response went away before its end.
    CallerGone,
    /// All instances were busy for too long, or too many asynchronous events wait already.
    Overload,
    /// An asynchronous event waited for longer than the policy allows.
    Expired,
    /// The emulator has been stopped.
    Stopped,
}

impl PlatformError {
    pub(crate) fn new(cause: Cause) -> Self {
        Self { cause, output: Vec::new(), refusals: Vec::new() }
    }

    pub(crate) fn with_output(cause: Cause, output: Vec<String>) -> Self {
        Self { cause, output, refusals: Vec::new() }
    }

    pub(crate) fn with_refusals(self, refusals: Vec<String>) -> Self {
        Self { refusals, ..self }
    }

    pub(crate) fn not_started(program: impl Into<PathBuf>, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "there is no such program".to_owned(),
            io::ErrorKind::PermissionDenied => "it is not executable".to_owned(),
            _ => error.to_string(),
        };
        Self::new(Cause::NotStarted { program: program.into(), reason })
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> PlatformErrorKind {
        match self.cause {
            Cause::NoPort(_) | Cause::NoThread(_) | Cause::NotStarted { .. } => {
                PlatformErrorKind::NotStarted
            }
            Cause::ExitedBeforeEvent { .. } | Cause::ExitedBeforeListening { .. } => {
                PlatformErrorKind::ExitedBeforeEvent
            }
            Cause::OutOfMemory { .. } => PlatformErrorKind::OutOfMemory,
            Cause::InvalidEvent(_) => PlatformErrorKind::InvalidEvent,
            Cause::InvalidResponse { .. } => PlatformErrorKind::InvalidResponse,
            Cause::Unsupported(_) => PlatformErrorKind::Unsupported,
            Cause::NeverConnected { .. }
            | Cause::NeverPolled { .. }
            | Cause::NeverListened { .. } => PlatformErrorKind::NeverPolled,
            Cause::ExitedInRequest { .. }
            | Cause::Abandoned { .. }
            | Cause::KilledForOther { .. } => PlatformErrorKind::ExitedInRequest,
            Cause::TimedOut { .. } => PlatformErrorKind::TimedOut,
            Cause::RequestTooLarge { .. } => PlatformErrorKind::RequestTooLarge,
            Cause::ResponseTooLarge { .. } | Cause::StreamTooLarge { .. } => {
                PlatformErrorKind::ResponseTooLarge
            }
            Cause::StreamCutShort { .. } => PlatformErrorKind::CutShort,
            Cause::CallerGone { .. } => PlatformErrorKind::CallerGone,
            Cause::Overload { .. } | Cause::QueueFull { .. } => PlatformErrorKind::Overload,
            Cause::Expired { .. } => PlatformErrorKind::Expired,
            Cause::Stopped => PlatformErrorKind::Stopped,
        }
    }

    /// The platform's code: `FSS.*` if the request was refused, else the number in
    /// `X-Func-Err-Code`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.cause {
            Cause::NoPort(_)
            | Cause::NoThread(_)
            | Cause::NotStarted { .. }
            | Cause::ExitedBeforeEvent { .. }
            | Cause::ExitedBeforeListening { .. } => "4201",
            Cause::NeverConnected { .. }
            | Cause::NeverPolled { .. }
            | Cause::NeverListened { .. } => "4211",
            Cause::ExitedInRequest { .. }
            | Cause::Abandoned { .. }
            | Cause::KilledForOther { .. }
            | Cause::InvalidResponse { .. }
            | Cause::StreamCutShort { .. }
            | Cause::CallerGone { .. } => "4002",
            Cause::TimedOut { .. } => "4010",
            Cause::OutOfMemory { .. } => "4205",
            Cause::ResponseTooLarge { .. } | Cause::StreamTooLarge { .. } => "4004",
            Cause::InvalidEvent(_) | Cause::Unsupported(_) => "FSS.0400",
            Cause::RequestTooLarge { .. } => "FSS.0413",
            Cause::Overload { .. } | Cause::QueueFull { .. } => "FSS.0429",
            Cause::Expired { .. } => "FSS.0408",
            Cause::Stopped => "FSS.0503",
        }
    }

    /// The HTTP status of the invoke API: for a refused request that of its code; else 200, since
    /// the function was called.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        match self.code() {
            "FSS.0400" => 400,
            "FSS.0413" => 413,
            "FSS.0429" => 429,
            "FSS.0408" => 408,
            "FSS.0503" => 503,
            _ => 200,
        }
    }

    /// The platform's message, as far as it is known; else a message of the emulator.
    #[must_use]
    pub fn platform_message(&self) -> String {
        match &self.cause {
            Cause::ExitedBeforeEvent { exit } | Cause::ExitedBeforeListening { exit, .. } => {
                format!("init failed bootstrap failed error process {exit}")
            }
            Cause::NeverConnected { limit, .. }
            | Cause::NeverPolled { limit, .. }
            | Cause::NeverListened { limit, .. } => {
                format!("runtime initialization timed out after {}s", limit.as_secs_f64())
            }
            Cause::ExitedInRequest { exit, .. } => match exit.code() {
                Some(code) => format!("process exits with {code}"),
                None => format!("process {exit}"),
            },
            Cause::TimedOut { limit, .. } => {
                format!("call invoke timeout {}s", limit.as_secs_f64())
            }
            Cause::OutOfMemory { .. } => "runtime memory limit exceeded".to_owned(),
            Cause::ResponseTooLarge { size, limit } => {
                format!("response body size {size} exceeds the limit of {limit}")
            }
            Cause::StreamTooLarge { limit } => {
                format!("response body size exceeds the limit of {limit}")
            }
            Cause::RequestTooLarge { size, limit } => {
                format!("request body size {size} exceeds the limit of {limit}")
            }
            Cause::Overload { .. } => "controlled by overload sdk".to_owned(),
            _ => self.sentence(),
        }
    }

    /// The last lines that the process wrote.
    #[must_use]
    pub fn last_output(&self) -> &[String] {
        &self.output
    }

    fn sentence(&self) -> String {
        match &self.cause {
            Cause::NoPort(reason) => {
                format!("the emulator could not open a port for the function: {reason}")
            }
            Cause::NoThread(reason) => {
                format!("the emulator could not start a thread for the invocation: {reason}")
            }
            Cause::NotStarted { program, reason } => {
                format!("{} could not be started: {reason}", program.display())
            }
            Cause::ExitedBeforeEvent { exit } => {
                format!("the function {exit} before it asked for an event")
            }
            Cause::NeverConnected { limit, busy } => format!(
                "the function did not ask for an event within {limit:?}: it never connected to RUNTIME_API_ADDR{}",
                Busy(*busy, *limit)
            ),
            Cause::NeverPolled { limit, busy } => format!(
                "the function did not ask for an event within {limit:?}: it connected to RUNTIME_API_ADDR, but sent no GET for one{}",
                Busy(*busy, *limit)
            ),
            Cause::ExitedBeforeListening { exit, ports } => {
                format!("the function {exit} before it accepted connections on {ports}")
            }
            Cause::NeverListened { limit, busy, ports } => format!(
                "the function did not accept connections on {ports} within {limit:?}{}",
                Busy(*busy, *limit)
            ),
            Cause::KilledForOther { request_id, timed_out } => format!(
                "the function was killed at the timeout of request {timed_out} while it handled request {request_id}"
            ),
            Cause::OutOfMemory { limit } => format!(
                "runtime memory limit exceeded: the function was ended because it used more than its {limit} MB"
            ),
            Cause::InvalidEvent(reason) => {
                format!("an HTTP function is invoked with a request of API Gateway: {reason}")
            }
            Cause::InvalidResponse { request_id, reason } => {
                format!("the function did not respond to request {request_id} with HTTP: {reason}")
            }
            Cause::Unsupported(reason) => (*reason).to_owned(),
            Cause::ExitedInRequest { request_id, exit } => {
                format!("the function {exit} while it handled request {request_id}")
            }
            Cause::Abandoned { request_id } => {
                format!(
                    "the function closed its connection while it handled request {request_id}, and then asked for another event"
                )
            }
            Cause::TimedOut { request_id, limit, busy } => {
                format!(
                    "the function was killed at the timeout of {limit:?} while it handled request {request_id}{}",
                    Busy(*busy, *limit)
                )
            }
            Cause::RequestTooLarge { size, limit } => {
                format!("the event has {size} bytes; the platform's limit is {limit}")
            }
            Cause::ResponseTooLarge { size, limit } => {
                format!("the response has {size} bytes; the platform's limit is {limit}")
            }
            Cause::StreamTooLarge { limit } => {
                format!("the streamed response has more than {limit} bytes, the platform's limit")
            }
            Cause::StreamCutShort { request_id, bytes } => format!(
                "the function ended its streamed response to request {request_id} after {bytes} bytes, without the last chunk: the caller has an \
                 incomplete response"
            ),
            Cause::CallerGone { request_id, bytes } => {
                format!(
                    "the caller of request {request_id} went away after {bytes} bytes of the streamed response"
                )
            }
            Cause::Overload { instances, waited } => {
                format!("all {instances} instances of the function were busy for {waited:?}")
            }
            Cause::QueueFull { waiting } => {
                format!("{waiting} asynchronous events are waiting already")
            }
            Cause::Expired { limit } => {
                format!("the event expired: it was not handled within {limit:?}")
            }
            Cause::Stopped => "the emulator has been stopped".to_owned(),
        }
    }
}

impl fmt::Display for PlatformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())?;
        if let Some(refusal) = self.refusals.last() {
            write!(f, "; {refusal}")?;
        }
        if self.output.is_empty() {
            return if self.has_process() { f.write_str("; it wrote nothing") } else { Ok(()) };
        }
        f.write_str("; its last output:")?;
        self.output.iter().try_for_each(|line| write!(f, "\n    {line}"))
    }
}

impl PlatformError {
    fn has_process(&self) -> bool {
        use PlatformErrorKind::{
            ExitedBeforeEvent, ExitedInRequest, InvalidResponse, NeverPolled, OutOfMemory, TimedOut,
        };
        matches!(
            self.kind(),
            ExitedBeforeEvent
                | ExitedInRequest
                | InvalidResponse
                | NeverPolled
                | OutOfMemory
                | TimedOut
        ) && !matches!(self.cause, Cause::Abandoned { .. })
    }
}

impl Error for PlatformError {}

/// What the CPU time says about a process that made no progress within a time limit: it was in a
/// loop, or it waited.
struct Busy(Option<Duration>, Duration);

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(Some(busy), limit) if *busy >= *limit / 2 => {
                write!(f, "; it is in a loop: it used {busy:?} of CPU time")
            }
            Self(Some(busy), _) => {
                write!(f, "; it waits for something: it used {busy:?} of CPU time")
            }
            Self(None, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_says_which_and_has_the_last_output() {
        let error = PlatformError::with_output(
            Cause::NeverConnected {
                limit: Duration::from_secs(3),
                busy: Some(Duration::from_millis(2980)),
            },
            vec!["starting".into()],
        );
        assert_eq!(
            error.to_string(),
            "the function did not ask for an event within 3s: it never connected to RUNTIME_API_ADDR; it is in a loop: it used 2.98s of CPU \
             time; its last output:\n    starting"
        );
        assert_eq!((error.code(), error.http_status()), ("4211", 200));
        assert_eq!(error.platform_message(), "runtime initialization timed out after 3s");
    }

    #[test]
    fn a_program_that_cannot_be_started_is_named() {
        let error =
            PlatformError::not_started("/code/bootstrap", &io::ErrorKind::PermissionDenied.into());
        assert_eq!(error.to_string(), "/code/bootstrap could not be started: it is not executable");
        assert_eq!(error.kind(), PlatformErrorKind::NotStarted);
    }
}
