//! A tokio runtime and a listener, created as fg does from the same variables.

use std::net::Ipv4Addr;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// One thread if `RUNTIME_CPU` is less than two cores, or else one for each core.
pub(crate) fn tokio_runtime() -> std::io::Result<Runtime> {
    let millicores: usize = variable("RUNTIME_CPU").unwrap_or(0);
    match millicores / 1000 {
        0 | 1 => Builder::new_current_thread().enable_all().build(),
        threads => Builder::new_multi_thread().worker_threads(threads).enable_all().build(),
    }
}

/// A listener on `PORT`.
pub(crate) async fn listen() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, variable("PORT").unwrap_or(8000))).await
}

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}
