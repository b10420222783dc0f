//! The entry points, which run a function.

pub(crate) mod function;
mod handler_choice;
#[cfg(feature = "http")]
pub(crate) mod handler_layers;
#[cfg(feature = "http")]
pub(crate) mod service;
#[cfg(feature = "http")]
pub(crate) mod service_layers;
pub(crate) mod source;
pub(crate) mod surrounding_runtime;
mod tokio_runtime;

use std::process::ExitCode;

use fg_core::Handlers;

use self::function::Function;

/// Runs a handler, or one of several, until the process should end: `fn main() -> ExitCode {
/// fg::run::<greet>() }`.
///
/// The mode depends on where the program runs:
///
/// | where | recognised by | what it does |
/// | --- | --- | --- |
/// | custom runtime (`Custom`) | `RUNTIME_API_ADDR` is set | polls the Runtime API for events, one at a time |
/// | container image, another engine (feature `server`) | `RUNTIME_FUNC_NAME`, `FG_PORT` or `PORT` is set, or standard input is `/dev/null` | serves HTTP on port 8000: `POST /invoke`, CloudEvents, probes |
/// | a shell | standard input is a pipe or a file | reads the event from standard input; writes the response to standard output, log and summary to standard error |
/// | anything else | | prints usage |
///
/// `FG_MODE=custom-runtime`, `FG_MODE=server` or `FG_MODE=one-shot` takes precedence. The port of
/// the server is `FG_PORT`, else `PORT`, else 8000.
///
/// In a shell, [`Context::credentials`](fg_core::Context::credentials) is `Some` if
/// `FG_CREDENTIALS=env` is set: the keys that the platform's SDKs read, from `HUAWEICLOUD_SDK_AK`,
/// `HUAWEICLOUD_SDK_SK` and `HUAWEICLOUD_SDK_SECURITY_TOKEN`, else from `HW_ACCESS_KEY`,
/// `HW_SECRET_KEY` and `HW_SECURITY_TOKEN`, else from `OS_ACCESS_KEY`, `OS_SECRET_KEY` and
/// `OS_SECURITY_TOKEN`. Permanent keys have an empty token.
///
/// # Exit codes
///
/// 0: a signal ended the process, or the one invocation succeeded. 1: the function could not be
/// initialized, the one invocation failed, code of the function blocked its thread past its limit,
/// or the port could not be bound. 2: there is nothing to run, and standard error has the usage.
/// 130 and 143: a second signal ended the process. `docs/lifecycle.md` has the limits, and what
/// happens in each state.
///
/// `run` starts a tokio runtime, so it cannot be called in one: under `#[tokio::main]` it prints an
/// error and returns 2. Use [`Function::run_async`] there.
#[must_use = "return the exit code from `main`"]
pub fn run<H: Handlers>(/* nothing: write `fg::run::<greet>()` */) -> ExitCode {
    Function::of::<H>().run()
}
