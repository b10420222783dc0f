//! An HTTP service over HTTP: the requests reach it as they come, and its responses leave as they
//! are made.
//!
//! What the platform adds is taken off: its secrets are no headers of the request, and the
//! [`Context`](fg_core::Context) is one of the request's extensions.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Instant;

use bytes::Bytes;
use fg_core::__private::lifecycle;
use fg_core::{Context, Failure, header_names};
use fg_http::{ClientAddress, Gateway, HttpService, Method, StatusCode, Uri};
use http::{Request, Response};
use hyper::body::Incoming;

use super::event_function::{EventFunction, path_of};
use super::readiness::initialized;
use super::response_body::warn_of_encoded_size;
use super::service_bodies::{ServiceBody, received};
use crate::invocation::call::run_pinned;
use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::limits::Limits;
use crate::invocation::time_budget::TimeBudget;
use crate::log::runtime_log;
use crate::server::connection::http1::Respond;
use crate::server::connection::state::ConnectionState;
use crate::server::exchange::error_response::{failed, failed_invocation, refusal};
use crate::server::exchange::in_progress::MAX_INVOCATIONS;
use crate::server::exchange::request_context::context_of;

/// A service. The function inside responds to the routes of the platform, and has the service once
/// it has been initialized.
pub(crate) struct ServiceFunction<S: HttpService>(pub(crate) EventFunction<Gateway<S>>);

impl<S: HttpService> Respond for ServiceFunction<S> {
    type Body = ServiceBody<S::ResponseBody>;

    async fn respond(
        &self,
        mut request: Request<Incoming>,
        connection: &ConnectionState,
    ) -> Response<Self::Body> {
        let platform = &self.0;
        if let Some(refusal) = refusal(&request, connection.is_for_probes) {
            return refusal.map(ServiceBody::from);
        }
        if platform.start.platform_routes.contain(path_of(request.uri())) {
            // In a box, so that the requests that are not the platform's do not carry the space for
            // it.
            return Box::pin(platform.respond(request, connection))
                .await
                .map(|body| ServiceBody::Own(Box::new(body)));
        }
        let Some(mut slot) = platform.slots.acquire() else {
            let message = format!("this instance handles {MAX_INVOCATIONS} requests already");
            return failed(
                StatusCode::TOO_MANY_REQUESTS,
                &Failure::new("TooManyRequests", message),
            )
            .map(ServiceBody::from);
        };
        // Whether the client waits before it sends the body.
        let mut is_awaited = false;
        // The first letter tells most names apart.
        let is_of_interest = |name: &str| match name.as_bytes() {
            [b'x', ..] => is_of_platform(name),
            [b'e', ..] => {
                is_awaited |= name == "expect";
                false
            }
            _ => false,
        };
        let (start, begun) = (&*platform.start, Instant::now());
        let ctx = context_of(start, slot.take_context(), begun, request.headers(), is_of_interest);
        let caller = start.http_audience;
        let service = match initialized(&platform.readiness).await {
            Ok(initialized) => initialized.function().service(),
            Err(failure) => {
                return failed_invocation(StatusCode::INTERNAL_SERVER_ERROR, failure, &ctx, caller)
                    .map(ServiceBody::from);
            }
        };
        let limits = limits(start.limits, &ctx);
        let is_tunnel = request.method() == Method::CONNECT;
        prepare(&mut request, &ctx, connection.client);
        let response = pin!(Some(service.respond(request.map(|body| received(
            body,
            is_awaited,
            &connection.waker
        )))));
        let Some(running) = connection.begin_invocation(&ctx, slot, limits, caller) else {
            return not_sent();
        };
        let mut budget = TimeBudget::since(begun, &ctx, limits, "RUNTIME_TIMEOUT");
        let mut timer = DeadlineTimer::new();
        let responded = run_pinned(response, &ctx, &mut budget, &mut timer).await;
        if !running.respond() {
            return not_sent();
        }
        let failure = match responded {
            Ok(Ok(response)) => {
                let size = http_body::Body::size_hint(response.body()).lower();
                if response.status() == StatusCode::SWITCHING_PROTOCOLS
                    || is_tunnel && response.status().is_success()
                {
                    connection.upgrade(&ctx, limits);
                }
                warn_of_encoded_size(size, limits.response_size, &ctx);
                return response.map(|body| ServiceBody::served(body, ctx, budget, timer));
            }
            Ok(Err(error)) => error.to_failure(),
            Err(failure) => failure,
        };
        runtime_log::of(ctx.logger()).error(&failure);
        failed_invocation(StatusCode::INTERNAL_SERVER_ERROR, &failure, &ctx, caller)
            .map(ServiceBody::from)
    }
}

/// Whether a header tells of the invocation; the others are the request's, and are found there.
fn is_of_platform(name: &str) -> bool {
    name.starts_with("x-cff-") || name.starts_with("x-stream-") || name == header_names::TRACE_ID
}

/// A service that runs elsewhere has no timeout unless one is set.
fn limits(limits: Limits, ctx: &Context) -> Limits {
    let is_given = ctx.environment().is_timeout_given() || lifecycle::has_timeout(ctx);
    Limits { timeouts: limits.timeouts && is_given, ..limits }
}

/// Makes this the request as its sender has written it, but for the platform's secrets.
fn prepare(request: &mut Request<Incoming>, ctx: &Context, client: SocketAddr) {
    if lifecycle::has_secrets(ctx) {
        for name in header_names::SECRETS {
            request.headers_mut().remove(name);
        }
    }
    // The engine puts a slash before the path of a gateway's event, which has one.
    if let Some(path) =
        request.uri().path_and_query().and_then(|path| path.as_str().strip_prefix("//"))
    {
        if let Ok(uri) = format!("/{path}").parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    request.extensions_mut().insert(ctx.clone());
    request.extensions_mut().insert(ClientAddress(client));
}

/// For a caller that has been answered: it is not sent.
#[cold]
fn not_sent<B>() -> Response<ServiceBody<B>> {
    Response::new(Bytes::new().into())
}
