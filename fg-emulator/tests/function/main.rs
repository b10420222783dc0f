//! A function that the emulator runs: its life, its limits, and what its callers see.

mod asynchronous;
mod attached;
mod errors;
mod gateway;
mod instances;
mod invoke_api;
mod results;
mod scripted;
