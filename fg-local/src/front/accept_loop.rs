//! Listens, and accepts connections up to a limit, until the server is stopped.

use std::io::{self, Read};
use std::net::Shutdown;
use std::sync::Arc;

use axum::http::StatusCode;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Duration, sleep, timeout};

use super::connection::serve;
use super::open_connections::OpenConnections;
use super::refusal::refusal_bytes;
use super::service::Front;

/// After an error of `accept`, such as too many open files, others get the time to close some.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// A port that is listened on. Dropping it closes the port and all connections.
#[derive(Debug)]
pub(crate) struct Listening {
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Listening {
    /// Serves callers at this port, at most `max_connections` at a time.
    pub(crate) fn start(listener: TcpListener, max_connections: usize, front: Arc<Front>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let connections = Arc::new(OpenConnections::new(max_connections));
        let accepting = tokio::spawn(accept(listener, connections, front, stopping));
        Self { stop, accepting }
    }

    /// Accepts no more, and waits until the requests that are being handled have their responses,
    /// at most for this time.
    pub(crate) async fn stop(mut self, limit: Duration) {
        self.stop.send_replace(true);
        // An error means that time is over, and then dropping it closes the connections.
        let _ = timeout(limit, &mut self.accepting).await;
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // With the task its connections end.
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    connections: Arc<OpenConnections>,
    front: Arc<Front>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut serving = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => break,
            Some(_) = serving.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, _)) = accepted else {
            connections.evict_longest_idle();
            sleep(PAUSE_AFTER_ERROR).await;
            continue;
        };
        match connections.open() {
            Some(slot) => {
                // If it cannot be set, small responses leave a little later.
                let _ = socket.set_nodelay(true);
                serving.spawn(serve(socket, Arc::new(slot), Arc::clone(&front), stopping.clone()));
            }
            None => reject_busy(socket, connections.limit()),
        }
    }
    drop(listener);
    while serving.join_next().await.is_some() {}
}

/// Responds to a connection for which there is no room, without waiting for anything.
fn reject_busy(socket: TcpStream, limit: usize) {
    let reason = format!("all {limit} connections are busy; try again later");
    let response = refusal_bytes(StatusCode::SERVICE_UNAVAILABLE, &reason);
    // A new socket has room for the response.
    let is_written = socket.try_write(&response).is_ok_and(|written| written == response.len());
    if let (true, Ok(mut socket)) = (is_written, socket.into_std()) {
        if socket.shutdown(Shutdown::Write).is_ok() {
            // What has come already. Closing with unread bytes would reset the connection.
            let _ = io::copy(&mut Read::by_ref(&mut socket), &mut io::sink());
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn one_that_finds_no_room_is_told_so() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let mut client = TcpStream::connect(address).await.expect("it listens");
        let (socket, _) = listener.accept().await.expect("a connection");
        socket.writable().await.expect("it is connected");
        reject_busy(socket, 256);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("an answer");
        assert!(
            answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n")
                && answer.contains("Retry-After: 1\r\n")
                && answer.contains("all 256 connections are busy"),
            "{answer}"
        );
    }
}
