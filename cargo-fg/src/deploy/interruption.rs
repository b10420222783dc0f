//! Ctrl-C during a deployment: the request that runs is finished, and no further one is sent.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::failure::{Exit, Failure};
use crate::interrupt;
use crate::screen::{self, Screen};

/// How long the request that runs may take after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);

/// How often Ctrl-C is looked for while a request runs.
const LOOK: Duration = Duration::from_millis(50);

/// Whether there was a Ctrl-C.
#[derive(Clone, Debug)]
pub(crate) struct Interruption {
    is_interrupted: Arc<AtomicBool>,
    is_sending: Arc<AtomicBool>,
}

impl Interruption {
    /// Waits for Ctrl-C from now on. Before [`begin`](Self::begin) it ends the process.
    pub(crate) fn listen(screen: Screen) -> Result<Self, Failure> {
        let is_interrupted = Arc::new(AtomicBool::new(false));
        let is_sending = Arc::new(AtomicBool::new(false));
        let (interrupted, sending) = (Arc::clone(&is_interrupted), Arc::clone(&is_sending));
        interrupt::on_interrupt(move || {
            interrupted.store(true, Ordering::SeqCst);
            if sending.load(Ordering::SeqCst) {
                screen.note("interrupted: the request that runs is finished first");
                return;
            }
            screen::error("interrupted: nothing was changed");
            std::process::exit(Exit::Interrupted as i32);
        })?;
        Ok(Self { is_interrupted, is_sending })
    }

    /// From now on something is changed.
    pub(crate) fn begin(&self) {
        self.is_sending.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.is_interrupted.load(Ordering::SeqCst)
    }

    /// Waits for a request; `None` if it was given up.
    pub(crate) async fn finish<T>(&self, request: impl Future<Output = T>) -> Option<T> {
        let mut request = pin!(request);
        let mut end = None;
        loop {
            if let Ok(answer) = timeout(LOOK, &mut request).await {
                return Some(answer);
            }
            if self.is_interrupted() && Instant::now() > *end.get_or_insert(Instant::now() + GRACE)
            {
                return None;
            }
        }
    }
}
