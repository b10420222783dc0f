//! FunctionGraph on one machine: the API that official SDKs and Terraform speak, the gateway that
//! browsers and curl call, triggers, asynchronous invocations and logs.

mod api;
mod app;
mod catalog;
mod code;
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
