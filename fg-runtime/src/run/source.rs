//! The sources of a function.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
#[cfg(feature = "server")]
use std::process::ExitCode;

use fg_core::{Context, Failure, Handlers};

use crate::invocation::init_phase::InitPhase;
use crate::run::handler_choice::select;
#[cfg(feature = "http")]
use crate::start::PlatformRoutes;
#[cfg(feature = "server")]
use crate::start::Start;

/// The source of a [`Function`](crate::Function), for signatures such as `fn function() ->
/// fg::Function<impl fg::Source>`.
///
/// Implemented for the types that the constructors and the `layer` methods of `Function` return.
pub trait Source: InitPhase {
    /// Whether it is an HTTP service, which is also served at a terminal.
    #[doc(hidden)]
    const IS_SERVICE: bool = false;

    /// The call for an async context, instead of one that starts a tokio runtime.
    #[doc(hidden)]
    const RUN_ASYNC: &'static str = "fg::Function::of::<..>().run_async()";

    /// The routes that the server reserves for the platform by default.
    #[cfg(feature = "http")]
    #[doc(hidden)]
    const PLATFORM_ROUTES: PlatformRoutes = PlatformRoutes::All;

    /// Serves the function over HTTP.
    #[cfg(feature = "server")]
    #[doc(hidden)]
    fn serve(self, start: Start) -> impl Future<Output = ExitCode> + Send {
        crate::server::run(start, self)
    }
}

/// A handler, or a tuple of several handlers of which one runs.
pub struct FromHandlers<H> {
    index: usize,
    handlers: PhantomData<fn() -> H>,
}

impl<H> FromHandlers<H> {
    pub(crate) const fn new() -> Self {
        Self { index: 0, handlers: PhantomData }
    }
}

impl<H> fmt::Debug for FromHandlers<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromHandlers")
    }
}

impl<H: Handlers> InitPhase for FromHandlers<H> {
    type Ready = H::Ready;
    const BLOCKING: bool = H::BLOCKING;

    fn choose(&mut self, handler: Option<&str>) -> Result<(), Failure> {
        self.index = select(H::NAMES, handler)?;
        Ok(())
    }

    fn takes_http(&self) -> bool {
        H::takes_http(self.index)
    }

    fn init(self, ctx: &Context) -> impl Future<Output = Result<Self::Ready, Failure>> + Send {
        H::init(self.index, ctx)
    }
}

impl<H: Handlers> Source for FromHandlers<H> {}

/// Marks, of the two implementations of a trait for a constructor or for `layer`, the one that
/// applies.
#[cfg(feature = "http")]
#[derive(Debug)]
pub struct Fits(());

/// Implemented for no type. A second implementation that never applies keeps the compiler from
/// assuming the first one, so that it reports a mistake once and not at each later call.
#[cfg(feature = "http")]
pub(crate) trait Never {}
