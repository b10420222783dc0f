//! What is done with each request: it is refused, or its body is read and it goes to the API or to
//! the gateway; then its response gets what all have.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::TRANSFER_ENCODING;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fg_emulator::limits::{SYNC_LIMIT, TOLERANCE};
use fg_emulator::{CrossSiteGuard, random_request_id};
use http_body::Body as HttpBody;
use hyper::body::Incoming;
use tower_service::Service;

use super::bodies::Bodies;
use super::open_connections::Slot;
use super::platform_path;
use super::refusal::{Refusal, closing};
use super::tracked_body::TrackedBody;
use crate::api;
use crate::app::App;
use crate::exchange::{Observation, Observer, Told};
use crate::gateway;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_CFF_REQUEST_ID: HeaderName = HeaderName::from_static("x-cff-request-id");

/// The largest event of an invocation, in bytes.
const MAX_EVENT: usize = SYNC_LIMIT + TOLERANCE;

/// What serves the requests of all connections.
pub(crate) struct Front {
    app: Arc<App>,
    api: Router,
    guard: CrossSiteGuard,
    bodies: Bodies,
    observer: Observer,
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Front").field("guard", &self.guard).finish_non_exhaustive()
    }
}

impl Front {
    pub(crate) fn new(app: Arc<App>, guard: CrossSiteGuard, observer: Observer) -> Self {
        let api = api::router().fallback(api::not_emulated).with_state(Arc::clone(&app));
        Self { app, api, guard, bodies: Bodies::new(), observer }
    }

    /// Adds a name with which callers may address the server.
    pub(crate) fn accept_host(&self, name: &str) {
        self.guard.add_name(name);
    }

    /// The response to a request. It is handled to its end even if the caller goes away.
    pub(super) async fn respond(
        self: Arc<Self>,
        request: Request<Incoming>,
        slot: Arc<Slot>,
    ) -> Response {
        slot.connection.begin_body();
        let mut observation = Observation {
            observer: Arc::clone(&self.observer),
            method: request.method().to_string(),
            target: request.uri().to_string(),
            status: 0,
            told: Told::default(),
        };
        let mut response = match self.check(&request) {
            Err(refusal) => refusal.into_response(),
            Ok(()) => {
                if let Some(target) = request.uri().path_and_query() {
                    observation.target = target.to_string();
                }
                let (front, slot) = (Arc::clone(&self), Arc::clone(&slot));
                let handling = tokio::spawn(async move { front.handle(request, &slot).await });
                handling.await.unwrap_or_else(|_| {
                    // It has been reported where it has happened.
                    Refusal::new(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "the local service has panicked",
                    )
                    .into_response()
                })
            }
        };
        slot.connection.begin_handling();
        add_request_id(&mut response);
        observation.status = response.status().as_u16();
        observation.told = response.extensions_mut().remove().unwrap_or_default();
        let is_streamed = response.body().size_hint().exact().is_none();
        if is_streamed {
            slot.connection.begin_streaming();
            return response.map(|body| Body::new(TrackedBody::new(body, slot, Some(observation))));
        }
        observation.observe();
        response.map(|body| Body::new(TrackedBody::new(body, slot, None)))
    }

    /// What can be said by the head alone.
    fn check(&self, request: &Request<Incoming>) -> Result<(), Refusal> {
        self.guard.check_request(request).map_err(|rejection| {
            let status = StatusCode::from_u16(rejection.status).unwrap_or(StatusCode::FORBIDDEN);
            Refusal::new(status, rejection.reason)
        })?;
        let mut encodings = request.headers().get_all(TRANSFER_ENCODING).iter();
        match (encodings.next(), encodings.next()) {
            (None, _) => Ok(()),
            (Some(chunked), None) if chunked.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
            _ => Err(Refusal::new(
                StatusCode::NOT_IMPLEMENTED,
                "the only transfer coding that is supported is chunked",
            )),
        }
    }

    async fn handle(&self, request: Request<Incoming>, slot: &Slot) -> Response {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path();
        let is_platform = platform_path::is_platform(path);
        let is_cloud = platform_path::is_cloud(path);
        let is_large = is_cloud && !platform_path::is_invocation(path);
        let signature = match is_cloud.then(|| self.app.signatures.read(&parts)).transpose() {
            Ok(signature) => signature.flatten(),
            Err(error) => return closing(error.into_response()),
        };
        let limit = if is_large { api::MAX_CODE_BODY } else { MAX_EVENT };
        let (body, _memory) = match self.bodies.read(body, limit).await {
            Ok(read) => read,
            Err(refusal) => return refusal.into_response(),
        };
        slot.connection.begin_handling();
        if !is_platform {
            return gateway::respond(&self.app, &parts, body).await;
        }
        if let Some(signature) = signature {
            if let Err(error) = signature.verify(&body) {
                return error.into_response();
            }
        }
        if let Some(uri) = platform_path::canonical(&parts.uri) {
            parts.uri = uri;
        }
        self.call_api(parts, body).await
    }

    async fn call_api(&self, parts: Parts, body: Bytes) -> Response {
        let request = Request::from_parts(parts, Body::from(body));
        // A router is always ready, and does not fail.
        match self.api.clone().call(request).await {
            Ok(response) => response,
            Err(error) => match error {},
        }
    }
}

/// Every response has a request id: that of the invocation, if there was one.
fn add_request_id(response: &mut Response) {
    let headers = response.headers_mut();
    if headers.contains_key(X_REQUEST_ID) {
        return;
    }
    let id = headers.get(X_CFF_REQUEST_ID).cloned();
    let id = id.or_else(|| HeaderValue::from_str(&random_request_id()).ok());
    if let Some(id) = id {
        headers.insert(X_REQUEST_ID, id);
    }
}
