//! What a handler knows of its invocation and of its function.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cancellation::Cancelled;
use crate::context_builder::ContextBuilder;
use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::header_names as names;
use crate::headers::present;
use crate::invocation::Invocation;
use crate::lifecycle::cancelled_at;
use crate::log::Logger;
use crate::secret::Secret;

/// The context of one invocation: the second argument of a handler.
///
/// Every method of the platform's Go SDK has its counterpart:
///
/// | Go SDK | fg | unit, source |
/// | --- | --- | --- |
/// | `GetRequestID` | [`request_id`](Context::request_id) | `X-CFF-Request-Id` |
/// | `GetRemainingTimeInMilliSeconds` | [`remaining_time`](Context::remaining_time) | receipt + `RUNTIME_TIMEOUT` - now |
/// | `GetRunningTimeInSeconds` | [`timeout`](Context::timeout) | `X-CFF-Timeout`, `RUNTIME_TIMEOUT` |
/// | `GetSecurityAccessKey`, `GetSecuritySecretKey`, `GetSecurityToken` | [`credentials`](Context::credentials) | `X-CFF-Security-*` |
/// | `GetToken` | [`token`](Context::token) | `X-CFF-Auth-Token` |
/// | `GetAccessKey`, `GetSecretKey` | [`access_key`](Context::access_key), [`secret_key`](Context::secret_key) | no longer kept up |
/// | `GetUserData(key)` | [`user_data`](Context::user_data) | `RUNTIME_USERDATA` |
/// | `GetFunctionName` | [`function_name`](Context::function_name) | `RUNTIME_FUNC_NAME` |
/// | `GetVersion` | [`version`](Context::version) | `RUNTIME_FUNC_VERSION` |
/// | `GetMemorySize` | [`memory_size`](Context::memory_size) | MB, `RUNTIME_MEMORY` |
/// | `GetCPUNumber` | [`cpu_number`](Context::cpu_number) | millicores, `RUNTIME_CPU` |
/// | `GetProjectID` | [`project_id`](Context::project_id) | `RUNTIME_PROJECT_ID` |
/// | `GetPackage` | [`package`](Context::package) | `RUNTIME_PACKAGE` |
/// | `GetAlias` | [`alias`](Context::alias) | `X-CFF-Origin-Version-Tag`, `RUNTIME_ALIAS` |
/// | `GetWorkflowID`, `-RunID`, `-StateID` | [`workflow_id`](Context::workflow_id) and two more | `X-CFF-Workflow-*` |
/// | `GetStreamRunID`, `-Enable`, `-Token`, `-Addr` | [`stream_run_id`](Context::stream_run_id) and three more | `X-Stream-*` |
/// | `GetLogger` | [`logger`](Context::logger) | |
///
/// A header or variable that is empty or the word `null` is treated as absent, as the platform
/// sends unused ones so.
///
/// A clone can be moved elsewhere, for example into a stream or a task. It stays the context of the
/// same invocation.
///
/// In a unit test, [`Context::builder`] makes one:
///
/// ```
/// use std::time::Duration;
/// use fg_core::Context;
///
/// let ctx = Context::builder().function_name("greet").timeout(Duration::from_secs(10)).user_data("LANGUAGE", "de").build();
/// assert_eq!(ctx.function_name(), "greet");
/// assert_eq!(ctx.user_data("LANGUAGE"), Some("de"));
/// assert!(ctx.remaining_time() > Duration::from_secs(9));
/// ```
#[derive(Clone)]
pub struct Context {
    /// Shared by the clones, so that a clone costs no more than a count.
    pub(crate) invocation: Arc<Invocation>,
}

/// Whether the caller waits for the response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvocationType {
    /// The caller waits for the response.
    #[default]
    Sync,
    /// The caller does not wait; the response reaches the success or failure destination, if one is
    /// configured.
    Async,
}

impl Context {
    /// Makes a context for a unit test.
    pub fn builder() -> ContextBuilder {
        ContextBuilder::default()
    }

    /// The id of this request. An invocation that the platform retries has the same id again, so it
    /// serves for idempotency.
    ///
    /// Empty in `init` and `pre_stop`, where there is no request.
    #[must_use]
    pub fn request_id(&self) -> &str {
        self.invocation.logger.request_id()
    }

    /// How much time this invocation has left; zero when it is over.
    ///
    /// The platform sends no deadline: the clock starts when the runtime has received the event.
    #[must_use]
    pub fn remaining_time(&self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }

    /// When this invocation's time is over.
    #[must_use]
    #[inline(never)]
    pub fn deadline(&self) -> Instant {
        // The longest timeout of the platform is three days; what the clock cannot express is a
        // mistake, and taken for a long time.
        const LONG: Duration = Duration::from_secs(365 * 24 * 3600);
        let Invocation { received, timeout, .. } = &*self.invocation;
        received.checked_add(*timeout).unwrap_or_else(|| *received + LONG)
    }

    /// How long an invocation of this function may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.invocation.timeout
    }

    /// Waits until the time of this invocation is nearly over: a tenth of the timeout is left, or
    /// half a second if that is less.
    ///
    /// A little later the runtime drops the handler and reports `FunctionTimeout`. Until then the
    /// handler can give up in good order: by `tokio::select!`, for example.
    pub fn cancelled(&self) -> Cancelled<'_> {
        self.invocation.cancellation.wait()
    }

    /// Whether it is time to give up, as [`cancelled`](Context::cancelled) tells: for handlers that
    /// do not await, such as `blocking` ones.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.invocation.cancellation.has_fired() || Instant::now() >= cancelled_at(self)
    }

    /// Leaves work to be done after the response has been sent, before the next invocation is
    /// taken.
    ///
    /// It ends with the time of this invocation. A panic in it is logged and goes no further.
    /// Nothing awaits its result, so it should log what goes wrong: `let log =
    /// ctx.logger().clone();`.
    pub fn spawn_after(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.invocation.after.push(work);
    }

    /// Registers work to be done before the instance ends, where `pre_stop` runs: for an `init`
    /// that opens what has to be closed.
    ///
    /// Several are run one after the other, the last registered first. A panic in one is logged and
    /// goes no further. All of them and `pre_stop` share its time limit.
    ///
    /// ```
    /// # struct Pool;
    /// # impl Pool {
    /// #     async fn connect() -> Result<Self, std::io::Error> { Ok(Pool) }
    /// #     async fn close(self: std::sync::Arc<Self>) {}
    /// # }
    /// async fn connect(ctx: &fg_core::Context) -> Result<std::sync::Arc<Pool>, std::io::Error> {
    ///     let pool = std::sync::Arc::new(Pool::connect().await?);
    ///     ctx.before_stop(pool.clone().close());
    ///     Ok(pool)
    /// }
    /// ```
    ///
    /// It belongs to the instance, so it can be called in `init` only. In an invocation and in
    /// `pre_stop` it does nothing but log a warning.
    pub fn before_stop(&self, work: impl Future<Output = ()> + Send + 'static) {
        match &self.invocation.before_stop {
            Some(queue) => queue.push(work),
            None => {
                self.invocation.logger.warn("`before_stop` has no effect here: call it in `init`");
            }
        }
    }

    /// Logs lines that carry the request id.
    #[must_use]
    pub fn logger(&self) -> &Logger {
        &self.invocation.logger
    }

    /// The temporary credentials of the function's agency; `None` without an agency, or if one of
    /// the three is missing.
    ///
    /// On a developer's machine `cargo fg invoke --credentials` and `cargo fg dev --credentials`
    /// give them; in a shell, `FG_CREDENTIALS=env`. Keys of a developer that do not expire come
    /// with an empty token.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.invocation.secrets.credentials.as_ref()
    }

    /// The IAM token of the function's agency, valid for 24 hours.
    #[must_use]
    pub fn token(&self) -> Option<&Secret> {
        self.invocation.secrets.token.as_ref()
    }

    /// The access key of the function's agency.
    #[deprecated(note = "the platform no longer keeps this up; use `credentials()`")]
    #[must_use]
    pub fn access_key(&self) -> Option<&Secret> {
        self.invocation.secrets.access_key.as_ref()
    }

    /// The secret key of the function's agency.
    #[deprecated(note = "the platform no longer keeps this up; use `credentials()`")]
    #[must_use]
    pub fn secret_key(&self) -> Option<&Secret> {
        self.invocation.secrets.secret_key.as_ref()
    }

    /// A variable that the user has set on the function, encrypted ones included.
    ///
    /// Looked up in `RUNTIME_USERDATA`, then among the process's variables.
    #[must_use]
    pub fn user_data(&self, key: &str) -> Option<&str> {
        self.invocation.environment.user_data(key)
    }

    /// The function's name.
    #[must_use]
    pub fn function_name(&self) -> &str {
        let in_header =
            || self.header(names::FUNCTION_NAME).and_then(|name| name.rsplit('@').next());
        first_of(self.invocation.environment.function_name(), in_header)
    }

    /// The function's version, such as `latest`.
    #[must_use]
    pub fn version(&self) -> &str {
        first_of(self.invocation.environment.version(), || self.header(names::FUNCTION_VERSION))
    }

    /// The configured memory in MB.
    #[must_use]
    pub fn memory_size(&self) -> u32 {
        let in_header = self.header(names::MEMORY).and_then(|megabytes| megabytes.parse().ok());
        in_header.unwrap_or_else(|| self.invocation.environment.memory_size())
    }

    /// The configured CPU in millicores; 1000 is one core.
    #[must_use]
    pub fn cpu_number(&self) -> u32 {
        self.invocation.environment.cpu_number()
    }

    /// The package (called "app" on the console) that the function is in.
    #[must_use]
    pub fn package(&self) -> &str {
        first_of(self.invocation.environment.package(), || self.header(names::PACKAGE))
    }

    /// The project id: from the variable, since some regions send a constant in the header.
    #[must_use]
    pub fn project_id(&self) -> &str {
        first_of(self.invocation.environment.project_id(), || self.header(names::PROJECT_ID))
    }

    /// The alias through which the function was called, without the `!`.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        let from_header = self
            .header(names::ORIGIN_VERSION_TAG)
            .and_then(|tag| present(tag.trim_start_matches('!')));
        from_header.or_else(|| self.invocation.environment.alias())
    }

    /// Whether the caller waits for the response.
    #[must_use]
    pub fn invocation_type(&self) -> InvocationType {
        match self.header(names::INVOKE_TYPE) {
            Some(text) if text.eq_ignore_ascii_case("async") => InvocationType::Async,
            _ => InvocationType::Sync,
        }
    }

    /// A header that came with the invocation, whatever its case.
    ///
    /// Headers with secrets are not among them: they have methods of their own.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.invocation.header(name)
    }

    /// The headers that came with the invocation, without those with secrets.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.invocation.headers()
    }

    /// The trace id; the request id if the platform sends none.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.header(names::TRACE_ID).unwrap_or_else(|| self.request_id())
    }

    /// The workflow that called this function.
    #[must_use]
    pub fn workflow_id(&self) -> Option<&str> {
        self.header(names::WORKFLOW_ID)
    }

    /// The run of that workflow.
    #[must_use]
    pub fn workflow_run_id(&self) -> Option<&str> {
        self.header(names::WORKFLOW_RUN_ID)
    }

    /// The state in that run.
    #[must_use]
    pub fn workflow_state_id(&self) -> Option<&str> {
        self.header(names::WORKFLOW_STATE_ID)
    }

    /// The run of a streaming function flow.
    #[must_use]
    pub fn stream_run_id(&self) -> Option<&str> {
        self.header(names::STREAM_RUN_ID)
    }

    /// Whether the function flow streams.
    #[must_use]
    pub fn stream_enabled(&self) -> bool {
        self.header(names::STREAM_ENABLE).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// The token of the stream.
    #[must_use]
    pub fn stream_token(&self) -> Option<&Secret> {
        self.invocation.secrets.stream_token.as_ref()
    }

    /// Where the stream goes.
    #[must_use]
    pub fn stream_addr(&self) -> Option<&str> {
        self.header(names::STREAM_ADDR)
    }

    /// The function's settings.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.invocation.environment
    }
}

/// The variable's value, or else the header's: an HTTP function or a container image may have only
/// the header.
fn first_of<'c>(variable: &'c str, in_header: impl FnOnce() -> Option<&'c str>) -> &'c str {
    if variable.is_empty() { in_header().unwrap_or_default() } else { variable }
}

impl Default for Context {
    /// The context of [`Context::builder`] with nothing set.
    fn default() -> Self {
        Self::builder().build()
    }
}

/// Prints no secret, no user data and no header values.
impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("request_id", &self.request_id())
            .field("remaining_time", &self.remaining_time())
            .field("headers", &self.headers().map(|(name, _)| name).collect::<Vec<_>>())
            .field("after", &self.invocation.after)
            .field("environment", &self.invocation.environment)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "context_tests.rs"]
mod tests;
