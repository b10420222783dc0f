//! The client against real servers on loopback: what it sends, what it makes of answers and faults,
//! and where it finds its settings.

mod answers;
mod credentials;
mod faults;
mod invocations;
mod proxies;
mod recorded;
mod secrets;
mod server;
mod settings;
mod tls;
