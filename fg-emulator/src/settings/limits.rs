//! The platform's limits in bytes (its manual, "notes and constraints", unless another section is
//! named).

use crate::execution::platform_error::{Cause, PlatformError};
use crate::runtime_api::event::Event;

/// The largest synchronous request, and the largest response to it, in bytes.
pub const SYNC_LIMIT: usize = 6 << 20;

/// The largest asynchronous request, in bytes.
pub const ASYNC_LIMIT: usize = 256 << 10;

/// The largest streamed response, in bytes ("response streaming").
pub const STREAM_LIMIT: usize = 200 << 20;

/// How many bytes a request, or a response that is not streamed, may exceed its limit.
pub const TOLERANCE: usize = 100;

/// How many requests an instance can handle at the same time ("configuring single-instance
/// multi-concurrency").
pub(crate) const MAX_CONCURRENCY: usize = 1000;

/// The memory sizes that a function can have, in MB.
pub const MEMORY_SIZES: [u32; 15] =
    [128, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 8192, 10240];

/// Checks the size of an event, with the [tolerance](TOLERANCE) that the platform has.
///
/// ```
/// use fg_emulator::{Event, limits};
///
/// let error = limits::check_event_size(&Event::new(vec![b'x'; 300_000]), limits::ASYNC_LIMIT);
/// assert_eq!(error.map_err(|error| error.http_status()), Err(413));
/// ```
///
/// # Errors
///
/// If the event is larger: `FSS.0413`.
pub fn check_event_size(event: &Event, limit: usize) -> Result<(), PlatformError> {
    let size = event.body().len();
    if size > limit + TOLERANCE {
        Err(PlatformError::new(Cause::RequestTooLarge { size, limit }))
    } else {
        Ok(())
    }
}
