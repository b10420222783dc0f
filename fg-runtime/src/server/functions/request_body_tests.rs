//! What is read of a body, and how often a task is woken for it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// Pieces, each a while after the one before; then it is silent for ever, or ends.
struct Pieces {
    pieces: VecDeque<&'static str>,
    pause: Duration,
    timer: Option<Pin<Box<tokio::time::Sleep>>>,
    ends: bool,
    told: u64,
}

fn pieces(pieces: &[&'static str]) -> Pieces {
    Pieces {
        pieces: pieces.iter().copied().collect(),
        pause: Duration::ZERO,
        timer: None,
        ends: true,
        told: 0,
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let pause = self.pause;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
        std::task::ready!(timer.as_mut().poll(task));
        self.timer = None;
        match self.pieces.pop_front() {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece.into())))),
            None if self.ends => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.told);
        hint
    }
}

async fn read(body: Pieces, limit: usize) -> Result<Bytes, (u16, String)> {
    let deadline = tokio::time::Instant::now().into_std() + Duration::from_secs(60);
    read_body(body, limit, deadline).await.map_err(|unread| (unread.status.as_u16(), unread.reason))
}

#[tokio::test(start_paused = true)]
async fn pieces_are_put_together_up_to_the_limit() {
    assert_eq!(read(pieces(&[]), 0).await, Ok(Bytes::new()));
    assert_eq!(read(pieces(&["abc"]), 3).await, Ok("abc".into()));
    assert_eq!(read(pieces(&["", "a", "", "b", "c"]), 3).await, Ok("abc".into()));
    for body in [pieces(&["abcd"]), pieces(&["a", "b", "cd"]), Pieces { told: 4, ..pieces(&[]) }] {
        assert_eq!(read(body, 3).await.expect_err("it is too large").0, 413);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_may_be_slow_but_neither_silent_nor_later_than_its_invocation() {
    let slow = |pause, ends, count| Pieces {
        pause: Duration::from_secs(pause),
        ends,
        ..pieces(&vec!["a"; count])
    };
    assert_eq!(read(slow(9, true, 3), 10).await, Ok("aaa".into()));
    let (status, reason) = read(slow(9, false, 3), 10).await.expect_err("it is silent");
    assert_eq!((status, reason.as_str()), (408, "the body of the request stayed silent for 10s"));
    let (status, reason) = read(slow(9, true, 9), 10).await.expect_err("it is late");
    assert_eq!(
        (status, reason.as_str()),
        (408, "the body of the request was not complete within the time of the invocation")
    );
}

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
