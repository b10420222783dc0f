//! A function that the emulator runs: its life, its limits, and what its callers see.

mod asynchronous;
mod attached;
mod by_hand;
mod endings;
mod errors;
mod gateway;
mod guarded;
mod http_function;
mod http_streams;
mod instances;
mod invoke_api;
mod memory;
mod peers;
mod programs;
mod reserved;
mod results;
mod scripted;
mod strangers;
mod streams;
mod streams_over_http;
