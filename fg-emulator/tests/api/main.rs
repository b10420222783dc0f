//! The Runtime API as a function meets it: driven over plain sockets.

mod client;
mod faults;
mod invocations;
mod lifecycle;
mod requests;
mod streams;
