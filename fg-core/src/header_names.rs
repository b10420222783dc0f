//! Names of the headers that the platform sends, lower case.
//!
//! Source of each: the platform's manual, "custom runtime" and "HTTP function", and the headers
//! that its Go runtime reads.

/// The request id.
pub const REQUEST_ID: &str = "x-cff-request-id";
/// `sync` or `async`.
pub const INVOKE_TYPE: &str = "x-cff-invoke-type";
/// The agency's access key; no longer kept up by the platform.
pub const ACCESS_KEY: &str = "x-cff-access-key";
/// The agency's secret key; no longer kept up by the platform.
pub const SECRET_KEY: &str = "x-cff-secret-key";
/// The agency's IAM token.
pub const AUTH_TOKEN: &str = "x-cff-auth-token";
/// The agency's temporary access key.
pub const SECURITY_ACCESS_KEY: &str = "x-cff-security-access-key";
/// The agency's temporary secret key.
pub const SECURITY_SECRET_KEY: &str = "x-cff-security-secret-key";
/// The agency's security token.
pub const SECURITY_TOKEN: &str = "x-cff-security-token";
/// Those whose values are secrets: a context has them apart from the others.
pub const SECRETS: [&str; 7] = [
    ACCESS_KEY,
    SECRET_KEY,
    AUTH_TOKEN,
    SECURITY_ACCESS_KEY,
    SECURITY_SECRET_KEY,
    SECURITY_TOKEN,
    STREAM_TOKEN,
];
/// `!alias`, when the function was called through an alias.
pub const ORIGIN_VERSION_TAG: &str = "x-cff-origin-version-tag";
/// The workflow that calls.
pub const WORKFLOW_ID: &str = "x-cff-workflow-id";
/// The run of that workflow.
pub const WORKFLOW_RUN_ID: &str = "x-cff-workflow-run-id";
/// The state in that run.
pub const WORKFLOW_STATE_ID: &str = "x-cff-workflow-state-id";
/// The function's name, as `0@package@name`; sent to HTTP functions and container images.
pub const FUNCTION_NAME: &str = "x-cff-func-name";
/// The function's version; sent to HTTP functions and container images.
pub const FUNCTION_VERSION: &str = "x-cff-func-version";
/// The package; sent to HTTP functions and container images.
pub const PACKAGE: &str = "x-cff-package";
/// The memory in MB; sent to HTTP functions and container images.
pub const MEMORY: &str = "x-cff-memory";
/// The timeout in seconds; sent to HTTP functions and container images.
pub const TIMEOUT: &str = "x-cff-timeout";
/// The project id; some regions send a constant.
pub const PROJECT_ID: &str = "x-cff-project-id";
/// The run of a streaming function flow.
pub const STREAM_RUN_ID: &str = "x-stream-run-id";
/// Whether the flow streams.
pub const STREAM_ENABLE: &str = "x-stream-enable";
/// The token of the stream; a secret.
pub const STREAM_TOKEN: &str = "x-stream-token";
/// Where the stream goes.
pub const STREAM_ADDR: &str = "x-stream-addr";
/// The trace id.
pub const TRACE_ID: &str = "x-caas-trace-id";
