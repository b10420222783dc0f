//! The body of a request, as it is read by the task that serves its connection.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::waker::{ConnectionWaker, hold_back_wakes};

/// A body whose last piece does not wake the task that serves the connection.
///
/// Hyper wakes that task for each piece that is taken from a body, so that it reads the next one.
/// Behind the last piece there is none, so the task would be polled once more for each request that
/// has a body, in vain.
#[derive(Debug)]
pub(crate) struct IncomingBody<'c> {
    body: Incoming,
    waker: &'c ConnectionWaker,
}

impl<'c> IncomingBody<'c> {
    pub(crate) const fn new(body: Incoming, waker: &'c ConnectionWaker) -> Self {
        Self { body, waker }
    }

    /// The body, for any task.
    #[cfg(feature = "http")]
    pub(crate) fn into_inner(self) -> Incoming {
        self.body
    }
}

impl Body for IncomingBody<'_> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let (polled, wakes) = hold_back_wakes(|| Pin::new(&mut self.body).poll_frame(task));
        if wakes && !self.body.is_end_stream() {
            self.waker.wake_task();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use http::{Request, Response};
    use http_body_util::{BodyExt, Full};
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[derive(Default)]
    struct Task {
        wakes: AtomicUsize,
    }

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.wakes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often the task is woken for a request that comes in these pieces and is echoed.
    async fn wakes(pieces: &[&str], is_held_back: bool) -> Vec<usize> {
        let (mut client, server) = tokio::io::duplex(4096);
        let (task, waker) = (Arc::<Task>::default(), Arc::<ConnectionWaker>::default());
        waker.set_task(&Waker::from(Arc::clone(&task)));
        let of_hyper = Waker::from(Arc::clone(&waker));
        let echo = service_fn(move |request: Request<Incoming>| {
            let waker = Arc::clone(&waker);
            async move {
                let body = request.into_body();
                let whole = if is_held_back {
                    IncomingBody::new(body, &waker).collect().await
                } else {
                    body.collect().await
                };
                let whole = whole.expect("it is complete").to_bytes();
                Ok::<_, Infallible>(Response::new(Full::new(whole)))
            }
        });
        let mut connection =
            http1::Builder::new().half_close(true).serve_connection(TokioIo::new(server), echo);
        let mut all = Vec::new();
        for piece in pieces {
            client.write_all(piece.as_bytes()).await.expect("it is open");
            let before = task.wakes.load(Ordering::Relaxed);
            let polled = Pin::new(&mut connection).poll(&mut Context::from_waker(&of_hyper));
            assert!(polled.is_pending());
            all.push(task.wakes.load(Ordering::Relaxed) - before);
        }
        let mut response = vec![0; 4096];
        let length = client.read(&mut response).await.expect("there is a response");
        let response = String::from_utf8_lossy(&response[..length]);
        assert!(response.ends_with("\r\n\r\nhello world"), "{response}");
        all
    }

    const HEAD: &str = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\n";

    #[tokio::test]
    async fn the_last_piece_does_not_wake_the_task_and_an_earlier_one_does() {
        let whole = format!("{HEAD}hello world");
        assert_eq!(wakes(&[&whole], true).await, [0]);
        assert_eq!(wakes(&[&whole], false).await, [1], "hyper no longer wakes it in vain");
        let first = format!("{HEAD}hello ");
        // The second time it is the handler that is woken, by the piece that it waits for.
        assert_eq!(wakes(&[&first, "world"], true).await, [1, 1]);
    }
}
