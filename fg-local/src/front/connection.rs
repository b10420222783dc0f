//! Serves the requests of one connection with hyper, and refuses what is no request.

use std::convert::Infallible;
use std::future::poll_fn;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::caller_io::CallerIo;
use super::open_connections::Slot;
use super::refusal::refusal_bytes;
use super::service::Front;

/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 64 << 10;

/// The largest number of headers of a request.
const MAX_HEADERS: usize = 256;

/// Serves a connection until it ends, has to give way, or the server is stopped.
pub(super) async fn serve(
    socket: TcpStream,
    slot: Arc<Slot>,
    front: Arc<Front>,
    mut stopping: watch::Receiver<bool>,
) {
    let connection = Arc::clone(&slot.connection);
    let service = service_fn(move |request: Request<Incoming>| {
        let responding = Arc::clone(&front).respond(request, Arc::clone(&slot));
        Box::pin(async move { Ok::<Response<Body>, Infallible>(responding.await) })
    });
    let io = TokioIo::new(CallerIo::new(socket, Arc::clone(&connection)));
    let mut http = http1::Builder::new()
        // It would limit the time between two requests, too.
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_HEAD)
        // As the platform writes them.
        .title_case_headers(true)
        // A caller may send no more than its request.
        .half_close(true)
        .serve_connection(io, service);
    let mut is_stopping = false;
    let served = loop {
        tokio::select! {
            biased;
            () = connection.evicted() => return,
            _ = stopping.wait_for(|stop| *stop), if !is_stopping => {
                is_stopping = true;
                Pin::new(&mut http).graceful_shutdown();
            }
            served = poll_fn(|task| http.poll_without_shutdown(task)) => break served,
        }
    };
    let io = http.into_parts().io.into_inner();
    let refusal = match served {
        Err(error) if connection.is_between_requests() => {
            refusal_of(&error, &io, connection.is_in_head())
        }
        // A response that is incomplete ends without its last chunk.
        Ok(()) | Err(_) => None,
    };
    tokio::select! {
        () = connection.evicted() => {}
        () = io.close(refusal) => {}
    }
}

/// The response to what is no request; `None` if there is nothing to respond to.
fn refusal_of(error: &hyper::Error, io: &CallerIo, is_in_head: bool) -> Option<Vec<u8>> {
    if io.is_late() {
        let reason = "the request did not arrive in time";
        return is_in_head.then(|| refusal_bytes(StatusCode::REQUEST_TIMEOUT, reason));
    }
    if !error.is_parse() {
        return None;
    }
    let text = error.to_string();
    let is_version = error.is_parse_version_h2() || text.contains("HTTP version");
    let status = if is_version {
        StatusCode::HTTP_VERSION_NOT_SUPPORTED
    } else {
        let of_hyper = io.status_of_hyper().and_then(|status| StatusCode::from_u16(status).ok());
        of_hyper.unwrap_or(StatusCode::BAD_REQUEST)
    };
    let reason = match status {
        StatusCode::HTTP_VERSION_NOT_SUPPORTED => {
            "the version of HTTP is not supported: use HTTP/1.1".to_owned()
        }
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => format!(
            "the head of the request is larger than {MAX_HEAD} bytes, or has more than {MAX_HEADERS} headers"
        ),
        _ => format!("invalid request: {text}"),
    };
    Some(refusal_bytes(status, &reason))
}
