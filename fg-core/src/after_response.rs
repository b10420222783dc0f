//! Work that a handler leaves to be done after its response has been sent.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::mutex::Mutex;

/// One future passed to [`Context::spawn_after`](crate::Context::spawn_after).
pub type AfterWork = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Default)]
pub(crate) struct AfterQueue {
    work: Mutex<Vec<AfterWork>>,
    /// Whether there is any, so that an invocation without does not lock.
    is_any: AtomicBool,
}

impl AfterQueue {
    pub(crate) fn push(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut queue = self.work.lock();
        queue.push(Box::pin(work));
        self.is_any.store(true, Ordering::Release);
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.is_any.load(Ordering::Acquire)
    }

    pub(crate) fn clear(&mut self) {
        if std::mem::take(self.is_any.get_mut()) {
            self.work.get_mut().clear();
        }
    }

    #[inline(never)]
    pub(crate) fn take(&self) -> Vec<AfterWork> {
        let mut queue = self.work.lock();
        self.is_any.store(false, Ordering::Release);
        std::mem::take(&mut *queue)
    }
}

impl fmt::Debug for AfterQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} waiting", self.work.lock().len())
    }
}
