//! Accepts connections, up to a limit.
//!
//! If all slots are taken, a new connection gets the slot of the one that has been idle for the
//! longest. If none is idle, a few more slots are reserved for the probes of an engine, which must
//! always be answered.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::connection::open_connections::OpenConnections;
use super::connection::state::ConnectionSlot;

/// The most connections at a time. The platform allows 2048 open files, and the function needs some
/// for itself.
const MAX_CONNECTIONS: usize = 1500;

/// The most slots that are reserved for the probes of an engine.
const MAX_PROBES: usize = 32;

/// The fewest open files that are left to the function.
const MIN_SPARE_FILES: usize = 24;

/// How long an evicted connection has to close before another one is evicted.
const EVICTION_TIME: Duration = Duration::from_millis(100);

/// After an error of `accept`, such as too many open files, others get the time to close some.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// Accepts connections.
#[derive(Debug)]
pub(crate) struct AcceptLoop {
    slots: Arc<Semaphore>,
    probe_slots: Arc<Semaphore>,
    connections: OpenConnections,
}

impl AcceptLoop {
    /// With as many slots as the limit of open files allows.
    pub(crate) fn new(connections: OpenConnections) -> Self {
        let (slots, probe_slots) = slots(open_files());
        Self {
            slots: Arc::new(Semaphore::new(slots)),
            probe_slots: Arc::new(Semaphore::new(probe_slots)),
            connections,
        }
    }

    /// Accepts until it should stop; each connection is served in a task of its own.
    pub(crate) async fn run<F>(
        &self,
        listener: TcpListener,
        stopping: &mut watch::Receiver<bool>,
        serve: impl Fn(TcpStream, SocketAddr, ConnectionSlot) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut stop = pin!(stopping.wait_for(|stop| *stop));
        loop {
            let next = async {
                let (stream, client) = listener.accept().await?;
                io::Result::Ok((stream, client, self.acquire_slot().await))
            };
            let mut next = pin!(next);
            let accepted = poll_fn(|task| {
                if stop.as_mut().poll(task).is_ready() {
                    return Poll::Ready(None);
                }
                next.as_mut().poll(task).map(Some)
            });
            match accepted.await {
                None => return,
                Some(Ok((stream, client, slot))) => {
                    // Small responses leave at once. If it cannot be set, they leave a little
                    // later.
                    let _ = stream.set_nodelay(true);
                    tokio::spawn(serve(stream, client, slot));
                }
                Some(Err(_)) => {
                    self.connections.evict_idle();
                    sleep(PAUSE_AFTER_ERROR).await;
                }
            }
        }
    }

    /// A slot for a connection that has come.
    async fn acquire_slot(&self) -> ConnectionSlot {
        let ordinary = |permit| ConnectionSlot::new(permit, false);
        if let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() {
            return ordinary(permit);
        }
        while self.connections.evict_idle() {
            if let Ok(Ok(permit)) =
                timeout(EVICTION_TIME, Arc::clone(&self.slots).acquire_owned()).await
            {
                return ordinary(permit);
            }
        }
        let mut slot = pin!(Arc::clone(&self.slots).acquire_owned());
        let mut probe_slot = pin!(Arc::clone(&self.probe_slots).acquire_owned());
        // Neither semaphore is ever closed.
        poll_fn(|task| {
            if let Poll::Ready(Ok(permit)) = slot.as_mut().poll(task) {
                return Poll::Ready(ordinary(permit));
            }
            match probe_slot.as_mut().poll(task) {
                Poll::Ready(Ok(permit)) => Poll::Ready(ConnectionSlot::new(permit, true)),
                _ => Poll::Pending,
            }
        })
        .await
    }
}

/// How many slots there are, and how many more for probes, if so many files can be open.
fn slots(open_files: Option<usize>) -> (usize, usize) {
    let Some(files) = open_files else { return (MAX_CONNECTIONS, MAX_PROBES) };
    let probes = (files / 8).clamp(1, MAX_PROBES);
    let spare = (files / 4).max(MIN_SPARE_FILES);
    (files.saturating_sub(spare + probes).clamp(1, MAX_CONNECTIONS), probes)
}

/// How many files this process can have open, if the system tells.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_open_files_leaves_some_to_the_function() {
        assert_eq!(slots(None), (1500, 32));
        assert_eq!(slots(Some(1_000_000)), (1500, 32));
        assert_eq!(slots(Some(2048)), (1500, 32), "the platform's");
        assert_eq!(slots(Some(1024)), (736, 32));
        assert_eq!(slots(Some(64)), (32, 8));
        assert_eq!(slots(Some(16)), (1, 2));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_says_how_many_files_can_be_open() {
        assert!(open_files().is_some_and(|files| files > 8));
    }
}
