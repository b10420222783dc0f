//! Runs a handler with tower layers around it: timeouts, metrics, authorisation.
//!
//! To a layer, an invocation is a `POST /invoke` with the payload as its body and the [`Context`]
//! among its extensions, and the reply is a response; so what was written for axum or tower-http
//! works here. A layer that wants axum's own body gets it by
//! `tower_http::map_request_body::MapRequestBodyLayer::new(axum::body::Body::new)` in front of it.

use std::process::ExitCode;

use fg_core::{Context, Failure, Handler};
use fg_http::{InvocationLayer, Layered};

use crate::run::make_state::MakeState;
use crate::run::surrounding_runtime::{EntryPoint, beside, is_on_one_thread};
use crate::run::{Runtime, block_on, tokio_runtime};

/// Runs a handler with these layers around it until the process should end:
/// `fg::tower::run::<greet>(TimeoutLayer::new(..))`.
///
/// Several layers are a `tower::ServiceBuilder`. `init` and `pre_stop` of the handler run as they
/// do without layers; the exit codes are those of [`run`](crate::run()).
#[must_use = "return the exit code from `main`"]
pub fn run<H: Handler>(
    layer: impl InvocationLayer<H>, /* write `fg::tower::run::<greet>(layer)` */
) -> ExitCode {
    Runtime::new().run_layered(layer)
}

/// Like [`run`], on the tokio runtime of the caller, which needs its timers and its I/O enabled.
#[must_use = "this is the exit code: return it from `main`"]
pub async fn serve<H: Handler>(layer: impl InvocationLayer<H>) -> ExitCode {
    Runtime::new().serve_layered(layer).await
}

impl Runtime {
    /// Builds a tokio runtime and runs a handler with layers around it; see [`layers::run`](run).
    #[must_use = "this is the exit code: return it from `main`"]
    pub fn run_layered<H: Handler>(mut self, layer: impl InvocationLayer<H>) -> ExitCode {
        const HERE: EntryPoint =
            EntryPoint { run: "fg::tower::run", serve: "fg::tower::serve::<..>(..)" };
        let environment = self.take_environment_to_run();
        match HERE.check().and_then(|()| tokio_runtime(&environment, self.threads, H::BLOCKING)) {
            Ok(runtime) => block_on(
                runtime,
                Box::pin(self.environment(environment).serve_layered_here(layer)),
                H::BLOCKING,
            ),
            Err(code) => code,
        }
    }

    /// Runs a handler with layers around it on the tokio runtime of the caller; see
    /// [`layers::serve`](serve).
    pub async fn serve_layered<H: Handler, L: InvocationLayer<H>>(mut self, layer: L) -> ExitCode {
        if H::BLOCKING && is_on_one_thread() {
            let environment = self.take_environment();
            return match tokio_runtime(&environment, self.threads, true) {
                Ok(runtime) => {
                    beside(
                        runtime,
                        Box::pin(self.environment(environment).serve_layered_here(layer)),
                    )
                    .await
                }
                Err(code) => code,
            };
        }
        self.serve_layered_here(layer).await
    }

    async fn serve_layered_here<H: Handler, L: InvocationLayer<H>>(self, layer: L) -> ExitCode {
        match self.start(false) {
            Ok(start) => start.run_made::<Layered<H, L>>(WithLayers(layer)).await,
            Err(code) => code,
        }
    }
}

/// The handler's own `init`, and then the layers around what it has made.
struct WithLayers<L>(L);

impl<H: Handler, L: InvocationLayer<H>> MakeState<Layered<H, L>> for WithLayers<L> {
    async fn make(self, ctx: &Context) -> Result<<Layered<H, L> as Handler>::State, Failure> {
        Ok(Layered::<H, L>::state(H::init(ctx).await?, &self.0))
    }
}
