//! Any tower HTTP service, and so any axum `Router`, as a FunctionGraph function; and tower layers
//! around any function.
//!
//! This crate does the conversions. It does no I/O and does not depend on an async runtime.
//! Programs use it through `fg::http`.
//!
//! | the function is | what serves it | how |
//! | --- | --- | --- |
//! | a service, behind API Gateway | [`Gateway`] | the event becomes an HTTP request, the HTTP response becomes the function's response |
//! | a service, as an HTTP function or in a container | [`HttpService`] | the server passes it the requests |
//! | a handler of [`Request`]s | `#[fg::handler]` | typed: `async fn(Request, &Context) -> Result<Response, E>` |
//! | any function, with layers around it | [`Layered`] | an invocation is a request to [`InvocationService`] |
//!
//! The conversions are in [`apig`], for both directions.
//!
//! ```
//! use fg_core::{Context, Error};
//! use fg_http::{Request, Response};
//!
//! # #[derive(serde::Deserialize)]
//! # struct Order { item: String }
//! async fn api(request: Request, ctx: &Context) -> Result<Response, Error> {
//!     let order: Order = request.json()?;
//!     let copies = request.query().find(|(name, _)| name == "copies").map_or(1, |(_, value)| value.parse().unwrap_or(1));
//!     ctx.logger().info(format_args!("{copies} of {}", order.item));
//!     Ok(Response::text("ordered").with_status(201))
//! }
//!
//! # use bytes::Bytes;
//! # struct Task;
//! # impl std::task::Wake for Task { fn wake(self: std::sync::Arc<Self>) {} }
//! let request = http::Request::post("/orders?copies=2").body(Bytes::from(r#"{"item":"tea"}"#))?;
//! let ctx = Context::default();
//! # let mut response = std::pin::pin!(api(request.into(), &ctx));
//! # let waker = std::sync::Arc::new(Task).into();
//! # let std::task::Poll::Ready(response) = response.as_mut().poll(&mut std::task::Context::from_waker(&waker)) else { panic!() };
//! # /*
//! let response = api(request.into(), &ctx).await;
//! # */
//! assert_eq!(response?.status(), 201);
//! # Ok::<(), Error>(())
//! ```
//!
//! # Size limits of bodies
//!
//! The platform accepts 6 MB in each direction. API Gateway encodes bodies in base64, which makes
//! them a third larger, so that 4.5 MB are safe. This is documented for event functions; for HTTP
//! functions and containers it is assumed. [`Gateway`] logs a warning if a response is larger.

pub mod apig;
mod body;
mod collect;
mod connected;
mod deserialize;
mod failure;
mod gateway;
mod invocation_service;
mod layered;
mod request;
mod response;
mod service;
mod shared;

/// The error type that tower middleware passes on.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub use bytes::Bytes;
pub use http::{self, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};

pub use crate::body::Body;
pub use crate::connected::{ClientAddress, Connected, MakeHttpService};
pub use crate::gateway::Gateway;
pub use crate::invocation_service::InvocationService;
pub use crate::layered::Layered;
pub use crate::request::Request;
pub use crate::response::Response;
pub use crate::service::HttpService;

/// Compiles the programs of the README as doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
