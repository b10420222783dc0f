//! Reads the body of a request: the whole of it, not more than is allowed, and not for ever.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::Body;
use http_body_util::BodyExt;

use crate::invocation::deadline_timer::DeadlineTimer;
use crate::runtime_api::SILENCE_LIMIT;

/// Why there is no body.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
}

/// Reads a body of at most `limit` bytes, until this time.
pub(crate) async fn read_body<B>(
    mut body: B,
    limit: usize,
    deadline: Instant,
) -> Result<Bytes, Unread>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let too_large = || Unread {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        reason: format!(
            "the payload is larger than {limit} bytes (RUNTIME_MAX_RESP_BODY_SIZE, in both directions)"
        ),
    };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    let (mut first, mut whole) = (Bytes::new(), BytesMut::new());
    let mut timer = DeadlineTimer::new();
    while !body.is_end_stream() {
        let too_long_silent = tokio::time::Instant::now().into_std() + SILENCE_LIMIT;
        let frame =
            timer.limit(deadline.min(too_long_silent), body.frame()).await.ok_or_else(|| {
                Unread {
                    status: StatusCode::REQUEST_TIMEOUT,
                    reason: if deadline < too_long_silent {
                        "the body of the request was not complete within the time of the invocation"
                            .to_owned()
                    } else {
                        format!("the body of the request stayed silent for {SILENCE_LIMIT:?}")
                    },
                }
            })?;
        let data = match frame {
            None => break,
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(error)) => {
                let reason = format!("the body of the request cannot be read: {error}");
                return Err(Unread { status: StatusCode::BAD_REQUEST, reason });
            }
        };
        if first.len() + whole.len() + data.len() > limit {
            return Err(too_large());
        }
        // Mostly there is one piece, and nothing to copy.
        if first.is_empty() && whole.is_empty() {
            first = data;
        } else {
            if whole.is_empty() {
                whole.reserve(
                    usize::try_from(body.size_hint().lower()).unwrap_or(0).min(limit)
                        + first.len()
                        + data.len(),
                );
                whole.extend_from_slice(&std::mem::take(&mut first));
            }
            whole.extend_from_slice(&data);
        }
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Duration;

    use http_body::{Frame, SizeHint};

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
        read_body(body, limit, deadline)
            .await
            .map_err(|unread| (unread.status.as_u16(), unread.reason))
    }

    #[tokio::test(start_paused = true)]
    async fn pieces_are_put_together_up_to_the_limit() {
        assert_eq!(read(pieces(&[]), 0).await, Ok(Bytes::new()));
        assert_eq!(read(pieces(&["abc"]), 3).await, Ok("abc".into()));
        assert_eq!(read(pieces(&["", "a", "", "b", "c"]), 3).await, Ok("abc".into()));
        for body in
            [pieces(&["abcd"]), pieces(&["a", "b", "cd"]), Pieces { told: 4, ..pieces(&[]) }]
        {
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
        assert_eq!(
            (status, reason.as_str()),
            (408, "the body of the request stayed silent for 10s")
        );
        let (status, reason) = read(slow(9, true, 9), 10).await.expect_err("it is late");
        assert_eq!(
            (status, reason.as_str()),
            (408, "the body of the request was not complete within the time of the invocation")
        );
    }
}
