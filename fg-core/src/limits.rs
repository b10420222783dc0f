//! The limits on errors and log records, which can contain data that a caller sent.
//!
//! They are applied when an error or a log record is created, so that an error response always
//! stays small enough to be delivered.
//!
//! | what | limit | what happens beyond it |
//! | --- | --- | --- |
//! | `errorMessage` | [`MESSAGE`] | truncated, with the number of bytes cut |
//! | `errorType` | [`ERROR_TYPE`] | truncated in the same way |
//! | `cause` | [`CAUSES`] of [`CAUSE`] each | truncated in the same way; the last entry says that there are others |
//! | `stackTrace` | [`FRAMES`] of [`FRAME`] each | the same |
//! | the JSON of a whole error | [`ERROR`] | follows from the four above |
//! | a value of the event that `InvalidPayload` quotes to the caller | [`QUOTE`] | truncated; it is never logged |
//! | a request id in a log line | [`LOGGED_ID`] | truncated |
//! | a request id in an HTTP request to the server | [`REQUEST_ID`] | ignored: the request gets a new one |
//! | the message of one log record, over all of its lines | [`LOG_RECORD`] | truncated, with the number of bytes cut |
//! | a value of a `tracing` event or span | 4 KiB; 8 KiB for all of a span, 64 KiB for all of an event | the same |
//! | the media type of a response | [`MEDIA_TYPE`] | sent as `application/octet-stream` |
//! | the type of a CloudEvent, which goes into a header of the response | [`CLOUD_EVENT_TYPE`] | the event is rejected |
//! | a buffer that is kept for the next invocation | [`BUFFER`] | freed |
//!
//! The size of a string in an error is that of its JSON: a control character counts as six bytes.

/// Bytes of an `errorMessage`. A longer one is cut to seven eighths of it, so that it can be
/// extended without being cut again.
pub const MESSAGE: usize = 4 * 1024;
/// Bytes of an `errorType`.
pub const ERROR_TYPE: usize = 256;
/// The maximum number of causes of an error.
pub const CAUSES: usize = 16;
/// Bytes of each cause.
pub const CAUSE: usize = 512;
/// The maximum number of frames of a stack trace, as in the platform's Go runtime.
pub const FRAMES: usize = 32;
/// Bytes of each frame; names of generic functions are long.
pub const FRAME: usize = 512;
/// Bytes of the JSON of a whole error, including keys and quotes. The platform accepts 6 MB.
pub const ERROR: usize = 32 * 1024;
/// Bytes of a value that is quoted in a message.
pub const QUOTE: usize = 64;
/// Bytes of a request id in a log line; the platform's have 36.
pub const LOGGED_ID: usize = 128;
/// Bytes of a request id in an HTTP request to the server.
pub const REQUEST_ID: usize = 128;
/// Bytes of the message of one log record, over all of its lines.
pub const LOG_RECORD: usize = 256 * 1024;
/// Bytes of a media type.
pub const MEDIA_TYPE: usize = 256;
/// Bytes of the type of a CloudEvent. The specification limits the whole event to 64 KB.
pub const CLOUD_EVENT_TYPE: usize = 1024;
/// The capacity up to which the buffer of an event, or of a response, is kept for the next one.
pub const BUFFER: usize = 1024 * 1024;

const _: () = assert!(
    MESSAGE + ERROR_TYPE + (CAUSES + 1) * (CAUSE + 3) + (FRAMES + 1) * (FRAME + 3) + 100 <= ERROR
);
