//! Lets connections in: as many as there are places, which are not held by silence.
//!
//! Where all places are taken, a new connection gets that of the one that has been waiting for a
//! request for the longest. Where all of them are at work, there are a few more places for a
//! question that must always be answered, which is whether the function is well.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::open_connections::Lookout;

/// The most connections at a time. The platform allows 2048 open files, and the function needs some
/// for itself.
const MOST_CONNECTIONS: usize = 1500;

/// The most places for the probes of an engine.
const MOST_RESERVE: usize = 32;

/// The fewest files that are left to the function.
const LEAST_SPARE_FILES: usize = 24;

/// How long one that is asked to give way has for it, before another one is asked.
const TIME_TO_GIVE_WAY: Duration = Duration::from_millis(100);

/// After an error of `accept`, such as too many open files, others get the time to close some.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// A place among the connections, until this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    /// Whether it is one of the few that are left for probes.
    pub(crate) is_reserve: bool,
}

#[cfg(test)]
impl Place {
    /// Among no others.
    pub(crate) fn of_its_own() -> Self {
        let permit = Arc::new(Semaphore::new(1)).try_acquire_owned();
        Self { _permit: permit.expect("there is one"), is_reserve: false }
    }
}

/// Where connections come in.
#[derive(Debug)]
pub(crate) struct Door {
    places: Arc<Semaphore>,
    reserve: Arc<Semaphore>,
    lookout: Lookout,
}

impl Door {
    /// With as many places as the limit of open files allows.
    pub(crate) fn new(lookout: Lookout) -> Self {
        Self::with(open_files(), lookout)
    }

    fn with(open_files: Option<usize>, lookout: Lookout) -> Self {
        let (places, reserve) = places(open_files);
        Self {
            places: Arc::new(Semaphore::new(places)),
            reserve: Arc::new(Semaphore::new(reserve)),
            lookout,
        }
    }

    /// Takes connections until it should stop; each is served in a task of its own.
    pub(crate) async fn accept<F>(
        &self,
        listener: TcpListener,
        stopping: &mut watch::Receiver<bool>,
        serve: impl Fn(TcpStream, SocketAddr, Place) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut stop = pin!(stopping.wait_for(|stop| *stop));
        loop {
            let next = async {
                let (stream, client) = listener.accept().await?;
                io::Result::Ok((stream, client, self.admit().await))
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
                Some(Ok((stream, client, place))) => {
                    // Small answers leave at once. Where it cannot be set, they come a little
                    // later.
                    let _ = stream.set_nodelay(true);
                    tokio::spawn(serve(stream, client, place));
                }
                Some(Err(_)) => {
                    self.lookout.ask_to_give_way();
                    sleep(PAUSE_AFTER_ERROR).await;
                }
            }
        }
    }

    /// A place for a connection that has come.
    async fn admit(&self) -> Place {
        let ordinary = |permit| Place { _permit: permit, is_reserve: false };
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return ordinary(permit);
        }
        while self.lookout.ask_to_give_way() {
            if let Ok(Ok(permit)) =
                timeout(TIME_TO_GIVE_WAY, Arc::clone(&self.places).acquire_owned()).await
            {
                return ordinary(permit);
            }
        }
        let mut place = pin!(Arc::clone(&self.places).acquire_owned());
        let mut reserve = pin!(Arc::clone(&self.reserve).acquire_owned());
        // None of the two is ever closed.
        poll_fn(|task| {
            if let Poll::Ready(Ok(permit)) = place.as_mut().poll(task) {
                return Poll::Ready(ordinary(permit));
            }
            match reserve.as_mut().poll(task) {
                Poll::Ready(Ok(permit)) => Poll::Ready(Place { _permit: permit, is_reserve: true }),
                _ => Poll::Pending,
            }
        })
        .await
    }
}

/// How many places there are, and how many more for probes, where so many files can be open.
fn places(open_files: Option<usize>) -> (usize, usize) {
    let Some(files) = open_files else { return (MOST_CONNECTIONS, MOST_RESERVE) };
    let reserve = (files / 8).clamp(1, MOST_RESERVE);
    let spare = (files / 4).max(LEAST_SPARE_FILES);
    (files.saturating_sub(spare + reserve).clamp(1, MOST_CONNECTIONS), reserve)
}

/// How many files this process can have open, where the system says so.
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
        assert_eq!(places(None), (1500, 32));
        assert_eq!(places(Some(1_000_000)), (1500, 32));
        assert_eq!(places(Some(2048)), (1500, 32), "the platform's");
        assert_eq!(places(Some(1024)), (736, 32));
        assert_eq!(places(Some(64)), (32, 8));
        assert_eq!(places(Some(16)), (1, 2));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_says_how_many_files_can_be_open() {
        assert!(open_files().is_some_and(|files| files > 8));
    }
}
