//! Runs a tower HTTP service, such as an axum `Router`, as a function.
//!
//! Where the program is decides what serves the requests:
//!
//! | where | what |
//! | --- | --- |
//! | HTTP function, container image, another engine, a terminal | an HTTP server on port 8000, streaming both ways |
//! | custom runtime | events of API Gateway, each of which becomes a request |
//! | a shell with an event of API Gateway on standard input | that one |
//!
//! A service finds the invocation's [`Context`](fg_core::Context) among the extensions of each
//! request. The headers of the context are those of the platform; the others are the request's own.

use std::process::ExitCode;

use fg_http::{Connected, Gateway, HttpService, MakeHttpService, Shared};

use crate::run::make_state::Made;
use crate::run::mode::Mode;
use crate::run::surrounding_runtime::EntryPoint;
use crate::run::{Runtime, block_on, tokio_runtime};

/// Runs an HTTP service until the process should end: `fn main() -> ExitCode {
/// fg::http::run(router()) }`.
///
/// The exit codes are those of [`run`](crate::run()). It starts a tokio runtime; under
/// `#[tokio::main]`, [`serve`] is what to call.
#[must_use = "return the exit code from `main`"]
pub fn run(service: impl HttpService) -> ExitCode {
    Runtime::new().run_http(service)
}

/// Like [`run`], on the tokio runtime of the caller, which needs its timers and its I/O enabled.
#[must_use = "this is the exit code: return it from `main`"]
pub async fn serve(service: impl HttpService) -> ExitCode {
    Runtime::new().serve_http(service).await
}

/// Like [`run`], with what makes a service for a client's address, as `axum::serve` takes it.
///
/// An axum handler that asks for `ConnectInfo<SocketAddr>` needs it:
///
/// ```text
/// fn main() -> std::process::ExitCode {
///     fg::http::run_make_service(router().into_make_service_with_connect_info::<SocketAddr>())
/// }
/// ```
///
/// The address is that of [`ClientAddress`](fg_http::ClientAddress), which is among the extensions
/// of each request in any case. The service is made for each request. With settings,
/// `Runtime::run_http` takes a [`Connected`] around it.
#[must_use = "return the exit code from `main`"]
pub fn run_make_service(make: impl MakeHttpService) -> ExitCode {
    run(Connected::new(make))
}

impl Runtime {
    /// Builds a tokio runtime and runs an HTTP service on it; see [`http::run`](run).
    #[must_use = "this is the exit code: return it from `main`"]
    pub fn run_http(mut self, service: impl HttpService) -> ExitCode {
        const HERE: EntryPoint = EntryPoint { run: "fg::http::run", serve: "fg::http::serve(..)" };
        let environment = self.take_environment_to_run();
        match HERE.check().and_then(|()| tokio_runtime(&environment, self.threads, false)) {
            Ok(runtime) => block_on(
                runtime,
                Box::pin(self.environment(environment).serve_http(service)),
                false,
            ),
            Err(code) => code,
        }
    }

    /// Runs an HTTP service on the tokio runtime of the caller; see [`http::serve`](serve).
    pub async fn serve_http<S: HttpService>(self, service: S) -> ExitCode {
        let start = match self.start(true) {
            Ok(start) => start,
            Err(code) => return code,
        };
        match start.mode {
            Mode::Server => crate::server::run_http(start, service).await,
            _ => start.run_made::<Gateway<S>>(Made(Shared::new(service))).await,
        }
    }
}
