//! What callers of functions see: browsers, curl, SDKs, and what else can reach the port.

#[path = "../../../fg-emulator/tests/function/by_hand.rs"]
mod by_hand;
mod front;
mod gateway;
mod http;
mod invoke_api;
mod scripted;
mod strangers;
mod streams_over_http;
mod triggers;
