//! FunctionGraph on one machine: the API that official SDKs and Terraform speak, the gateway that
//! browsers and curl call, triggers, asynchronous invocations and logs.
//!
//! [`Local`] is a running server. Functions are processes on this machine: created over the API
//! from a package, as in the cloud, or served by this program while it builds them, as `cargo fg
//! dev` does.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let local = fg_local::Local::builder()
//!     .data_folder("target/fg/local") // by default a temporary folder
//!     .key_pair("AK", "SK") // by default all requests are accepted
//!     .start()
//!     .await?;
//! println!("http://{}/v2/{}/fgs/functions", local.address(), "0123456789abcdef0123456789abcdef");
//! # Ok(())
//! # }
//! ```
//!
//! What is emulated, and what is not, is in
//! [docs/local.md](https://github.com/functiongraph-rs/fg/blob/main/docs/local.md).

mod api;
mod app;
mod catalog;
mod code;
mod error;
mod exchange;
mod front;
mod gateway;
mod invoker;
mod local;
mod logs;
mod metrics;
mod project_record;
mod project_timers;
mod store;
mod triggers;
mod urn;

pub use exchange::Exchange;
pub use local::{Builder, Local};
pub use project_timers::Timer;
pub use triggers::{Schedule, ScheduleError};

/// The program of the README, compiled with the documentation's own.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
