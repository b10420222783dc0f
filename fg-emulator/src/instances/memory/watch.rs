//! Looks at the memory of a process and its descendants from time to time.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::monitor::Monitor;
use crate::process::usage;

/// How often is looked.
const INTERVAL: Duration = Duration::from_millis(100);

/// A process that is looked at while it is active, by a thread that ends with it.
#[derive(Debug)]
pub(super) struct Watch {
    state: Monitor<State>,
}

#[derive(Debug, Default)]
struct State {
    active: usize,
    ended: bool,
    exceeded: bool,
}

impl Watch {
    /// Starts to look at a process; `None` if no thread can be started.
    pub(super) fn start(
        process: u32,
        limit: u64,
        kill: impl Fn() + Send + 'static,
    ) -> Option<Arc<Self>> {
        let watch = Arc::new(Self { state: Monitor::default() });
        let watching = Arc::clone(&watch);
        let thread = thread::Builder::new().name("function-memory".into());
        thread.spawn(move || watching.run(process, limit, kill)).ok().map(|_| watch)
    }

    fn run(&self, process: u32, limit: u64, kill: impl Fn()) {
        while self.wait_until_active() {
            if usage::uses_more_than(process, limit) {
                // Before it is killed, so that this is known at its end.
                self.state.update(|state| state.exceeded = true);
                return kill();
            }
            self.state.wait(INTERVAL, |state| state.ended.then_some(()));
        }
    }

    /// `false` if the process has ended.
    fn wait_until_active(&self) -> bool {
        let is_active = self
            .state
            .wait(Duration::MAX, |state| (state.ended || state.active > 0).then_some(!state.ended));
        is_active == Some(true)
    }

    pub(super) fn begin_activity(&self) {
        self.state.update(|state| state.active += 1);
    }

    pub(super) fn end_activity(&self) {
        self.state.read(|state| state.active -= 1);
    }

    pub(super) fn end(&self) {
        self.state.update(|state| state.ended = true);
    }

    pub(super) fn was_exceeded(&self) -> bool {
        self.state.read(|state| state.exceeded)
    }
}
