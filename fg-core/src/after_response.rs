//! Work that a handler leaves to be done after its response has been sent.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::mutex::Mutex;

/// One future passed to [`Context::spawn_after`](crate::Context::spawn_after).
pub type AfterWork = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Default)]
pub(crate) struct AfterQueue(Mutex<Vec<AfterWork>>);

impl AfterQueue {
    pub(crate) fn push(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().push(Box::pin(work));
    }

    #[inline(never)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.get_mut().clear();
    }

    #[inline(never)]
    pub(crate) fn take(&self) -> Vec<AfterWork> {
        std::mem::take(&mut *self.0.lock())
    }
}

impl fmt::Debug for AfterQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} waiting", self.0.lock().len())
    }
}
