//! The runtime as the platform sees it: a process that keeps to the protocol under every fault.
//!
//! Each test starts the example `probe` with a Runtime API that misbehaves on demand.

// The tests end the functions with signals.
#![cfg(unix)]

mod abort;
mod after;
mod answers;
mod bounds;
mod connections;
mod deadlines;
mod ends;
mod function;
mod gate;
mod init;
mod invocations;
mod log;
mod memory;
mod outages;
mod pipeline;
mod polls;
mod probe;
mod secrets;
#[cfg(feature = "server")]
mod server;
mod signals;
mod streams;
mod threads;
