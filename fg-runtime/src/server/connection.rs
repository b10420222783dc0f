//! One connection of a client: its limits, and its end.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::rt::{Sleep, Timer};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::strict_head::StrictHead;
use crate::alarm::Alarm;

/// How long a client may take for the head of a request, or say nothing between two of them.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest head of a request in bytes: the platform's tokens of a few KB each fit many times.
const HEAD_LIMIT: usize = 256 * 1024;

/// What a client is told whose head was not complete in time.
const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Serves the requests of a connection until it ends, or until there should be no further ones.
///
/// What a client does wrong is answered by hyper (400, 414, 431) and ends this connection only. The most headers of a request are hyper's
/// own 100: with any other number each request pays for tables of that size.
pub(crate) async fn serve<F, B>(stream: TcpStream, mut stopping: watch::Receiver<bool>, respond: impl Fn(Request<Incoming>) -> F)
where
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let service = service_fn(move |request| {
        let response = respond(request);
        async { Ok::<_, Infallible>(response.await) }
    });
    let io = TokioIo::new(StrictHead::new(stream));
    let mut connection = http1::Builder::new()
        .timer(OneTimer::default())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_header_size(HEAD_LIMIT)
        .serve_connection(io, service);
    let watched = stopping.clone();
    let mut stop = pin!(stopping.wait_for(|stop| *stop));
    let (mut is_awaited, mut is_stopping) = (false, false);
    let served = poll_fn(|task| {
        // Awaited once, it wakes this task, and need not be asked again until something has changed. Without a sender nobody can ask any
        // more, and the process is about to end.
        if !is_stopping && !(is_awaited && matches!(watched.has_changed(), Ok(false))) {
            is_awaited = true;
            if stop.as_mut().poll(task).is_ready() {
                is_stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
        Pin::new(&mut connection).poll(task)
    })
    .await;
    // Any other error is the client's, and it knows: it has gone away, or it has been told by status and close.
    if served.is_err_and(|error| error.is_timeout()) {
        let guarded = connection.into_parts().io.into_inner();
        if guarded.is_in_head() {
            let mut stream = guarded.into_inner();
            // Whether it still listens is its own business.
            let _ = stream.write_all(TOO_SLOW).await;
            let _ = stream.shutdown().await;
        }
    }
}

/// The timer of a connection, where hyper would set one for each head: as long as the heads come in time it need not be set again.
#[derive(Clone, Debug)]
struct OneTimer(Arc<Mutex<Alarm>>);

/// A time that hyper waits for.
#[derive(Debug)]
struct Until {
    timer: OneTimer,
    deadline: Instant,
}

impl Default for OneTimer {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Alarm::new())))
    }
}

impl Timer for OneTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Until { timer: self.clone(), deadline })
    }
}

impl Sleep for Until {}

impl Future for Until {
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        self.timer.0.lock().unwrap_or_else(PoisonError::into_inner).poll_at(self.deadline, task)
    }
}
