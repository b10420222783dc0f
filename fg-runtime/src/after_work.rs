//! The work that handlers leave with `ctx.spawn_after(..)`.
//!
//! It starts when the reply has been sent, all of it side by side, and is over before the next event is taken. What is not done at the
//! invocation's deadline is dropped. A panic ends the piece of work it is in, and nothing else.

use fg_core::__private::AfterWork;
use fg_core::Context;
use tokio::time::timeout_at;

use crate::current::with_logger;
use crate::panics::catch;

/// Finishes the work of one invocation.
pub(crate) async fn finish(work: Vec<AfterWork>, ctx: &Context) {
    let tasks: Vec<_> = work.into_iter().map(|work| tokio::spawn(finish_one(work, ctx.logger().clone()))).collect();
    for mut task in tasks {
        if timeout_at(ctx.deadline().into(), &mut task).await.is_err() {
            task.abort();
            ctx.logger().error("work left by spawn_after was not finished in the time of its invocation, and was dropped");
        }
    }
}

async fn finish_one(mut work: AfterWork, logger: fg_core::Logger) {
    let finished = std::future::poll_fn(|task| match catch(|| with_logger(&logger, || work.as_mut().poll(task))) {
        Ok(std::task::Poll::Pending) => std::task::Poll::Pending,
        Ok(std::task::Poll::Ready(())) => std::task::Poll::Ready(Ok(())),
        Err(failure) => std::task::Poll::Ready(Err(failure)),
    })
    .await;
    // Dropped here, so that a panic in a `Drop` of the user's is logged as well.
    if let Err(failure) = finished.and_then(|()| catch(|| drop(work))) {
        logger.error(format_args!("in work left by spawn_after: {failure}"));
    }
}
