//! Any tower HTTP service, and so any axum `Router`, as a FunctionGraph function; and tower layers
//! around any function.
//!
//! This crate does the conversions: it does no input or output and knows no async runtime. Programs
//! use it through `fg::http`.
//!
//! | the function is | what serves it | how |
//! | --- | --- | --- |
//! | a service, behind API Gateway | [`Gateway`] | the event becomes a request, the response becomes the answer |
//! | a service, as an HTTP function or in a container | [`HttpService`] | the server calls it with the requests themselves |
//! | a handler of [`Request`]s | `#[fg::handler]` | typed: `async fn(Request, &Context) -> Result<Response, E>` |
//! | any function, with layers around it | [`Layered`] | an invocation is a request to [`InvocationService`] |
//!
//! The conversions themselves are in [`apig`], in both directions.
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
//! # let mut answer = std::pin::pin!(api(request.into(), &ctx));
//! # let waker = std::sync::Arc::new(Task).into();
//! # let std::task::Poll::Ready(answer) = answer.as_mut().poll(&mut std::task::Context::from_waker(&waker)) else { panic!() };
//! # /*
//! let answer = api(request.into(), &ctx).await;
//! # */
//! assert_eq!(answer?.status(), 201);
//! # Ok::<(), Error>(())
//! ```
//!
//! # How large a body may be
//!
//! The platform takes 6 MB each way. Between API Gateway and a function a body travels in base64,
//! which makes it a third larger, so 4.5 MB of it are safe; for an event function that is certain,
//! for an HTTP function or a container it is assumed, as the platform does the same wrapping there.
//! [`Gateway`] logs a warning when a response is larger.

pub mod apig;
mod body;
mod collect;
mod connected;
mod failure;
mod gateway;
mod invocation_service;
mod layered;
mod located;
mod request;
mod response;
mod service;
mod shared;

/// An error of any type, as the ecosystem of tower passes it on.
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

/// The programs of the README, compiled with the documentation's own.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
