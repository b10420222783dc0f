//! Reads the bodies of requests: each has a limit, all that are held at a time have one together,
//! and none may take for ever.

use std::sync::Arc;

use axum::http::StatusCode;
use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, timeout};

use super::refusal::Refusal;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(60);

/// How long a request waits for memory while others hold all of it.
const MEMORY_TIME: Duration = Duration::from_secs(10);

/// How many bytes of bodies are held at a time: seven packages of the largest size, or 80 of the
/// largest events.
const MEMORY: usize = 512 << 20;

/// The memory is counted in units of 1 KB.
const UNIT: usize = 1 << 10;

/// The memory for the bodies of requests.
#[derive(Debug)]
pub(super) struct Bodies {
    units: Arc<Semaphore>,
}

impl Bodies {
    pub(super) fn new() -> Self {
        Self { units: Arc::new(Semaphore::new(MEMORY / UNIT)) }
    }

    /// Reads a body of at most `limit` bytes. What is returned beside it holds its memory.
    pub(super) async fn read<B>(
        &self,
        body: B,
        limit: usize,
    ) -> Result<(Bytes, OwnedSemaphorePermit), Refusal>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let too_large = || {
            let reason = format!("request body size exceeds the limit of {limit}");
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, reason)
        };
        let hint = body.size_hint();
        if hint.lower() > limit as u64 {
            return Err(too_large());
        }
        let most = hint.upper().and_then(|most| usize::try_from(most).ok()).unwrap_or(limit);
        let units = u32::try_from(most.min(limit).div_ceil(UNIT)).unwrap_or(u32::MAX);
        let units = Arc::clone(&self.units).acquire_many_owned(units);
        let Ok(Ok(held)) = timeout(MEMORY_TIME, units).await else {
            let reason = "too many large requests are handled at the moment; try again later";
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, reason));
        };
        match timeout(BODY_TIME, Limited::new(body, limit).collect()).await {
            Ok(Ok(body)) => Ok((body.to_bytes(), held)),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
            Ok(Err(error)) => Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                format!("the body of the request cannot be read: {error}"),
            )),
            Err(_) => {
                Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "the request did not arrive in time"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body::Frame;
    use http_body_util::Full;

    use super::*;

    struct Silent;

    impl Body for Silent {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_a_limit_and_a_time() {
        let bodies = Bodies::new();
        let (body, held) = bodies.read(Full::new(Bytes::from("abc")), 3).await.expect("it fits");
        assert_eq!((&body[..], held.num_permits()), (&b"abc"[..], 1));
        let refused = bodies.read(Full::new(Bytes::from("abcd")), 3).await.expect_err("too large");
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
        let refused = bodies.read(Silent, 3).await.expect_err("it never ends");
        assert_eq!(refused.status, StatusCode::REQUEST_TIMEOUT);
        drop(held);
        assert_eq!(bodies.units.available_permits(), MEMORY / UNIT);
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_wait_for_memory_and_not_for_ever() {
        let bodies = Bodies::new();
        let all = Arc::clone(&bodies.units)
            .acquire_many_owned(u32::try_from(MEMORY / UNIT).expect("a few"));
        let all = all.await.expect("it is open");
        let refused =
            bodies.read(Full::new(Bytes::from("abc")), 3).await.expect_err("none is free");
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        let waiting = bodies.read(Full::new(Bytes::from("abc")), 3);
        let (read, ()) = tokio::join!(waiting, async { drop(all) });
        assert!(read.is_ok());
    }
}
