//! HTTP services as functions: a service as a value, or an `async fn` that makes one.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::process::ExitCode;

use fg_core::{Context, Error, Failure};
use fg_http::{Connected, Gateway, HttpService, MakeHttpService};

use crate::invocation::init_phase::InitPhase;
use crate::run::function::{Function, NoSource};
use crate::run::source::{Fits, Never, Source};
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

/// Like [`run`], with a make-service that is called with the client's address, as for
/// `axum::serve`.
///
/// An axum handler with the extractor `ConnectInfo<SocketAddr>` needs it:
///
/// ```text
/// fn main() -> std::process::ExitCode {
///     fg::http::run_make_service(router().into_make_service_with_connect_info::<SocketAddr>())
/// }
/// ```
///
/// The address is that of [`ClientAddress`](fg_http::ClientAddress), which is in the extensions of
/// each request in any case. A service is made for each request. To change settings, pass a
/// [`Connected`] to [`Function::http`].
#[must_use = "return the exit code from `main`"]
pub fn run_make_service(make: impl MakeHttpService) -> ExitCode {
    run(Connected::new(make))
}

impl Function<NoSource> {
    /// Makes a function from an HTTP service, such as an axum `Router`.
    ///
    /// The mode decides where the requests come from:
    ///
    /// | where | requests |
    /// | --- | --- |
    /// | HTTP function, container image, another engine, a terminal | an HTTP server on port 8000, streaming both ways |
    /// | custom runtime | events of API Gateway, each converted to a request |
    /// | a shell | one event of API Gateway from standard input |
    ///
    /// The invocation's [`Context`] is in the extensions of each request. The context has the
    /// headers of the platform, and the request has the others.
    pub fn http<K, S: ServiceValue<K>>(service: S) -> Function<Service<S::Source>> {
        Function::from_source(Service(service.into_source()))
    }

    /// Makes a function from an `async fn` that makes an HTTP service. It is the init phase, and
    /// has the time limit of one.
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
    /// The callers get an error as an `InitError`. Futures registered with [`Context::before_stop`]
    /// run before the process ends. While the server initializes the function, requests wait and
    /// `GET /healthz` is 503. Afterwards it is 200.
    pub fn http_with<K, I: ServiceInit<K>>(init: I) -> Function<Service<I::Service>> {
        Function::from_source(Service(init.into_service()))
    }
}

/// An HTTP service as a source.
#[derive(Debug)]
pub struct Service<M>(pub(crate) M);

/// Makes a service, with or without an init phase.
pub trait MakeService: Send + 'static {
    /// The service.
    type Service: HttpService;

    /// Whether making the service is an init phase, which takes time or may fail.
    const HAS_INIT: bool;

    /// Makes the service.
    fn make(self, ctx: &Context) -> impl Future<Output = Result<Self::Service, Failure>> + Send;
}

/// An argument of [`Function::http`]: an [`HttpService`]. `K` is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be served as a FunctionGraph function",
    label = "not a tower service of HTTP requests that can be cloned and sent",
    note = "an axum `Router` is one once it has its state: call `.with_state(..)` on it",
    note = "any other `tower::Service<http::Request<fg::http::Body>>` must be `Clone + Send + 'static`, and so must its response body be `Send + 'static`"
)]
pub trait ServiceValue<K> {
    /// The type that makes the service.
    type Source: MakeService;

    /// Converts the service.
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
impl<S: Never> ServiceValue<()> for S
where
    FromService<S>: MakeService,
{
    type Source = FromService<S>;

    fn into_source(self) -> FromService<S> {
        FromService(self)
    }
}

/// A service as a value.
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

/// An `async fn` with the argument `A` that makes a service of the type `S`.
pub struct FromInit<I, A, S, E> {
    init: I,
    types: PhantomData<Inferred<A, S, E>>,
}

impl<I, A, S, E> fmt::Debug for FromInit<I, A, S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromInit")
    }
}

/// Marks an init function that takes the context.
#[derive(Debug)]
pub struct WithContext(());

/// Marks an init function without arguments.
#[derive(Debug)]
pub struct WithoutContext(());

/// An init function of either kind, called with a context that lives for `'a`.
pub trait InitFunction<'a, A>: Send + 'static {
    /// The service.
    type Service;
    /// The error of the init phase.
    type Error;

    /// Calls the function. In a box: Rust 1.85 cannot tell that an unnamed future that borrows the
    /// context can be sent.
    fn start(self, ctx: &'a Context) -> Starting<'a, Self::Service, Self::Error>;
}

/// The future of an init function.
type Starting<'a, S, E> = Pin<Box<dyn Future<Output = Result<S, E>> + Send + 'a>>;

#[diagnostic::do_not_recommend]
impl<'a, I, F, S, E> InitFunction<'a, WithContext> for I
where
    I: FnOnce(&'a Context) -> F + Send + 'static,
    F: Future<Output = Result<S, E>> + Send + 'a,
{
    type Service = S;
    type Error = E;

    fn start(self, ctx: &'a Context) -> Starting<'a, S, E> {
        Box::pin(self(ctx))
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

    fn start(self, _: &'a Context) -> Starting<'a, S, E> {
        Box::pin(self())
    }
}

/// An argument of [`Function::http_with`]: `async fn(&Context) -> Result<S, E>` or `async fn() ->
/// Result<S, E>`, where `S` is an HTTP service. `K` is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot make an HTTP service",
    label = "not an `async fn` that returns a `Result` with an HTTP service",
    note = "write `async fn connect(ctx: &fg::Context) -> Result<axum::Router, fg::Error>`"
)]
pub trait ServiceInit<K> {
    /// The type that makes the service.
    type Service: MakeService;

    /// Converts the function.
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
