//! The runtime as the platform sees it: a process that speaks the protocol, whatever happens to it.
//!
//! Each test starts the example `probe` against a Runtime API that misbehaves on demand.

// The functions under test are told to end by signals.
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
