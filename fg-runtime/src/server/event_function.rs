//! An event function over HTTP: the routes that the platform calls in a container image, and the
//! invocations behind them.
//!
//! | route | answer |
//! | --- | --- |
//! | `POST /invoke` | 200 with the reply, 500 with the error as JSON; waits for the initialisation |
//! | `POST /init` | 200 when the function is initialised, 500 with the error as JSON; any number of times |
//! | `GET /healthz` | 200 when it is ready, else 503 |
//! | `GET /shutdown` | 200; no new connections are taken, what runs is finished, and the process ends |
//! | `POST /` with a CloudEvent | see [`cloud_event`](super::cloud_event) |
//!
//! Source: the platform's manual, "creating a function with an image"; `/healthz` and `/shutdown`
//! are those of the open-source engine. The status of `/init` may be ignored by the caller, so
//! `/invoke` is refused after a failed initialisation as well.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use fg_core::{Context, Failure, ReadyFunction, ResponseBuffer};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use tokio::sync::watch;

use super::accepted::{Contexts, Due, Unfinished};
use super::body::ResponseBody;
use super::cloud_event::{self, CloudEvent};
use super::failed::{self, failed_invocation};
use super::link::Link;
use super::readiness::Ready;
use super::refusal::refusal;
use super::request_body::read_body;
use super::running::{MOST_INVOCATIONS, Places, Run};
use super::stall::Patience;
use super::wrapped_size;
use crate::invocation::call::{Initialized, Outcome, invoke};
use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::error_audience::ErrorAudience;
use crate::log::runtime_log;
use crate::start::Start;

/// The platform's tolerance for the size of a payload, in bytes. Source: the platform's manual,
/// "notes and constraints".
const TOLERANCE: usize = 100;

/// Room that is made for a reply, in bytes: most of them need no more.
const USUAL_REPLY: usize = 128;

pub(crate) type Answer = Response<ResponseBody>;

/// What every request needs.
pub(crate) struct EventFunction<R: ReadyFunction> {
    pub(crate) start: Arc<Start>,
    pub(crate) contexts: Arc<Contexts>,
    pub(crate) ready: Ready<Arc<Initialized<R>>>,
    pub(crate) audience: ErrorAudience,
    /// Whether the events are HTTP requests.
    #[cfg(feature = "http")]
    pub(crate) takes_http: bool,
    pub(crate) places: Places,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) patience: Patience,
}

/// Whose the table of a request's headers is during an invocation.
#[derive(Clone, Copy)]
enum HeadersOf {
    /// The context's, so that they are not copied.
    Context,
    /// The request's, which is needed as a whole: the context has copies.
    Request,
}

/// An invocation that can begin.
struct Accepted<R> {
    ctx: Context,
    head: Parts,
    payload: Bytes,
    function: Arc<Initialized<R>>,
    run: Run,
}

impl<R: ReadyFunction> EventFunction<R> {
    /// Answers one request, whatever it is.
    pub(crate) async fn respond(
        self: Arc<Self>,
        request: Request<Incoming>,
        link: Arc<Link>,
    ) -> Answer {
        if let Some(refusal) = refusal(&request, &link) {
            return refusal.map(ResponseBody::whole);
        }
        #[cfg(feature = "http")]
        if self.takes_http && !self.start.platform_routes.contain(path_of(request.uri())) {
            return self.pass_on(request, &link).await;
        }
        match (request.method(), path_of(request.uri())) {
            (&Method::POST, "/invoke") => self.invoke(request, &link).await,
            (&Method::POST, "/") => Box::pin(self.receive_cloud_event(request, &link)).await,
            (&Method::POST, "/init") => match self.ready.wait().await {
                Ok(_) => empty(StatusCode::OK),
                Err(failure) => self.failed(&failure, &self.start.context()),
            },
            (&Method::GET | &Method::HEAD, "/healthz") => match self.ready.now() {
                Ok(_) if !*self.stop.borrow() => empty(StatusCode::OK),
                _ => empty(StatusCode::SERVICE_UNAVAILABLE),
            },
            (&Method::GET, "/shutdown") => {
                self.stop.send_replace(true);
                empty(StatusCode::OK)
            }
            (method, path @ ("/invoke" | "/" | "/init")) => not_allowed(method, path, "POST"),
            (method, path @ ("/healthz" | "/shutdown")) => not_allowed(method, path, "GET"),
            (_, path) => {
                let message = format!(
                    "there is nothing at {path}; this is an event function, and an event goes to POST /invoke"
                );
                failed(StatusCode::NOT_FOUND, &Failure::new("NotFound", message))
            }
        }
    }

    async fn invoke(&self, request: Request<Incoming>, link: &Link) -> Answer {
        let knows_chunks = request.version() > Version::HTTP_10;
        let accepted = match self.accept(request, link, HeadersOf::Context).await {
            Ok(accepted) => accepted,
            Err(refusal) => return *refusal,
        };
        let Accepted { ctx, payload, function, run, .. } = accepted;
        let Some((outcome, mut reply, mut due)) =
            self.run(ctx, &payload, &function, run, link).await
        else {
            return lost();
        };
        let answer = match outcome {
            Ok(Outcome::Streamed(pieces)) if knows_chunks => {
                let body = ResponseBody::pieces(pieces);
                replied(due.take_headers(), content_type(&reply), body)
            }
            outcome => match self.complete(outcome, &mut reply).await {
                Ok(()) => {
                    let (size, limit) = (reply.body().len(), self.start.limits.response_size);
                    wrapped_size::warn_of(size as u64, limit, due.ctx());
                    let content_type = content_type(&reply);
                    let body = ResponseBody::whole(reply.into_body());
                    replied(due.take_headers(), content_type, body)
                }
                Err(failure) => {
                    runtime_log::of(due.ctx().logger()).error(&failure);
                    self.failed(&failure, due.ctx())
                }
            },
        };
        link.end_with_response(due);
        answer
    }

    /// Hands an HTTP request to a handler of such: as the event that API Gateway makes of it, and
    /// its answer as the response.
    #[cfg(feature = "http")]
    async fn pass_on(&self, request: Request<Incoming>, link: &Link) -> Answer {
        let accepted = match self.accept(request, link, HeadersOf::Request).await {
            Ok(accepted) => accepted,
            Err(refusal) => return *refusal,
        };
        let Accepted { ctx, head, payload, function, run } = accepted;
        let event = match fg_http::apig::event_of(&head, &payload) {
            Ok(event) => event,
            Err(failure) => return failed(StatusCode::BAD_REQUEST, &failure),
        };
        let Some((outcome, mut reply, due)) = self.run(ctx, &event, &function, run, link).await
        else {
            return lost();
        };
        let outcome = self.complete(outcome, &mut reply).await;
        let answer = match outcome.and_then(|()| fg_http::apig::response_of(reply.body())) {
            Ok(response) => {
                let (size, limit) = (response.body().len(), self.start.limits.response_size);
                wrapped_size::warn_of(size as u64, limit, due.ctx());
                response.map(ResponseBody::whole)
            }
            Err(failure) => {
                runtime_log::of(due.ctx().logger()).error(&failure);
                self.failed(&failure, due.ctx())
            }
        };
        link.end_with_response(due);
        answer
    }

    async fn receive_cloud_event(&self, request: Request<Incoming>, link: &Link) -> Answer {
        let accepted = match self.accept(request, link, HeadersOf::Request).await {
            Ok(accepted) => accepted,
            Err(refusal) => return *refusal,
        };
        let Accepted { ctx, head, payload, function, run } = accepted;
        let event = match CloudEvent::read(&head.headers, &payload) {
            Ok(event) => event,
            Err(refusal) => {
                return failed(
                    refusal.status,
                    &Failure::new(Failure::INVALID_PAYLOAD, refusal.reason),
                );
            }
        };
        let Some((outcome, mut reply, due)) =
            self.run(ctx, &event.payload, &function, run, link).await
        else {
            return lost();
        };
        let ctx = due.ctx();
        let answer = match self.complete(outcome, &mut reply).await {
            Ok(()) => {
                let content_type = content_type(&reply);
                cloud_event::reply(&event, ctx.function_name(), content_type, reply.into_body())
                    .map(ResponseBody::whole)
            }
            Err(failure) => {
                runtime_log::of(ctx.logger()).error(&failure);
                // Engines deliver an event again after a 5xx, which cannot help where the event
                // does not fit.
                let is_final = failure.error_type() == Failure::INVALID_PAYLOAD;
                let status = if is_final {
                    StatusCode::BAD_REQUEST
                } else {
                    StatusCode::INTERNAL_SERVER_ERROR
                };
                failed(status, &failure)
            }
        };
        link.end_with_response(due);
        answer
    }

    /// A place, the state and the payload; or the answer that says why not.
    async fn accept(
        &self,
        request: Request<Incoming>,
        link: &Link,
        headers: HeadersOf,
    ) -> Result<Accepted<R>, Box<Answer>> {
        let received = Instant::now();
        let Some(run) = link.begin_invocation(&self.places) else {
            let message = format!("this instance handles {MOST_INVOCATIONS} invocations already");
            return Err(Box::new(failed(
                StatusCode::TOO_MANY_REQUESTS,
                &Failure::new("TooManyRequests", message),
            )));
        };
        let (mut head, body) = request.into_parts();
        let ctx = match headers {
            HeadersOf::Context => {
                self.contexts.begin_with_table(received, std::mem::take(&mut head.headers))
            }
            HeadersOf::Request => self.contexts.begin(received, &head.headers, |_| true),
        };
        let payload = read_body(
            body,
            self.start.limits.response_size.saturating_add(TOLERANCE),
            ctx.deadline(),
        )
        .await;
        let payload = payload.map_err(|unread| {
            failed(unread.status, &Failure::new(Failure::INVALID_PAYLOAD, unread.reason))
        })?;
        let function = self.ready.wait().await.map_err(|failure| self.failed(&failure, &ctx))?;
        Ok(Accepted { ctx, head, payload, function, run })
    }

    /// Runs the handler to its end. What is due after the response is left to the caller.
    ///
    /// `None` if it has come too late: then its client has been answered in its place.
    async fn run(
        &self,
        ctx: Context,
        payload: &[u8],
        function: &Initialized<R>,
        run: Run,
        link: &Link,
    ) -> Option<(Result<Outcome, Failure>, ResponseBuffer, Due)> {
        let limits = self.start.limits;
        self.patience.extend(ctx.timeout());
        let unfinished = Unfinished::new(ctx.logger());
        let in_flight = link.begin(&ctx, run, limits, self.audience);
        let mut reply = ResponseBuffer::with_capacity(USUAL_REPLY);
        let outcome =
            invoke(payload, &ctx, function, &mut reply, limits, &mut DeadlineTimer::new()).await;
        unfinished.finish();
        let run = in_flight.end()?;
        Some((outcome, reply, Due::of(ctx, run, &self.contexts)))
    }

    /// What went wrong in an invocation.
    fn failed(&self, failure: &Failure, ctx: &Context) -> Answer {
        failed_invocation(StatusCode::INTERNAL_SERVER_ERROR, failure, ctx, self.audience)
            .map(ResponseBody::whole)
    }

    /// Puts the pieces of a streamed reply together, where they cannot be sent one by one.
    async fn complete(
        &self,
        outcome: Result<Outcome, Failure>,
        reply: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        match outcome? {
            Outcome::Buffered => Ok(()),
            Outcome::Streamed(mut pieces) => pieces.collect_into(reply, self.start.limits).await,
        }
    }
}

/// The path of a request. The engine puts a slash before the path of a gateway's event, which has
/// one.
pub(crate) fn path_of(uri: &http::Uri) -> &str {
    let path = uri.path();
    if path.starts_with("//") { &path[1..] } else { path }
}

fn content_type(reply: &ResponseBuffer) -> http::HeaderValue {
    if reply.content_type() == "application/json" {
        return http::HeaderValue::from_static("application/json");
    }
    // What cannot stand in a header is left out.
    let text: String =
        reply.content_type().chars().filter(|character| matches!(character, ' '..='~')).collect();
    http::HeaderValue::from_str(&text)
        .unwrap_or(http::HeaderValue::from_static("application/octet-stream"))
}

/// The table of the request's headers becomes that of the response, and then, in hyper's hands,
/// that of the next request.
fn replied(mut table: HeaderMap, content_type: http::HeaderValue, body: ResponseBody) -> Answer {
    let mut response = Response::new(body);
    table.clear();
    *response.headers_mut() = table;
    if content_type == "text/event-stream" {
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-cache"));
    }
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// For a caller who has been answered, and whose connection takes nothing more.
#[cold]
fn lost() -> Answer {
    empty(StatusCode::INTERNAL_SERVER_ERROR)
}

fn failed(status: StatusCode, failure: &Failure) -> Answer {
    failed::failed(status, failure).map(ResponseBody::whole)
}

fn empty(status: StatusCode) -> Answer {
    let mut response = Response::new(ResponseBody::whole(Bytes::new()));
    *response.status_mut() = status;
    response
}

fn not_allowed(method: &Method, path: &str, allowed: &'static str) -> Answer {
    let message = format!("{method} {path} is not possible; {allowed} is");
    let mut response =
        failed(StatusCode::METHOD_NOT_ALLOWED, &Failure::new("MethodNotAllowed", message));
    response.headers_mut().insert(header::ALLOW, http::HeaderValue::from_static(allowed));
    response
}
