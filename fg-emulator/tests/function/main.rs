//! A function that the emulator runs: its life and its limits.

mod asynchronous;
mod attached;
mod by_hand;
mod endings;
mod errors;
mod guarded;
mod http_function;
mod http_streams;
mod instances;
mod memory;
mod peers;
mod programs;
mod reserved;
mod results;
mod scripted;
mod streams;
