//! How a version is started: its configuration as the settings of an emulator.

use std::fmt;
use std::time::Duration;

use fg_emulator::{Builder, Emulator, Event, Execution, PlatformError};
use serde_json::{Map, Value};

use super::{Limits, admission, internal};
use crate::catalog::function::Function;
use crate::catalog::version::{Config, Version};
use crate::code::{PackageError, Unpacked};
use crate::error::ApiError;
use crate::urn::{Place, Qualifier};

/// The program of a package, for the runtimes `Custom` and `http`.
const BOOTSTRAP: &str = "bootstrap";

/// How long an instance may take to start without an initializer.
const START_LIMIT: Duration = Duration::from_secs(3);

/// Why a version has no instance.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The request is refused.
    Api(ApiError),
    /// The function was started, and failed: the result of the invocation.
    Platform(PlatformError),
}

impl Refusal {
    /// The result of the invocation, or the refusal of the request.
    pub(super) fn into_execution(
        self,
        event: &Event,
        version: &Version,
    ) -> Result<Execution, ApiError> {
        match self {
            Self::Api(error) => Err(error),
            Self::Platform(error) => {
                Ok(Execution::refused(event.id(), version.config.memory_size, error))
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(error) => f.write_str(&error.message),
            Self::Platform(error) => f.write_str(&error.platform_message()),
        }
    }
}

impl From<PlatformError> for Refusal {
    fn from(error: PlatformError) -> Self {
        Self::Platform(error)
    }
}

impl From<PackageError> for Refusal {
    fn from(error: PackageError) -> Self {
        Self::Api(error.into())
    }
}

/// The settings of a version whose package has been unpacked into this folder.
pub(super) fn builder(
    place: &Place,
    function: &Function,
    version: &Version,
    folder: &Unpacked,
    limits: &Limits,
) -> Result<Builder, Refusal> {
    let config = &version.config;
    if !["Custom", "http"].contains(&config.runtime.as_str()) {
        return Err(Refusal::Api(not_run(&config.runtime)));
    }
    let program = folder.join(BOOTSTRAP);
    if !program.is_file() {
        return Err(Refusal::Api(ApiError::bad_request(
            "FSS.1011",
            format!(
                "the package of {} has no file {BOOTSTRAP} at its top, which is what the runtime {} \
                 starts: {}",
                function.name,
                config.runtime,
                folder.hint(BOOTSTRAP)
            ),
        )));
    }
    let mut builder = Emulator::builder(program)
        .name(&function.name.name)
        .package(&function.name.package)
        .version(&version.name)
        .region(&place.region)
        .project_id(&place.project_id)
        .handler(&config.handler)
        .code_root(&**folder)
        .timeout(Duration::from_secs(config.timeout.into()))
        .init_timeout(init_limit(config))
        .memory(config.memory_size)
        .enforce_memory()
        .concurrency(config.strategy.concurrent_num as usize)
        .reserved(reserved(function, version))
        .instances(admission::instances(config.strategy, limits.instances))
        .idle_limit(limits.idle)
        .queue_limit(limits.wait)
        .start_limit(&limits.starts);
    if config.runtime == "http" {
        builder = builder.http_function();
    }
    if config.other.get("is_return_stream") == Some(&Value::Bool(true)) {
        builder = builder.streaming();
    }
    if let Some(sink) = limits.line_sink.clone() {
        let name = function.name.name.clone();
        builder = builder.on_line(move |line| sink(&name, line));
    }
    for (name, value) in strings(&config.user_data)? {
        builder = builder.variable(name, value);
    }
    for (name, value) in strings(&config.encrypted_user_data)? {
        builder = builder.user_data(name, value);
    }
    Ok(builder)
}

/// How many instances of a version are kept although they are idle.
pub(super) fn reserved(function: &Function, version: &Version) -> usize {
    let is_of_version = |qualifier: &str| {
        let named = function.named_version(Some(&Qualifier::parse(qualifier)));
        named.is_ok_and(|named| named.name == version.name)
    };
    let reserved = function.reserved.iter().filter(|(qualifier, _)| is_of_version(qualifier));
    reserved.map(|(_, reservation)| reservation.count as usize).sum()
}

fn init_limit(config: &Config) -> Duration {
    match config.initializer_timeout {
        0 => START_LIMIT,
        seconds => Duration::from_secs(seconds.into()),
    }
}

/// User data, which is a JSON object of strings, as a string.
fn strings(user_data: &str) -> Result<Vec<(String, String)>, Refusal> {
    if user_data.is_empty() {
        return Ok(Vec::new());
    }
    // It was checked when it came; a value must not be printed.
    let object: Map<String, Value> = serde_json::from_str(user_data)
        .map_err(|_| Refusal::Api(internal("the user data is not a JSON object")))?;
    let string = |value: Value| match value {
        Value::String(string) => string,
        other => other.to_string(),
    };
    Ok(object.into_iter().map(|(name, value)| (name, string(value))).collect())
}

fn not_run(runtime: &str) -> ApiError {
    ApiError::new(
        axum::http::StatusCode::NOT_IMPLEMENTED,
        "FSS.0501",
        format!(
            "functions of the runtime {runtime} are stored here, but not run; Custom and http are"
        ),
    )
}
