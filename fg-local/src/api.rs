//! FunctionGraph's API: which request is answered by what.
//!
//! A file per resource. Rules for what is accepted are in the catalog; here is what comes and goes
//! over the wire.

mod aliases;
mod async_config;
mod async_invocations;
mod blocking;
mod code;
mod export;
mod fields;
mod functions;
mod iam;
pub(crate) mod invoke;
pub(crate) mod log_settings;
mod quotas;
mod request;
mod reserved;
mod statistics;
mod tags;
mod test_events;
mod triggers;
mod types;
mod versions;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, OriginalUri};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use fg_emulator::printable::excerpt;

use crate::app::App;
use crate::error::ApiError;
use crate::exchange::Told;

/// How much of a path is repeated in a message, in characters.
const MAX_QUOTED: usize = 200;

/// The largest body of a request without code, in bytes.
const MAX_BODY: usize = 1 << 20;

/// The largest body with code, in bytes: a package of 50 MB as Base64, and the fields beside it.
pub(crate) const MAX_CODE_BODY: usize = 70 << 20;

/// The routes below `/v2/{project}` and `/v3`. The project is not compared: a client may have been
/// configured with one of the cloud.
pub(crate) fn router() -> Router<Arc<App>> {
    let with_code = Router::new()
        .merge(functions::create_router())
        .merge(code::update_router())
        .merge(export::import_router())
        .layer(DefaultBodyLimit::max(MAX_CODE_BODY));
    let functions = Router::new()
        .merge(functions::router())
        .merge(code::router())
        .merge(versions::router())
        .merge(aliases::router())
        .merge(async_config::router())
        .merge(async_invocations::router())
        .merge(triggers::router())
        .merge(tags::router())
        .merge(quotas::router())
        .merge(reserved::router())
        .merge(test_events::router())
        .merge(log_settings::router())
        .merge(statistics::router())
        .merge(export::router())
        .merge(types::router())
        .merge(crate::logs::router())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .merge(with_code)
        // Events have limits of their own.
        .merge(
            invoke::router()
                .method_not_allowed_fallback(method_not_allowed)
                .layer(DefaultBodyLimit::disable()),
        )
        .fallback(not_emulated)
        .method_not_allowed_fallback(not_emulated);
    let iam = iam::router().fallback(not_emulated).method_not_allowed_fallback(not_emulated);
    Router::new().nest("/v2/{project}", functions).nest("/v3", iam).merge(crate::triggers::router())
}

/// The response to an operation of the platform that is not emulated, whatever its method.
pub(crate) async fn not_emulated(method: Method, OriginalUri(uri): OriginalUri) -> Response {
    let message = format!(
        "{method} {} is an operation of the platform's API that is not emulated here; \
         docs/local.md lists those that are",
        excerpt(uri.path(), MAX_QUOTED)
    );
    let error = ApiError::new(StatusCode::NOT_IMPLEMENTED, "FSS.0501", message);
    Told::because("it is not emulated").with(error.into_response())
}

/// The response to an invocation with another method than those in `Allow`, which the router adds.
async fn method_not_allowed(method: Method, OriginalUri(uri): OriginalUri) -> ApiError {
    let path = excerpt(uri.path(), MAX_QUOTED);
    let message =
        format!("{method} is not a method of {path}; the header Allow has those that are");
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "FSS.0405", message)
}
