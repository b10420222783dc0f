//! The entry points: from a function to a running program.

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
/// What that means depends on where the program is:
///
/// | where | recognised by | what it does |
/// | --- | --- | --- |
/// | custom runtime (`Custom`) | `RUNTIME_API_ADDR` is set | takes events from the Runtime API, one at a time |
/// | container image, another engine (feature `server`) | `RUNTIME_FUNC_NAME`, `FG_PORT` or `PORT` is set, or standard input is `/dev/null` | serves HTTP on port 8000: `POST /invoke`, CloudEvents, probes |
/// | a shell | standard input is a pipe or a file | the event from standard input, the reply to standard output, log and summary to standard error |
/// | anything else | | says what to type |
///
/// `FG_MODE=custom-runtime`, `FG_MODE=server` or `FG_MODE=one-shot` overrides. The port of the
/// server is `FG_PORT`, else `PORT`, else 8000.
///
/// In a shell, [`Context::credentials`](fg_core::Context::credentials) has something if
/// `FG_CREDENTIALS=env` asks for it: the keys that the platform's SDKs read, from
/// `HUAWEICLOUD_SDK_AK`, `HUAWEICLOUD_SDK_SK` and `HUAWEICLOUD_SDK_SECURITY_TOKEN`, else from
/// `HW_ACCESS_KEY` and its kin, else from `OS_ACCESS_KEY`. Keys that do not expire have an empty
/// token.
///
/// # Exit codes
///
/// 0: told to end, or the one invocation succeeded. 1: the function could not be initialised, the
/// one invocation failed, code of the function's blocked its thread past its limit, or the port
/// cannot be listened on. 2: there is nothing to do here, and standard error says what to type. 130
/// and 143: told to end a second time. `docs/lifecycle.md` has the limits, and what happens in each
/// state.
///
/// It starts a tokio runtime, so it cannot be called in one: under `#[tokio::main]` it says so and
/// gives 2. [`Function::run_async`] is for there.
#[must_use = "return the exit code from `main`"]
pub fn run<H: Handlers>(/* nothing: write `fg::run::<greet>()` */) -> ExitCode {
    Function::of::<H>().run()
}
