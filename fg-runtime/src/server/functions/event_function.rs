//! An event function over HTTP: the routes that the platform calls in a container image, and the
//! invocations behind them.
//!
//! | route | response |
//! | --- | --- |
//! | `POST /invoke` | 200 with the response, 500 with the error as JSON; waits for the init phase |
//! | `POST /init` | 200 when the function is initialized, 500 with the error as JSON; any number of times |
//! | `GET /healthz` | 200 when it is ready, else 503 |
//! | `GET /shutdown` | 200; no new connections are taken, what runs is finished, and the process ends |
//! | `POST /` with a CloudEvent | see [`cloud_event`](super::cloud_event) |
//!
//! Source: the platform's manual, "creating a function with an image"; `/healthz` and `/shutdown`
//! are those of the open-source engine. The status of `/init` may be ignored by the caller, so
//! `/invoke` is refused after a failed init phase as well.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use fg_core::{Context, Failure, ReadyFunction, ResponseBuffer};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use tokio::sync::watch;

use super::cloud_event::{self, CloudEvent};
use super::readiness::{Readiness, initialized};
use super::request_body::{IncomingBody, read_body};
use super::response_body::{ResponseBody, warn_of_encoded_size};
use crate::invocation::call::{Initialized, Outcome, invoke};
use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::error_audience::ErrorAudience;
use crate::log::runtime_log;
use crate::server::connection::blocked_handlers::LongestTimeout;
use crate::server::connection::http1::Respond;
use crate::server::connection::state::ConnectionState;
use crate::server::exchange::error_response::{self, failed_invocation, refusal};
use crate::server::exchange::in_progress::{
    FinishedInvocation, InvocationSlot, InvocationSlots, LogIfDropped, MAX_INVOCATIONS,
};
use crate::server::exchange::request_context::{context_of, context_with_table};
use crate::start::Start;

/// The platform's tolerance for the size of a payload, in bytes. Source: the platform's manual,
/// "notes and constraints".
const TOLERANCE: usize = 100;

/// Room that is made for a response, in bytes: most need no more.
const USUAL_RESPONSE: usize = 128;

pub(crate) type FunctionResponse = Response<ResponseBody>;

/// What every request needs.
pub(crate) struct EventFunction<R: ReadyFunction> {
    pub(crate) start: Arc<Start>,
    pub(crate) readiness: Readiness<Initialized<R>>,
    pub(crate) audience: ErrorAudience,
    /// Whether the events are HTTP requests.
    #[cfg(feature = "http")]
    pub(crate) takes_http: bool,
    pub(crate) slots: InvocationSlots,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) longest_timeout: LongestTimeout,
}

/// Who owns the table of a request's headers during an invocation.
#[derive(Clone, Copy)]
enum HeadersOf {
    /// The context, so that they are not copied.
    Context,
    /// The request, which is needed as a whole: the context has copies.
    Request,
}

/// An invocation that can begin.
struct Accepted<R> {
    ctx: Context,
    head: Parts,
    payload: Bytes,
    function: Arc<Initialized<R>>,
    slot: InvocationSlot,
}

impl<R: ReadyFunction> Respond for EventFunction<R> {
    type Body = ResponseBody;

    async fn respond(
        &self,
        request: Request<Incoming>,
        connection: &ConnectionState,
    ) -> FunctionResponse {
        if let Some(refusal) = refusal(&request, connection.is_for_probes) {
            return refusal.map(ResponseBody::whole);
        }
        #[cfg(feature = "http")]
        if self.takes_http && !self.start.platform_routes.contain(path_of(request.uri())) {
            return self.pass_on(request, connection).await;
        }
        match (request.method(), path_of(request.uri())) {
            (&Method::POST, "/invoke") => self.invoke(request, connection).await,
            (&Method::POST, "/") => Box::pin(self.receive_cloud_event(request, connection)).await,
            (&Method::POST, "/init") => match initialized(&self.readiness).await {
                Ok(_) => empty(StatusCode::OK),
                Err(failure) => self.failed(failure, &self.start.context()),
            },
            (&Method::GET | &Method::HEAD, "/healthz") => match self.readiness.get() {
                Some(Ok(_)) if !*self.stop.borrow() => empty(StatusCode::OK),
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
}

impl<R: ReadyFunction> EventFunction<R> {
    async fn invoke(
        &self,
        request: Request<Incoming>,
        connection: &ConnectionState,
    ) -> FunctionResponse {
        let knows_chunks = request.version() > Version::HTTP_10;
        let accepted = match self.accept(request, HeadersOf::Context, connection).await {
            Ok(accepted) => accepted,
            Err(refusal) => return *refusal,
        };
        let Accepted { ctx, payload, function, slot, .. } = accepted;
        let Some((outcome, mut output, mut finished)) =
            self.run(ctx, &payload, &function, slot, connection).await
        else {
            return not_sent();
        };
        let response = match outcome {
            Ok(Outcome::Streamed(pieces)) if knows_chunks => {
                let body = ResponseBody::pieces(pieces);
                function_response(finished.take_headers(), content_type(&output), body)
            }
            outcome => match self.complete(outcome, &mut output).await {
                Ok(()) => {
                    let (size, limit) = (output.body().len(), self.start.limits.response_size);
                    warn_of_encoded_size(size as u64, limit, finished.ctx());
                    let content_type = content_type(&output);
                    let body = ResponseBody::whole(output.into_body());
                    function_response(finished.take_headers(), content_type, body)
                }
                Err(failure) => {
                    runtime_log::of(finished.ctx().logger()).error(&failure);
                    self.failed(&failure, finished.ctx())
                }
            },
        };
        connection.respond(finished);
        response
    }

    /// Calls a handler of HTTP requests: with the event that API Gateway would make of the request.
    #[cfg(feature = "http")]
    async fn pass_on(
        &self,
        request: Request<Incoming>,
        connection: &ConnectionState,
    ) -> FunctionResponse {
        let accepted = match self.accept(request, HeadersOf::Request, connection).await {
            Ok(accepted) => accepted,
            Err(refusal) => return *refusal,
        };
        let Accepted { ctx, head, payload, function, slot } = accepted;
        let event = match fg_http::apig::event_of(&head, &payload) {
            Ok(event) => event,
            Err(failure) => return failed(StatusCode::BAD_REQUEST, &failure),
        };
        let Some((outcome, mut output, finished)) =
            self.run(ctx, &event, &function, slot, connection).await
        else {
            return not_sent();
        };
        let outcome = self.complete(outcome, &mut output).await;
        let response = match outcome.and_then(|()| fg_http::apig::response_of(output.body())) {
            Ok(response) => {
                let (size, limit) = (response.body().len(), self.start.limits.response_size);
                warn_of_encoded_size(size as u64, limit, finished.ctx());
                response.map(ResponseBody::whole)
            }
            Err(failure) => {
                runtime_log::of(finished.ctx().logger()).error(&failure);
                self.failed(&failure, finished.ctx())
            }
        };
        connection.respond(finished);
        response
    }

    async fn receive_cloud_event(
        &self,
        request: Request<Incoming>,
        connection: &ConnectionState,
    ) -> FunctionResponse {
        let accepted = match self.accept(request, HeadersOf::Request, connection).await {
            Ok(accepted) => accepted,
            Err(refusal) => return *refusal,
        };
        let Accepted { ctx, head, payload, function, slot } = accepted;
        let event = match CloudEvent::read(&head.headers, &payload) {
            Ok(event) => event,
            Err(refusal) => {
                return failed(
                    refusal.status,
                    &Failure::new(Failure::INVALID_PAYLOAD, refusal.reason),
                );
            }
        };
        let Some((outcome, mut output, finished)) =
            self.run(ctx, &event.payload, &function, slot, connection).await
        else {
            return not_sent();
        };
        let ctx = finished.ctx();
        let response = match self.complete(outcome, &mut output).await {
            Ok(()) => {
                let content_type = content_type(&output);
                cloud_event::response_to(
                    &event,
                    ctx.function_name(),
                    content_type,
                    output.into_body(),
                )
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
        connection.respond(finished);
        response
    }

    /// Waits for the payload and the function. `Err` is the response that says why there is none.
    async fn accept(
        &self,
        request: Request<Incoming>,
        headers: HeadersOf,
        connection: &ConnectionState,
    ) -> Result<Accepted<R>, Box<FunctionResponse>> {
        let received = Instant::now();
        let Some(mut slot) = self.slots.acquire() else {
            let message = format!("this instance handles {MAX_INVOCATIONS} invocations already");
            return Err(Box::new(failed(
                StatusCode::TOO_MANY_REQUESTS,
                &Failure::new("TooManyRequests", message),
            )));
        };
        let (mut head, body) = request.into_parts();
        let ctx = match headers {
            HeadersOf::Context => {
                let headers = std::mem::take(&mut head.headers);
                context_with_table(&self.start, slot.take_context(), received, headers)
            }
            HeadersOf::Request => {
                context_of(&self.start, slot.take_context(), received, &head.headers, |_| true)
            }
        };
        let payload = read_body(
            IncomingBody::new(body, &connection.waker),
            self.start.limits.response_size.saturating_add(TOLERANCE),
            ctx.deadline(),
        )
        .await;
        let payload = payload.map_err(|unread| {
            failed(unread.status, &Failure::new(Failure::INVALID_PAYLOAD, unread.reason))
        })?;
        let function = initialized(&self.readiness).await;
        let function = Arc::clone(function.map_err(|failure| self.failed(failure, &ctx))?);
        Ok(Accepted { ctx, head, payload, function, slot })
    }

    /// Runs the handler to its end. `None` if it comes too late: its caller has been answered.
    async fn run(
        &self,
        ctx: Context,
        payload: &[u8],
        function: &Initialized<R>,
        slot: InvocationSlot,
        connection: &ConnectionState,
    ) -> Option<(Result<Outcome, Failure>, ResponseBuffer, FinishedInvocation)> {
        let limits = self.start.limits;
        self.longest_timeout.extend(ctx.timeout());
        let running = connection.begin_invocation(&ctx, slot, limits, self.audience)?;
        let unfinished = LogIfDropped::new(ctx.logger());
        let mut output = ResponseBuffer::with_capacity(USUAL_RESPONSE);
        let outcome =
            invoke(payload, &ctx, function, &mut output, limits, &mut DeadlineTimer::new()).await;
        unfinished.disarm();
        Some((outcome, output, running.end()?))
    }

    /// What went wrong in an invocation.
    fn failed(&self, failure: &Failure, ctx: &Context) -> FunctionResponse {
        failed_invocation(StatusCode::INTERNAL_SERVER_ERROR, failure, ctx, self.audience)
            .map(ResponseBody::whole)
    }

    /// Collects a streamed response, if it cannot be sent chunk by chunk.
    async fn complete(
        &self,
        outcome: Result<Outcome, Failure>,
        output: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        match outcome? {
            Outcome::Buffered => Ok(()),
            Outcome::Streamed(mut pieces) => pieces.collect_into(output, self.start.limits).await,
        }
    }
}

/// The path of a request. The engine puts a slash before the path of a gateway's event, which has
/// one.
pub(crate) fn path_of(uri: &http::Uri) -> &str {
    let path = uri.path();
    if path.starts_with("//") { &path[1..] } else { path }
}

fn content_type(output: &ResponseBuffer) -> http::HeaderValue {
    if output.content_type() == "application/json" {
        return http::HeaderValue::from_static("application/json");
    }
    // What cannot stand in a header is left out.
    let text: String =
        output.content_type().chars().filter(|character| matches!(character, ' '..='~')).collect();
    http::HeaderValue::from_str(&text)
        .unwrap_or(http::HeaderValue::from_static("application/octet-stream"))
}

/// The table of the request's headers becomes that of the response, and then, in hyper's hands,
/// that of the next request.
fn function_response(
    mut table: HeaderMap,
    content_type: http::HeaderValue,
    body: ResponseBody,
) -> FunctionResponse {
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

/// For a caller that has been answered: it is not sent.
#[cold]
fn not_sent() -> FunctionResponse {
    empty(StatusCode::INTERNAL_SERVER_ERROR)
}

fn failed(status: StatusCode, failure: &Failure) -> FunctionResponse {
    error_response::failed(status, failure).map(ResponseBody::whole)
}

fn empty(status: StatusCode) -> FunctionResponse {
    let mut response = Response::new(ResponseBody::whole(Bytes::new()));
    *response.status_mut() = status;
    response
}

fn not_allowed(method: &Method, path: &str, allowed: &'static str) -> FunctionResponse {
    let message = format!("{method} {path} is not possible; {allowed} is");
    let mut response =
        failed(StatusCode::METHOD_NOT_ALLOWED, &Failure::new("MethodNotAllowed", message));
    response.headers_mut().insert(header::ALLOW, http::HeaderValue::from_static(allowed));
    response
}
