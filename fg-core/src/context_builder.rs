//! Builds a [`Context`] for unit tests.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::context::{Context, InvocationType};
use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::header_names as names;
use crate::lifecycle;
use crate::log::{LogSink, NoLog};
use crate::secret::Secret;

/// Makes a [`Context`] for a unit test: as the platform would, from headers and variables.
#[must_use = "call `.build()`"]
#[derive(Default)]
pub struct ContextBuilder {
    variables: Vec<(String, String)>,
    user_data: serde_json::Map<String, serde_json::Value>,
    headers: Vec<(String, String)>,
    timeout: Option<Duration>,
    sink: Option<Arc<dyn LogSink>>,
}

impl ContextBuilder {
    /// Sets the request id; `test-request` otherwise.
    pub fn request_id(self, id: impl Into<String>) -> Self {
        self.header(names::REQUEST_ID, id)
    }

    /// Sets how long the invocation may take; 3 s otherwise. The clock starts at
    /// [`build`](ContextBuilder::build).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the function's name.
    pub fn function_name(self, name: impl Into<String>) -> Self {
        self.variable("RUNTIME_FUNC_NAME", name)
    }

    /// Sets which of several handlers is called, by the name of its function: for a test of a tuple
    /// of handlers.
    pub fn handler(self, name: impl Into<String>) -> Self {
        self.variable("RUNTIME_HANDLER", name)
    }

    /// Sets the function's version.
    pub fn version(self, version: impl Into<String>) -> Self {
        self.variable("RUNTIME_FUNC_VERSION", version)
    }

    /// Sets the package that the function is in.
    pub fn package(self, package: impl Into<String>) -> Self {
        self.variable("RUNTIME_PACKAGE", package)
    }

    /// Sets the project id.
    pub fn project_id(self, id: impl Into<String>) -> Self {
        self.variable("RUNTIME_PROJECT_ID", id)
    }

    /// Sets the alias through which the function is called.
    pub fn alias(self, alias: impl fmt::Display) -> Self {
        self.header(names::ORIGIN_VERSION_TAG, format!("!{alias}"))
    }

    /// Sets the configured memory in MB.
    pub fn memory_size(self, megabytes: u32) -> Self {
        self.variable("RUNTIME_MEMORY", megabytes.to_string())
    }

    /// Sets the configured CPU in millicores.
    pub fn cpu_number(self, millicores: u32) -> Self {
        self.variable("RUNTIME_CPU", millicores.to_string())
    }

    /// Sets whether the caller waits for the response.
    pub fn invocation_type(self, invocation_type: InvocationType) -> Self {
        let word = match invocation_type {
            InvocationType::Sync => "sync",
            InvocationType::Async => "async",
        };
        self.header(names::INVOKE_TYPE, word)
    }

    /// Adds a variable that the user has set on the function.
    pub fn user_data(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.user_data.insert(key.into(), serde_json::Value::String(value.into()));
        self
    }

    /// Sets the temporary credentials of the agency.
    pub fn credentials(self, credentials: &Credentials) -> Self {
        self.header(names::SECURITY_ACCESS_KEY, credentials.security_access_key().expose())
            .header(names::SECURITY_SECRET_KEY, credentials.security_secret_key().expose())
            .header(names::SECURITY_TOKEN, credentials.security_token().expose())
    }

    /// Sets the IAM token of the agency.
    pub fn token(self, token: &Secret) -> Self {
        self.header(names::AUTH_TOKEN, token.expose())
    }

    /// Adds a header of the invocation.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets where the log goes; nowhere otherwise.
    pub fn log_to(mut self, sink: Arc<dyn LogSink>) -> Self {
        self.sink = Some(sink);
        self
    }

    /// Makes the context; its clock starts now.
    #[must_use]
    pub fn build(mut self) -> Context {
        if !self.user_data.is_empty() {
            let user_data = serde_json::Value::Object(std::mem::take(&mut self.user_data));
            self.variables.push(("RUNTIME_USERDATA".to_owned(), user_data.to_string()));
        }
        let environment = Arc::new(Environment::from_variables(self.variables));
        let mut ctx = lifecycle::between_invocations(
            environment,
            self.sink.unwrap_or_else(|| Arc::new(NoLog)),
        );
        // The first header of a name counts, so this is the default.
        self.headers.push((names::REQUEST_ID.to_owned(), "test-request".to_owned()));
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        lifecycle::begin(&mut ctx, Instant::now(), headers);
        lifecycle::complete_for_test(&mut ctx, self.timeout);
        ctx
    }

    fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }
}

/// Prints names only: what is set may be secret.
impl fmt::Debug for ContextBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextBuilder")
            .field("variables", &self.variables.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
