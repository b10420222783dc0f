//! Streamed responses from code that writes, rather than from a [`Stream`].

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use fg_core::{Error, StreamResponse};
use futures_core::Stream;
use tokio::io::{AsyncRead, DuplexStream, ReadBuf};

/// The most bytes that are buffered, and the largest chunk.
const BUFFER_SIZE: usize = 64 * 1024;

/// Makes a streamed response from a future that writes: `fg::stream::from_writer(|mut out| async
/// move { .. })`.
///
/// Written bytes are sent as soon as the future is pending. If the caller reads slowly, writes
/// wait: at most 64 KiB are buffered. The body is complete when the future returns `Ok` and the
/// writer has been dropped. After an `Err` the caller sees a truncated body. If the caller
/// disconnects, the future is dropped.
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
    let (writer, reader) = tokio::io::duplex(BUFFER_SIZE);
    StreamResponse::new(WriterStream {
        writing: Writing::Running(Box::pin(write(writer))),
        reader,
        read_buffer: Vec::new(),
    })
}

/// The stream of the written bytes.
struct WriterStream<F, E> {
    writing: Writing<F, E>,
    reader: DuplexStream,
    read_buffer: Vec<u8>,
}

enum Writing<F, E> {
    Running(Pin<Box<F>>),
    Failed(Option<E>),
    Done,
}

// No field is structurally pinned.
impl<F, E> Unpin for WriterStream<F, E> {}

impl<F: Future<Output = Result<(), E>>, E> Stream for WriterStream<F, E> {
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
        this.read_buffer.resize(BUFFER_SIZE, 0);
        let mut buffer = ReadBuf::new(&mut this.read_buffer);
        // A `DuplexStream` in memory cannot fail.
        let _ = ready!(Pin::new(&mut this.reader).poll_read(task, &mut buffer));
        if !buffer.filled().is_empty() {
            return Poll::Ready(Some(Ok(Bytes::copy_from_slice(buffer.filled()))));
        }
        match &mut this.writing {
            // The writer has been dropped, but the future is still running, and has registered the
            // task's waker.
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
                Ok(bytes) => text.push_str(std::str::from_utf8(&bytes).expect("it is a string")),
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
    async fn a_chunk_is_sent_before_the_next_one_is_written() {
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
    async fn writes_wait_for_the_reader() {
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
        let first = body.next().await.expect("there is a chunk").expect("it is one");
        assert!(
            written.load(Ordering::SeqCst) <= BUFFER_SIZE,
            "{}",
            written.load(Ordering::SeqCst)
        );
        assert!(first.len() <= BUFFER_SIZE);
    }
}
