//! Serves one connection by hyper, with limits on slow and idle clients, and an end that the client
//! sees.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use pin_project_lite::pin_project;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::watch;
use tokio::time::timeout;

use super::io::{ConnectionIo, HEAD_TIMEOUT};
use super::protocol::Protocol;
use super::state::ConnectionState;
use crate::invocation::panics::for_connection;

/// How long a probe may take for its head if it has one of the reserved slots.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// The largest head of a request in bytes: the platform's tokens of a few KB each fit many times.
const HEAD_LIMIT: usize = 256 * 1024;

/// How long a client may send nothing that has been told that it is not served any further.
const LINGER: Duration = Duration::from_secs(2);

/// The response to a client that speaks HTTP/2. Those of gRPC and of Go name the version that they
/// see in it.
const NO_HTTP2: &[u8] =
    b"HTTP/1.1 505 HTTP Version Not Supported\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: 72\r\n\r\n\
    this server speaks HTTP/1.1; HTTP/2, and so gRPC, are not available here";

/// The response to a client whose head was not complete in time.
const TOO_SLOW: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// What responds to the requests.
pub(crate) trait Respond: Send + Sync + 'static {
    /// The body of a response. An error closes the connection in the middle of it.
    type Body: Body<Data = Bytes, Error: Into<Box<dyn StdError + Send + Sync>>> + Send + 'static;

    /// Responds to one request, which has come on this connection.
    fn respond(
        &self,
        request: Request<Incoming>,
        connection: &ConnectionState,
    ) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// Serves the requests of a connection until it ends, or until there should be no further ones.
///
/// What a client does wrong is answered by hyper (400, 414, 431) and ends this connection only. The
/// most headers of a request are hyper's own 100: with any other number each request pays for
/// tables of that size.
///
/// Returns what the client has spoken.
pub(crate) async fn serve(
    state: Arc<ConnectionState>,
    reader: OwnedReadHalf,
    mut stopping: watch::Receiver<bool>,
    function: Arc<impl Respond>,
) -> Protocol {
    let head_timeout = if state.is_for_probes { PROBE_TIMEOUT } else { HEAD_TIMEOUT };
    let io = TokioIo::new(ConnectionIo::new(Arc::clone(&state), reader, head_timeout));
    let caller = state.id();
    let service = service_fn(|request| {
        state.begin_request();
        let response = function.respond(request, &state);
        Responding { response, connection: Some(Arc::clone(&state)) }
    });
    let mut connection = http1::Builder::new()
        // The time is checked below: if hyper does it, it polls everything once more for each
        // request.
        .header_read_timeout(None)
        .max_header_size(HEAD_LIMIT)
        // Whether a client has gone away is checked below, too: hyper reads for that into its
        // buffer, and the request still holds the one that its head is in, so each request makes a
        // new one.
        .half_close(true)
        .serve_connection(io, service)
        .with_upgrades();
    let watched = stopping.clone();
    let mut stop = pin!(stopping.wait_for(|stop| *stop));
    let (mut is_awaited, mut is_stopping) = (false, false);
    let waker = Waker::from(Arc::clone(&state.waker));
    let served = poll_fn(|task| {
        // Once it has been polled it wakes this task, and need not be polled again until something
        // has changed. Without a sender the process is about to end.
        let is_told_later = is_awaited && matches!(watched.has_changed(), Ok(false));
        if !is_stopping && !is_told_later {
            is_awaited = true;
            if stop.as_mut().poll(task).is_ready() {
                is_stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
        state.waker.set_task(task.waker());
        let task = &mut Context::from_waker(&waker);
        if let Poll::Ready(served) = for_connection(caller, || Pin::new(&mut connection).poll(task))
        {
            return Poll::Ready(Served::Over(served));
        }
        if state.has_client_gone(task) {
            return Poll::Ready(Served::ClientGone);
        }
        if state.is_evicted() {
            return Poll::Ready(Served::Evicted);
        }
        if state.is_head_late() { Poll::Ready(Served::Late) } else { Poll::Pending }
    })
    .await;
    // A connection that has been handed over is the service's from here on.
    let Some(parts) = connection.into_parts() else { return Protocol::Http1 };
    let mut io = parts.io.into_inner();
    let (is_in_head, is_in_request) = (io.framing().is_in_head(), io.framing().is_in_request());
    let protocol = io.protocol();
    let is_http2 = protocol == Protocol::Http2;
    // The client may have stopped reading.
    if is_http2 {
        let _ = io.write_all(NO_HTTP2).await;
    } else if !matches!(served, Served::Over(_)) && is_in_head {
        let _ = io.write_all(TOO_SLOW).await;
    }
    // An error is the client's, and it knows: it has gone away, or it has been told by status and
    // close. One that was idle, or whose request is complete, sends nothing more.
    let has_failed = matches!(served, Served::Over(Err(_)) | Served::ClientGone);
    let is_evicted = matches!(served, Served::Evicted);
    if !is_stopping
        && !is_evicted
        && !state.is_for_probes
        && (is_in_request || is_http2 || has_failed)
    {
        state.end_requests();
        let _ = io.shutdown().await;
        // One that was too slow has had its time.
        let limit = if matches!(served, Served::Late) { LINGER } else { HEAD_TIMEOUT };
        let mut rest = pin!(timeout(limit, discard(&mut io)));
        poll_fn(|task| {
            if stop.as_mut().poll(task).is_ready() || state.is_evicted() {
                return Poll::Ready(());
            }
            rest.as_mut().poll(task).map(drop)
        })
        .await;
    }
    protocol
}

pin_project! {
    /// The response to a request. An `async` block would have the space for the future of the
    /// response twice, and hyper moves it.
    struct Responding<F> {
        #[pin]
        response: F,
        // Taken when the response is there.
        connection: Option<Arc<ConnectionState>>,
    }
}

impl<F: Future<Output = Response<B>>, B: Body> Future for Responding<F> {
    type Output = Result<Response<TrackedBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.response.poll(task));
        let connection = this.connection.take().expect("it is not polled after its end");
        if connection.is_for_probes {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Poll::Ready(Ok(response.map(|body| TrackedBody::new(body, connection))))
    }
}

pin_project! {
    /// The body of any response: its connection learns when it is complete.
    #[derive(Debug)]
    struct TrackedBody<B> {
        #[pin]
        body: B,
        end: ResponseEnd,
    }
}

/// Tells the connection when it is dropped.
#[derive(Debug)]
struct ResponseEnd(Arc<ConnectionState>);

impl Drop for ResponseEnd {
    fn drop(&mut self) {
        self.0.end_response();
    }
}

impl<B> TrackedBody<B> {
    const fn new(body: B, connection: Arc<ConnectionState>) -> Self {
        Self { body, end: ResponseEnd(connection) }
    }
}

impl<B: Body> Body for TrackedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().body.poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How a connection ended.
enum Served {
    /// By itself, or by an error.
    Over(hyper::Result<()>),
    /// The client has gone away in the middle of a request or of its response.
    ClientGone,
    /// A head was not complete in time, or the first one has not begun.
    Late,
    /// It was idle for too long, or its slot is wanted for another connection.
    Evicted,
}

/// Reads what a client still sends. To close the connection before would reset it, and the client
/// might never see its response.
async fn discard(io: &mut ConnectionIo) {
    let mut rest = vec![0; 16 * 1024];
    while matches!(timeout(LINGER, io.read(&mut rest)).await, Ok(Ok(length)) if length > 0) {}
}
