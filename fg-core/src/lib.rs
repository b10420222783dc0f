//! What a FunctionGraph handler is: the traits, the context, the errors.
//!
//! This crate does no I/O and does not depend on an async runtime. A library can depend on it alone
//! to make its own type an event ([`FromPayload`]), a response ([`IntoPayload`]) or an error with a
//! code ([`ErrorCode`]). Programs use it through `fg`.
//!
//! ```
//! use fg_core::ErrorCode;
//!
//! #[derive(Debug)]
//! struct OutOfStock;
//!
//! impl ErrorCode for OutOfStock {
//!     fn error_code(&self) -> &str {
//!         "Stock.Empty"
//!     }
//! }
//! ```

mod after_response;
mod argument_kind;
mod bounded;
mod cancellation;
mod context;
mod context_builder;
mod credentials;
mod environment;
mod error;
mod error_details;
mod failure;
mod handler;
mod handlers;
pub mod header_names;
mod header_table;
mod headers;
mod http_event;
mod invocation;
mod json_error;
mod known_header;
mod lifecycle;
pub mod limits;
mod log;
mod log_filter;
mod mutex;
mod payload;
mod printable;
mod ready_function;
mod record;
mod response;
mod secret;
mod secret_headers;
pub mod sse;
mod stream_response;
mod string_map;
mod variables;

pub use crate::cancellation::Cancelled;
pub use crate::context::{Context, InvocationType};
pub use crate::context_builder::ContextBuilder;
pub use crate::credentials::Credentials;
pub use crate::environment::Environment;
pub use crate::error::Error;
pub use crate::failure::{ErrorCode, Failure, IntoFailure};
pub use crate::handler::{
    FromInvocation, Handler, HandlerResult, InitFunction, InitState, PreStopFunction, Supplied,
};
pub use crate::handlers::Handlers;
pub use crate::http_event::HttpEvent;
pub use crate::log::{Level, LogSink, Logger, ParseLevelError};
pub use crate::payload::{FromPayload, Ignored, Raw};
pub use crate::ready_function::{ReadyFunction, ReadyHandler};
pub use crate::record::{LogDetails, LogField, LogSpan, LogValue, Record, RecordText};
pub use crate::response::{IntoPayload, RawResponse, ResponseBuffer};
pub use crate::secret::Secret;
pub use crate::stream_response::{BodyStream, StreamResponse};

/// Used by the code that `#[fg::handler]` generates; not part of the public API.
#[doc(hidden)]
pub mod __private {
    pub use crate::after_response::AfterWork;
    pub use crate::argument_kind::{Argument, ArgumentKind, BeforeState, LentArgument, NotContext};
    pub use crate::bounded::{Bounded, display as bounded, end_within};
    pub use crate::error_details::{
        AnyError, CodedError, DerefError, ErrorDetails, OwnError, Probe, StdError, UncodedError,
    };
    pub use crate::handler::{initialised, no_init, respond};
    pub use crate::handlers::{OneOf2, OneOf3, OneOf4, OneOf5, OneOf6, OneOf7, OneOf8};
    pub use crate::header_table::HeaderTable;
    pub use crate::http_event::{EventKind, NotHttp};
    /// What a runtime does with a context.
    pub mod lifecycle {
        pub use crate::lifecycle::*;
    }
    pub use crate::json_error::JsonError;
    pub use crate::log_filter::{LogFilter, Verbosity};
    pub use crate::mutex::Mutex;
    pub use crate::printable::{
        escape_json, find_unprintable, is_plain, is_unprintable, write_escaped, write_escaped_lines,
    };
}

/// Compiles the programs of the README as doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
