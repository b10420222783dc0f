//! Streamed replies from code that writes, rather than from a [`Stream`].

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use fg_core::{Error, StreamResponse};
use futures_core::Stream;
use tokio::io::{AsyncRead, DuplexStream, ReadBuf};

/// How much may be written before it is read, and the largest piece that is sent.
const ROOM: usize = 64 * 1024;

/// Makes a streamed response of what this future writes: `fg::stream::from_writer(|mut out| async move
/// { .. })`.
///
/// What is written reaches the caller as soon as the future waits for something. A caller that
/// reads slowly makes the writing wait: at most 64 KiB are kept. The body is complete when the
/// future returns `Ok` and the writer has been dropped; after an `Err` it ends without its end. If
/// the caller goes away, the future is dropped.
///
/// ```
/// use tokio::io::AsyncWriteExt;
///
/// fn numbers() -> fg_core::StreamResponse {
///     fg_runtime::stream::from_writer(|mut out| async move {
///         for number in 1..=1000 {
///             out.write_all(format!("{number}\n").as_bytes()).await?;
///         }
///         std::io::Result::Ok(())
///     })
/// }
/// ```
pub fn from_writer<W, F, E>(write: W) -> StreamResponse
where
    W: FnOnce(DuplexStream) -> F,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<Error> + Send + 'static,
{
    let (writer, reader) = tokio::io::duplex(ROOM);
    StreamResponse::new(Written {
        writing: Writing::Running(Box::pin(write(writer))),
        reader,
        room: Vec::new(),
    })
}

/// What is written, as a stream.
struct Written<F, E> {
    writing: Writing<F, E>,
    reader: DuplexStream,
    room: Vec<u8>,
}

enum Writing<F, E> {
    Running(Pin<Box<F>>),
    Failed(Option<E>),
    Done,
}

// None of the fields is pinned in place.
impl<F, E> Unpin for Written<F, E> {}

impl<F: Future<Output = Result<(), E>>, E> Stream for Written<F, E> {
    type Item = Result<Bytes, E>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Writing::Running(future) = &mut this.writing {
            match future.as_mut().poll(task) {
                Poll::Ready(Ok(())) => this.writing = Writing::Done,
                Poll::Ready(Err(error)) => this.writing = Writing::Failed(Some(error)),
                Poll::Pending => {}
            }
        }
        this.room.resize(ROOM, 0);
        let mut buffer = ReadBuf::new(&mut this.room);
        // A pipe in memory cannot fail; its end is the end.
        let _ = ready!(Pin::new(&mut this.reader).poll_read(task, &mut buffer));
        if !buffer.filled().is_empty() {
            return Poll::Ready(Some(Ok(Bytes::copy_from_slice(buffer.filled()))));
        }
        match &mut this.writing {
            // The writer has been dropped, but not all has been done: this future has just been
            // asked to wake the task.
            Writing::Running(_) => Poll::Pending,
            Writing::Failed(error) => Poll::Ready(error.take().map(Err)),
            Writing::Done => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use fg_core::Failure;
    use tokio::io::AsyncWriteExt;
    use tokio::sync::oneshot;

    async fn collect(response: StreamResponse) -> (String, Option<Failure>) {
        let (mut body, mut text) = (response.into_body(), String::new());
        while let Some(piece) = body.next().await {
            match piece {
                Ok(bytes) => text.push_str(std::str::from_utf8(&bytes).expect("it is text")),
                Err(failure) => return (text, Some(failure)),
            }
        }
        (text, None)
    }

    #[tokio::test]
    async fn what_was_written_before_an_error_comes_before_it() {
        let response = from_writer(|mut out| async move {
            out.write_all(b"half").await?;
            Err(std::io::Error::other("the other half is gone"))
        });
        let (text, failure) = collect(response).await;
        assert_eq!(
            (text.as_str(), failure.expect("it fails").message()),
            ("half", "the other half is gone")
        );
    }

    #[tokio::test]
    async fn a_piece_comes_before_the_next_one_is_written() {
        let (go_on, wait) = oneshot::channel::<()>();
        let response = from_writer(|mut out| async move {
            out.write_all(b"first").await?;
            wait.await.map_err(std::io::Error::other)?;
            out.write_all(b"second").await
        });
        let mut body = response.into_body();
        assert_eq!(body.next().await, Some(Ok(Bytes::from_static(b"first"))));
        go_on.send(()).expect("it waits");
        assert_eq!(body.next().await, Some(Ok(Bytes::from_static(b"second"))));
        assert_eq!(body.next().await, None);
    }

    #[tokio::test]
    async fn the_body_ends_when_the_future_does_even_if_the_writer_is_dropped_before() {
        let done = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&done);
        let response = from_writer(|mut out| async move {
            out.write_all(b"text").await?;
            drop(out);
            tokio::task::yield_now().await;
            count.store(1, Ordering::SeqCst);
            std::io::Result::Ok(())
        });
        assert_eq!(collect(response).await, ("text".to_owned(), None));
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_writer_that_nobody_reads_waits() {
        let written = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&written);
        let response = from_writer(|mut out| async move {
            for _ in 0..1000 {
                out.write_all(&[0; 1024]).await?;
                count.fetch_add(1024, Ordering::SeqCst);
            }
            std::io::Result::Ok(())
        });
        let mut body = response.into_body();
        let first = body.next().await.expect("there is a piece").expect("it is one");
        assert!(written.load(Ordering::SeqCst) <= ROOM, "{}", written.load(Ordering::SeqCst));
        assert!(first.len() <= ROOM);
    }
}
