//! One connection of a client: its limits, and its end.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::outgoing::{Departures, Outgoing};
use super::strict_head::StrictHead;

/// How long a client may take for the head of a request, or say nothing between two of them.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest head of a request in bytes: the platform's tokens of a few KB each fit many times.
const HEAD_LIMIT: usize = 256 * 1024;

/// The most headers of a request.
const HEADER_COUNT_LIMIT: usize = 128;

/// How long a client may say nothing that has been told that it is not served any further.
const PARTING: Duration = Duration::from_secs(2);

/// What a client is told whose head was not complete in time.
const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Serves the requests of a connection until it ends, or until there should be no further ones.
///
/// What a client does wrong is answered by hyper (400, 414, 431) and ends this connection only. Each request has the connection's
/// [`Departures`] among its extensions.
pub(crate) async fn serve<F, B>(stream: TcpStream, mut stopping: watch::Receiver<bool>, respond: impl Fn(Request<Incoming>) -> F)
where
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let departures = Departures::default();
    let io = TokioIo::new(StrictHead::new(Outgoing::new(stream, departures.clone())));
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(departures.clone());
        let response = respond(request);
        async { Ok::<_, Infallible>(response.await) }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_header_size(HEAD_LIMIT)
        .max_headers(HEADER_COUNT_LIMIT)
        .serve_connection(io, service);
    let mut stop = pin!(stopping.wait_for(|stop| *stop));
    let mut is_stopping = false;
    let served = poll_fn(|task| {
        // Without a sender nobody can ask any more, and the process is about to end.
        if !is_stopping && stop.as_mut().poll(task).is_ready() {
            is_stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        Pin::new(&mut connection).poll(task)
    })
    .await;
    let guarded = connection.into_parts().io.into_inner();
    let (is_in_head, is_in_request) = (guarded.is_in_head(), guarded.is_in_request());
    let mut stream = guarded.into_inner();
    // Any other error is the client's, and it knows: it has gone away, or it has been told by status and close.
    let is_timeout = served.as_ref().is_err_and(hyper::Error::is_timeout);
    if is_timeout && is_in_head {
        // Whether it still listens is its own business.
        let _ = stream.write_all(TOO_SLOW).await;
    }
    // One that was idle, or whose request is complete, sends nothing more.
    if !is_stopping && (is_in_request || (served.is_err() && !is_timeout)) {
        let _ = stream.shutdown().await;
        let mut rest = pin!(timeout(HEAD_TIMEOUT, discard(&mut stream)));
        poll_fn(|task| if stop.as_mut().poll(task).is_ready() { Poll::Ready(()) } else { rest.as_mut().poll(task).map(drop) })
            .await;
    }
}

/// Reads what a client still sends. To close the connection before would reset it, and the client might never see its answer.
async fn discard(stream: &mut Outgoing<TcpStream>) {
    let mut rest = vec![0; 16 * 1024];
    while matches!(timeout(PARTING, stream.read(&mut rest)).await, Ok(Ok(length)) if length > 0) {}
}
