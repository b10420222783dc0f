//! FunctionGraph on one machine: the API that official SDKs and Terraform speak, the gateway that
//! browsers and curl call, triggers, asynchronous invocations and logs.

mod api;
mod app;
mod catalog;
mod front;
mod gateway;
mod invoker;
mod local;
mod project_record;
mod store;
mod urn;

pub use front::Exchange;
pub use local::{Builder, Local};
