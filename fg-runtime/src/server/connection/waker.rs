//! The waker of the task that serves a connection.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};
use std::task::{Wake, Waker};

/// Wakes the task that serves a connection.
///
/// It belongs to no connection: the socket of a connection keeps it, and so would keep the
/// connection.
#[derive(Debug, Default)]
pub(crate) struct ConnectionWaker {
    task: OnceLock<Waker>,
}

/// What a wake on this thread comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wakes {
    PassedOn,
    HeldBack { any: bool },
}

thread_local! {
    static WAKES: Cell<Wakes> = const { Cell::new(Wakes::PassedOn) };
}

impl ConnectionWaker {
    /// Wakes this task from now on. A spawned task has one waker as long as it lives, so only the
    /// first call counts.
    pub(crate) fn set_task(&self, task: &Waker) {
        let set = self.task.get_or_init(|| task.clone());
        debug_assert!(set.will_wake(task), "the connection is served by another task");
    }

    pub(crate) fn wake_task(&self) {
        if let Some(task) = self.task.get() {
            task.wake_by_ref();
        }
    }
}

impl Wake for ConnectionWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        match WAKES.get() {
            Wakes::PassedOn => self.wake_task(),
            Wakes::HeldBack { .. } => WAKES.set(Wakes::HeldBack { any: true }),
        }
    }
}

/// Holds back the wakes that this call makes on its own thread. Returns whether there was any.
pub(crate) fn hold_back_wakes<T>(call: impl FnOnce() -> T) -> (T, bool) {
    WAKES.set(Wakes::HeldBack { any: false });
    let result = call();
    let held_back = WAKES.replace(Wakes::PassedOn);
    (result, held_back == Wakes::HeldBack { any: true })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn only_wakes_on_the_same_thread_are_held_back() {
        let (task, waker) = (Arc::<Task>::default(), Arc::<ConnectionWaker>::default());
        let of_hyper = Waker::from(Arc::clone(&waker));
        let count = || task.0.load(Ordering::Relaxed);
        of_hyper.wake_by_ref();
        waker.set_task(&Waker::from(Arc::clone(&task)));
        of_hyper.wake_by_ref();
        assert_eq!(count(), 1);

        assert_eq!(hold_back_wakes(|| of_hyper.wake_by_ref()), ((), true));
        assert_eq!((hold_back_wakes(|| 7), count()), ((7, false), 1));
        let elsewhere =
            || std::thread::scope(|scope| scope.spawn(|| of_hyper.wake_by_ref()).join());
        assert!(matches!(hold_back_wakes(elsewhere), (Ok(()), false)));
        of_hyper.wake();
        assert_eq!(count(), 3);
    }
}
