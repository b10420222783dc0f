//! The work that handlers leave with `ctx.spawn_after(..)`.
//!
//! It starts when the response has been sent, runs concurrently, and is finished before the next
//! event is taken. Work that is not finished at the invocation's deadline is dropped. A panic ends
//! only the future that panicked.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use fg_core::__private::{AfterWork, lifecycle};
use fg_core::Context;

use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::panics::catch;
use crate::log::current_logger::with_logger;
use crate::log::runtime_log::{self, RuntimeLogger};

/// How many threads poll such work now.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Whether a thread polls such work now, or is blocked by it.
#[cfg(feature = "server")]
pub(crate) fn is_running() -> bool {
    RUNNING.load(Ordering::Relaxed) > 0
}

/// Finishes the work of one invocation, including what that work spawns itself.
pub(crate) async fn finish(ctx: &Context, timer: &mut DeadlineTimer) {
    loop {
        let work = lifecycle::take_after_work(ctx);
        if work.is_empty() {
            return;
        }
        finish_all(work, ctx, timer).await;
    }
}

async fn finish_all(mut work: Vec<AfterWork>, ctx: &Context, timer: &mut DeadlineTimer) {
    let logger = ctx.logger();
    let log = runtime_log::of(logger);
    let finishing = poll_fn(|task| {
        let mut index = 0;
        while let Some(item) = work.get_mut(index) {
            RUNNING.fetch_add(1, Ordering::Relaxed);
            let polled = catch(|| with_logger(logger, || item.as_mut().poll(task)));
            RUNNING.fetch_sub(1, Ordering::Relaxed);
            match polled {
                Ok(Poll::Pending) => index += 1,
                Ok(Poll::Ready(())) => drop_logged(work.swap_remove(index), &log),
                Err(failure) => {
                    log.error(format_args!("in work left by spawn_after: {failure}"));
                    drop_logged(work.swap_remove(index), &log);
                }
            }
        }
        if work.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    });
    if timer.limit(ctx.deadline(), finishing).await.is_none() {
        log.error("work left by spawn_after was not finished in the time of its invocation, and was dropped");
        work.into_iter().for_each(|item| drop_logged(item, &log));
    }
}

/// Drops work, and logs a panic in its `Drop`.
fn drop_logged(work: AfterWork, log: &RuntimeLogger<'_>) {
    if let Err(failure) = catch(|| drop(work)) {
        log.error(format_args!("in work left by spawn_after: {failure}"));
    }
}
