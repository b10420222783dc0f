//! `cargo fg deploy` and the way back, from end to end: the real program against FunctionGraph on
//! this machine as a process of its own, with a proxy in between that fails on demand.
#![cfg(target_os = "linux")]

mod alias;
mod at_once;
mod faults;
#[path = "../cli/fg.rs"]
#[allow(dead_code, reason = "shared with the tests of the other commands")]
mod fg;
mod interrupted;
mod plan;
mod platform;
mod project;
mod proxy;
mod refusals;
mod secrets;
mod serving;
mod terminal;
mod triggers;
