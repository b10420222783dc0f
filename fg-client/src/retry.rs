//! When a request is sent again, and how long is waited before.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use http::Method;

/// How often, and for how long, a request is sent again.
///
/// GET, PUT and DELETE are sent again after a fault of the connection, a time-out, and the statuses
/// 429, 500, 502, 503 and 504. POST creates, publishes or invokes: it is sent again only where it
/// cannot have been carried out: there was no connection, or the status was 429, or 503 with
/// `Retry-After`.
///
/// The pauses double from [`Retry::first_pause`] to [`Retry::longest_pause`], each shortened by up
/// to a half at random. A `Retry-After` of a response is waited for if it ends in time.
///
/// ```
/// use std::time::Duration;
/// use fg_client::Retry;
///
/// let patient = Retry { attempts: 10, time: Duration::from_secs(300), ..Retry::default() };
/// # let _ = patient;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The most attempts, the first one included. 4 by default; 1 or 0 sends nothing again.
    pub attempts: u32,
    /// No attempt begins later than this after the first. One minute by default.
    pub time: Duration,
    /// The pause after the first attempt. 300 milliseconds by default.
    pub first_pause: Duration,
    /// The longest pause. 10 seconds by default.
    pub longest_pause: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 4,
            time: Duration::from_secs(60),
            first_pause: Duration::from_millis(300),
            longest_pause: Duration::from_secs(10),
        }
    }
}

impl Retry {
    /// Sends nothing again.
    #[must_use]
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// The pause after so many attempts, or `None` if that was the last one.
    pub(crate) fn pause(
        &self,
        attempts: u32,
        elapsed: Duration,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        if attempts >= self.attempts {
            return None;
        }
        let doubled = self.first_pause.saturating_mul(1 << (attempts - 1).min(16));
        let step = doubled.min(self.longest_pause);
        let random = RandomState::new().hash_one(attempts) % 1024;
        let pause = step / 2 + step / 2 * u32::try_from(random).unwrap_or(0) / 1024;
        let pause = retry_after.map_or(pause, |after| after.max(pause));
        (elapsed + pause <= self.time).then_some(pause)
    }
}

/// Whether a response says that the same request may succeed later, and that it may be repeated.
pub(crate) fn repeats_status(method: &Method, status: u16, has_retry_after: bool) -> bool {
    match status {
        429 => true,
        503 => method != Method::POST || has_retry_after,
        500 | 502 | 504 => method != Method::POST,
        _ => false,
    }
}

/// The header `Retry-After`, in seconds.
pub(crate) fn retry_after(value: Option<&str>) -> Option<Duration> {
    value?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_with_jitter_and_end() {
        let retry = Retry::default();
        for (attempt, step) in [(1, 300), (2, 600), (3, 1200)] {
            let pause = retry.pause(attempt, Duration::ZERO, None).unwrap();
            let step = Duration::from_millis(step);
            assert!(pause >= step / 2 && pause <= step, "{pause:?} of {step:?}");
        }
        assert_eq!(retry.pause(4, Duration::ZERO, None), None);
        assert_eq!(Retry::never().pause(1, Duration::ZERO, None), None);
    }

    #[test]
    fn the_time_bounds_pauses_and_retry_after() {
        let retry = Retry { attempts: u32::MAX, ..Retry::default() };
        let minute = Duration::from_secs(60);
        assert!(retry.pause(1_000_000, Duration::ZERO, None).unwrap() <= Duration::from_secs(10));
        assert_eq!(retry.pause(2, minute, None), None);
        let five = Some(Duration::from_secs(5));
        assert_eq!(retry.pause(1, Duration::ZERO, five), five);
        assert_eq!(retry.pause(1, Duration::ZERO, Some(minute * 60)), None);
    }

    #[test]
    fn a_post_is_repeated_only_where_it_cannot_have_been_carried_out() {
        let statuses = [400, 401, 404, 429, 500, 502, 503, 504];
        let repeated = |method: &Method, retry_after| {
            let repeats = |status: &u16| repeats_status(method, *status, retry_after);
            statuses.into_iter().filter(repeats).collect::<Vec<_>>()
        };
        assert_eq!(repeated(&Method::POST, false), [429]);
        assert_eq!(repeated(&Method::POST, true), [429, 503]);
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            assert_eq!(repeated(&method, false), [429, 500, 502, 503, 504]);
        }
        assert_eq!(retry_after(Some(" 7 ")), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(Some("Mon, 02 Jan 2006 15:04:05 GMT")), None);
    }
}
