//! The bounds on what comes from outside: what a caller sends can make an error or a log line
//! longer, but never longer than this.
//!
//! They hold where an error or a line is made, so whatever a caller sends, the answer to it stays
//! small enough to be delivered.
//!
//! | what | bound | what happens to more |
//! | --- | --- | --- |
//! | `errorMessage` | [`MESSAGE`] | cut, with how many bytes were cut |
//! | `errorType` | [`ERROR_TYPE`] | cut, in the same way |
//! | `cause` | [`CAUSES`] of [`CAUSE`] each | cut, in the same way; the last one says that there are others |
//! | `stackTrace` | [`FRAMES`] of [`FRAME`] each | the same |
//! | the whole JSON of an error | [`ERROR`] | follows from the four above |
//! | a value of the event that `InvalidPayload` quotes to the caller | [`QUOTE`] | cut; the log never has it |
//! | a request id in a log line | [`LOGGED_ID`] | cut |
//! | a request id that comes with an HTTP request to the server | [`REQUEST_ID`] | not taken: the request gets a new one |
//! | what the message of one log record writes, over all of its lines | [`LOG_RECORD`] | cut, with how many bytes were cut |
//! | a value of a `tracing` event or span | 4 KiB; 8 KiB for all of a span, 64 KiB for all of an event | the same |
//! | the media type of a reply | [`MEDIA_TYPE`] | sent as `application/octet-stream` |
//! | the type of a CloudEvent, which goes into a header of its reply | [`CLOUD_EVENT_TYPE`] | the event is refused |
//! | a buffer that is kept from one invocation to the next | [`BUFFER`] | given back |
//!
//! The size of a text in an error is that of its JSON: a control character counts as six bytes.

/// Bytes of an `errorMessage`. A longer one keeps seven eighths of it, so that what is added to it
/// is not cut again.
pub const MESSAGE: usize = 4 * 1024;
/// Bytes of an `errorType`.
pub const ERROR_TYPE: usize = 256;
/// The most causes of an error.
pub const CAUSES: usize = 16;
/// Bytes of each cause.
pub const CAUSE: usize = 512;
/// The most frames of a stack trace. The platform's Go runtime reports 32.
pub const FRAMES: usize = 32;
/// Bytes of each frame: names of generic functions are long.
pub const FRAME: usize = 512;
/// Bytes of the JSON of a whole error, with its keys and quotes. The platform takes 6 MB.
pub const ERROR: usize = 32 * 1024;
/// Bytes of a value that is quoted in a message.
pub const QUOTE: usize = 64;
/// Bytes of a request id in a log line; the platform's have 36.
pub const LOGGED_ID: usize = 128;
/// Bytes of a request id that an HTTP request may bring along.
pub const REQUEST_ID: usize = 128;
/// Bytes that the message of one log record writes, over all of its lines.
pub const LOG_RECORD: usize = 256 * 1024;
/// Bytes of a media type.
pub const MEDIA_TYPE: usize = 256;
/// Bytes of the type of a CloudEvent that is replied to. The specification asks for no more than 64
/// KB for all of an event.
pub const CLOUD_EVENT_TYPE: usize = 1024;
/// Bytes of the buffer for an event, or for a reply, that are kept for the next one.
pub const BUFFER: usize = 1024 * 1024;

const _: () = assert!(
    MESSAGE + ERROR_TYPE + (CAUSES + 1) * (CAUSE + 3) + (FRAMES + 1) * (FRAME + 3) + 100 <= ERROR
);
