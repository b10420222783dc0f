//! What is served: the routes of the platform with a handler of events, or a service of the user's.

pub(crate) mod cloud_event;
pub(crate) mod event_function;
pub(crate) mod readiness;
mod request_body;
mod response_body;
#[cfg(feature = "http")]
mod service_bodies;
#[cfg(feature = "http")]
pub(crate) mod service_function;
