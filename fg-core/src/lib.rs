//! What a FunctionGraph handler is: the traits, the context, the errors.
//!
//! This crate does no input or output and knows no async runtime, so that a library can depend on
//! it alone: to make its own type an event ([`FromPayload`]), a reply ([`IntoPayload`]) or an error
//! with a code ([`ErrorCode`]). Programs use it through `fg`.
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

mod after;
mod argument_kind;
mod bounded;
mod cancellation;
mod context;
mod context_builder;
mod credentials;
mod describe;
mod environment;
mod error;
mod explain;
mod failure;
mod handler;
mod handlers;
pub mod header_names;
mod header_table;
mod headers;
mod http_event;
mod invocation;
mod known_header;
mod lifecycle;
pub mod limits;
mod log;
mod log_filter;
mod payload;
mod printable;
mod ready_function;
mod record;
mod reply;
mod secret;
mod secret_headers;
pub mod sse;
mod stream;
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
pub use crate::reply::{IntoPayload, RawResponse, Reply};
pub use crate::secret::Secret;
pub use crate::stream::{BodyStream, StreamResponse};

/// What the code written by `#[fg::handler]` needs, and what runtimes need; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::after::AfterWork;
    pub use crate::argument_kind::{Argument, ArgumentKind, BeforeState, LentArgument, NotContext};
    pub use crate::bounded::{Bounded, display as bounded, end_within};
    pub use crate::describe::{
        AnyError, CodedError, DerefError, Described, Probe, StdError, UncodedError, WireError,
    };
    pub use crate::explain::Misfit;
    pub use crate::handler::{initialised, respond};
    pub use crate::handlers::{OneOf2, OneOf3, OneOf4, OneOf5, OneOf6, OneOf7, OneOf8};
    pub use crate::header_table::HeaderTable;
    pub use crate::http_event::{EventKind, NotHttp};
    /// What a runtime does with a context.
    pub mod lifecycle {
        pub use crate::lifecycle::*;
    }
    pub use crate::log_filter::{LogFilter, Verbosity};
    pub use crate::printable::{
        escape_json, find_unprintable, is_plain, is_unprintable, write_escaped, write_escaped_lines,
    };
}

/// The programs of the README, compiled with the documentation's own.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
