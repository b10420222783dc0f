//! Distinguishes events that are HTTP requests from all others.
//!
//! If the program itself serves HTTP, a handler of such events gets every request; any other
//! handler gets only the requests of the invocation endpoints.

use std::fmt;
use std::marker::PhantomData;

use crate::payload::FromPayload;

/// An event that is an HTTP request, deserialized from the event of API Gateway.
///
/// `fg::http::Request` implements it.
pub trait HttpEvent: for<'de> FromPayload<'de> {}

/// Decides whether the event type `E` is an HTTP request.
///
/// `EventKind::<E>::FG_HTTP` is the inherent constant if `E` is an [`HttpEvent`], and that of
/// [`NotHttp`] otherwise, so it exists for every type. It is prefixed with `FG_` because the traits
/// of the user's module are in scope in the generated code.
pub struct EventKind<E: ?Sized>(PhantomData<fn(&E)>);

impl<E: ?Sized> fmt::Debug for EventKind<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventKind")
    }
}

impl<E: HttpEvent> EventKind<E> {
    /// `E` is an HTTP request.
    pub const FG_HTTP: bool = true;
}

/// Implemented for every type: its constant is used unless there is an inherent one.
pub trait NotHttp {
    /// `E` is not an HTTP request.
    const FG_HTTP: bool = false;
}

impl<E: ?Sized> NotHttp for EventKind<E> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    struct Request;
    impl FromPayload<'_> for Request {
        fn from_payload(_: &[u8]) -> Result<Self, Failure> {
            Ok(Self)
        }
    }
    impl HttpEvent for Request {}

    #[test]
    fn the_kind_is_known_for_every_type() {
        const { assert!(EventKind::<Request>::FG_HTTP) };
        const { assert!(!EventKind::<String>::FG_HTTP) };
        const { assert!(!EventKind::<str>::FG_HTTP) };
    }
}
