//! Tells the events that are HTTP requests from all others.
//!
//! Where the program itself serves HTTP, a handler of such events gets every request, and any other
//! handler only those that carry an event.

use std::fmt;
use std::marker::PhantomData;

use crate::payload::FromPayload;

/// An event that is an HTTP request, read from the event of API Gateway.
///
/// Implemented by `fg::http::Request`.
pub trait HttpEvent: for<'de> FromPayload<'de> {}

/// An event type that is being asked what it is.
///
/// `EventKind::<E>::FG_HTTP` is the inherent constant where `E` is an [`HttpEvent`], else that of
/// [`NotHttp`]; it is never an error. The constant has `FG_` in its name because the traits of the
/// user's module are in scope there too.
pub struct EventKind<E: ?Sized>(PhantomData<fn(&E)>);

impl<E: ?Sized> fmt::Debug for EventKind<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventKind")
    }
}

impl<E: HttpEvent> EventKind<E> {
    /// It is.
    pub const FG_HTTP: bool = true;
}

/// The answer for every other type.
pub trait NotHttp {
    /// It is not.
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
    fn every_type_can_be_asked() {
        const { assert!(EventKind::<Request>::FG_HTTP) };
        const { assert!(!EventKind::<String>::FG_HTTP) };
        const { assert!(!EventKind::<str>::FG_HTTP) };
    }
}
