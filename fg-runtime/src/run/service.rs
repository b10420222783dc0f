//! HTTP services as functions: a service that is there, or an `async fn` that makes it.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::process::ExitCode;

use fg_core::{Context, Error, Failure};
use fg_http::{Connected, Gateway, HttpService, MakeHttpService};

use crate::invocation::init_phase::InitPhase;
use crate::run::function::{Function, NoSource};
use crate::run::source::{Fits, Nothing, Source};
use crate::start::{PlatformRoutes, Start};

/// Runs an HTTP service until the process should end: `fn main() -> ExitCode {
/// fg::http::run(router()) }`.
///
/// The exit codes are those of [`run`](crate::run()). It starts a tokio runtime; under
/// `#[tokio::main]`, write `fg::Function::http(router()).run_async().await`.
#[must_use = "return the exit code from `main`"]
pub fn run(service: impl HttpService) -> ExitCode {
    Function::http(service).run()
}

/// Like [`run`], with what makes a service for a client's address, as `axum::serve`
/// takes it.
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
/// [`Function::http`] takes a [`Connected`] around it.
#[must_use = "return the exit code from `main`"]
pub fn run_make_service(make: impl MakeHttpService) -> ExitCode {
    run(Connected::new(make))
}

impl Function<NoSource> {
    /// Makes a function from an HTTP service, such as an axum `Router`.
    ///
    /// The mode decides what serves the requests:
    ///
    /// | where | what |
    /// | --- | --- |
    /// | HTTP function, container image, another engine, a terminal | an HTTP server on port 8000, streaming both ways |
    /// | custom runtime | events of API Gateway, each of which becomes a request |
    /// | a shell with an event of API Gateway on standard input | that one |
    ///
    /// A service finds the invocation's [`Context`] among the extensions of each request. The
    /// headers of the context are those of the platform; the others are the request's own.
    pub fn http<K, S: ServiceValue<K>>(service: S) -> Function<Service<S::Source>> {
        Function::from_source(Service(service.into_source()))
    }

    /// Makes a function from an `async fn` that makes an HTTP service: its init phase, with the
    /// time limit of one.
    ///
    /// ```text
    /// async fn connect(ctx: &fg::Context) -> Result<axum::Router, fg::Error> {
    ///     let pool = Pool::connect(ctx.user_data("DATABASE_URL")).await?;
    ///     ctx.before_stop(close(pool.clone()));
    ///     Ok(router().with_state(pool))
    /// }
    ///
    /// fn main() -> std::process::ExitCode {
    ///     fg::Function::http_with(connect).run()
    /// }
    /// ```
    ///
    /// An error is an `InitError` to the callers. What it registers by [`Context::before_stop`] runs
    /// before the process ends. While the server initializes the function, requests wait, and
    /// `GET /healthz` is 503; afterwards it is 200.
    pub fn http_with<K, I: ServiceInit<K>>(init: I) -> Function<Service<I::Service>> {
        Function::from_source(Service(init.into_service()))
    }
}

/// An HTTP service as a source.
#[derive(Debug)]
pub struct Service<M>(pub(crate) M);

/// What makes a service, with or without an init phase.
pub trait MakeService: Send + 'static {
    /// The service.
    type Service: HttpService;

    /// Whether it takes time or may fail.
    const HAS_INIT: bool;

    /// Makes it.
    fn make(self, ctx: &Context) -> impl Future<Output = Result<Self::Service, Failure>> + Send;
}

/// What [`Function::http`] takes: an [`HttpService`]. `K` is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be served as a FunctionGraph function",
    label = "not a tower service of HTTP requests that can be cloned and sent",
    note = "an axum `Router` is one once it has its state: call `.with_state(..)` on it",
    note = "any other `tower::Service<http::Request<fg::http::Body>>` must be `Clone + Send + 'static`, and so must its response body be `Send + 'static`"
)]
pub trait ServiceValue<K> {
    /// What makes the service.
    type Source: MakeService;

    /// The service as that.
    fn into_source(self) -> Self::Source;
}

#[diagnostic::do_not_recommend]
impl<S: HttpService> ServiceValue<Fits> for S {
    type Source = FromService<S>;

    fn into_source(self) -> FromService<S> {
        FromService(self)
    }
}

#[diagnostic::do_not_recommend]
impl<S: Nothing> ServiceValue<()> for S
where
    FromService<S>: MakeService,
{
    type Source = FromService<S>;

    fn into_source(self) -> FromService<S> {
        FromService(self)
    }
}

/// A service that is there.
pub struct FromService<S>(S);

impl<S> fmt::Debug for FromService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromService")
    }
}

impl<S: HttpService> MakeService for FromService<S> {
    type Service = S;
    const HAS_INIT: bool = false;

    async fn make(self, _: &Context) -> Result<S, Failure> {
        Ok(self.0)
    }
}

/// The types that follow from an init function: its argument, its service, its error.
type Inferred<A, S, E> = fn() -> (A, S, E);

/// An `async fn` that makes a service of the type `S`, with the argument `A`.
pub struct FromInit<I, A, S, E> {
    init: I,
    types: PhantomData<Inferred<A, S, E>>,
}

impl<I, A, S, E> fmt::Debug for FromInit<I, A, S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromInit")
    }
}

/// The function takes the context.
#[derive(Debug)]
pub struct WithContext(());

/// The function takes nothing.
#[derive(Debug)]
pub struct WithoutContext(());

/// A function of either kind, called with a context that lives for `'a`.
pub trait InitFunction<'a, A>: Send + 'static {
    /// What it makes.
    type Service;
    /// Why it makes nothing.
    type Error;

    /// Starts it.
    fn start(
        self,
        ctx: &'a Context,
    ) -> impl Future<Output = Result<Self::Service, Self::Error>> + Send + 'a;
}

#[diagnostic::do_not_recommend]
impl<'a, I, F, S, E> InitFunction<'a, WithContext> for I
where
    I: FnOnce(&'a Context) -> F + Send + 'static,
    F: Future<Output = Result<S, E>> + Send + 'a,
{
    type Service = S;
    type Error = E;

    fn start(self, ctx: &'a Context) -> impl Future<Output = Result<S, E>> + Send + 'a {
        self(ctx)
    }
}

#[diagnostic::do_not_recommend]
impl<'a, I, F, S, E> InitFunction<'a, WithoutContext> for I
where
    I: FnOnce() -> F + Send + 'static,
    F: Future<Output = Result<S, E>> + Send + 'a,
{
    type Service = S;
    type Error = E;

    fn start(self, _: &'a Context) -> impl Future<Output = Result<S, E>> + Send + 'a {
        self()
    }
}

/// What [`Function::http_with`] takes: `async fn(&Context) -> Result<S, E>` or
/// `async fn() -> Result<S, E>`, where `S` is an HTTP service. `K` is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot make an HTTP service",
    label = "not an `async fn` that returns a `Result` with an HTTP service",
    note = "write `async fn connect(ctx: &fg::Context) -> Result<axum::Router, fg::Error>`"
)]
pub trait ServiceInit<K> {
    /// What makes the service.
    type Service: MakeService;

    /// The function as that.
    fn into_service(self) -> Self::Service;
}

#[diagnostic::do_not_recommend]
impl<I, S, E> ServiceInit<(WithContext, S, E)> for I
where
    I: for<'a> InitFunction<'a, WithContext, Service = S, Error = E>,
    S: HttpService,
    E: Into<Error> + 'static,
{
    type Service = FromInit<I, WithContext, S, E>;

    fn into_service(self) -> Self::Service {
        FromInit { init: self, types: PhantomData }
    }
}

#[diagnostic::do_not_recommend]
impl<I, S, E> ServiceInit<(WithoutContext, S, E)> for I
where
    I: for<'a> InitFunction<'a, WithoutContext, Service = S, Error = E>,
    S: HttpService,
    E: Into<Error> + 'static,
{
    type Service = FromInit<I, WithoutContext, S, E>;

    fn into_service(self) -> Self::Service {
        FromInit { init: self, types: PhantomData }
    }
}

impl<I, A: 'static, S, E> MakeService for FromInit<I, A, S, E>
where
    I: for<'a> InitFunction<'a, A, Service = S, Error = E>,
    S: HttpService,
    E: Into<Error> + 'static,
{
    type Service = S;
    const HAS_INIT: bool = true;

    async fn make(self, ctx: &Context) -> Result<S, Failure> {
        self.init.start(ctx).await.map_err(|error| error.into().to_failure())
    }
}

impl<M: MakeService> InitPhase for Service<M> {
    type Ready = Gateway<M::Service>;

    async fn init(self, ctx: &Context) -> Result<Self::Ready, Failure> {
        self.0.make(ctx).await.map(Gateway::new)
    }
}

impl<M: MakeService> Source for Service<M> {
    const IS_SERVICE: bool = true;
    const RUN_ASYNC: &'static str = "fg::Function::http(..).run_async()";
    const PLATFORM_ROUTES: PlatformRoutes =
        if M::HAS_INIT { PlatformRoutes::Healthz } else { PlatformRoutes::None };

    #[cfg(feature = "server")]
    fn serve(self, start: Start) -> impl Future<Output = ExitCode> + Send {
        crate::server::run_http(start, self)
    }
}
