//! A service that many threads clone, and that need not be [`Sync`] for it.

use std::fmt;

use fg_core::__private::Mutex;

/// A service that can be cloned from any thread: one at a time, for as long as that takes.
///
/// Many services, such as tower's `BoxCloneService`, can be sent but not shared.
pub(crate) struct Shared<S>(Mutex<S>);

impl<S> Shared<S> {
    /// Holds the service.
    pub(crate) const fn new(service: S) -> Self {
        Self(Mutex::new(service))
    }
}

impl<S: Clone> Shared<S> {
    /// A clone of the service.
    pub(crate) fn get(&self) -> S {
        // A `clone` that panicked has changed nothing.
        self.0.lock().clone()
    }
}

impl<S> fmt::Debug for Shared<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}
