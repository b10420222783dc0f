//! What a runtime does with a [`Context`]: functions, so that a handler, which has only methods,
//! cannot call them.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::after_response::{AfterQueue, AfterWork};
use crate::context::Context;
use crate::environment::Environment;
use crate::header_table::HeaderTable;
use crate::invocation::Invocation;
use crate::log::{LogSink, Logger};

/// Makes a context between invocations: without a request id and headers, and with the time of the
/// initialisation.
#[must_use]
pub fn between_invocations(environment: Arc<Environment>, sink: Arc<dyn LogSink>) -> Context {
    let logger = Logger::with_filter("", Arc::clone(environment.log_filter()), sink);
    Context { invocation: Arc::new(Invocation::of_init(environment, logger)) }
}

/// When the first byte of the invocation was received.
#[must_use]
pub fn received(ctx: &Context) -> Instant {
    ctx.invocation.received
}

/// Makes this the context of the invocation that has just been received, reusing its buffers.
///
/// Returns whether there is a request id; without one it is not an invocation.
pub fn begin<'h>(
    ctx: &mut Context,
    received: Instant,
    headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
) -> bool {
    begin_with_head(ctx, received, &[], headers)
}

/// Like [`begin`], with the head of the message that the names and values are parts of: it is
/// copied as a whole, which costs less than to copy each of them.
pub fn begin_with_head<'h>(
    ctx: &mut Context,
    received: Instant,
    head: &[u8],
    headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
) -> bool {
    let own = Invocation::renew(&mut ctx.invocation, received);
    let known = own.copy(head, headers);
    own.set_known(&known, |_| None)
}

/// Like [`begin`], but the request id may be another one: `choose_id` is given the one that came,
/// or an empty string, and may return one to use in its place.
pub fn begin_with_id<'h>(
    ctx: &mut Context,
    received: Instant,
    headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    choose_id: impl FnOnce(&str) -> Option<Cow<'h, str>>,
) {
    let own = Invocation::renew(&mut ctx.invocation, received);
    let known = own.copy_each(headers);
    own.set_known(&known, choose_id);
}

/// Like [`begin_with_id`], with a table of headers that is not copied. It belongs to the context
/// until it is [taken](take_table), or the invocation [ends](end).
pub fn begin_with_table<T: HeaderTable>(
    ctx: &mut Context,
    received: Instant,
    table: T,
    choose_id: impl for<'t> FnOnce(&'t T, &str) -> Option<Cow<'t, str>>,
) {
    let own = Invocation::renew(&mut ctx.invocation, received);
    let known = own.read_table(&table);
    own.set_known(&known, |id| choose_id(&table, id));
    own.take_over(table);
}

/// Takes the table back. There is none if the headers were copied, or while a clone of the context
/// is held: to the clone the headers are still there.
pub fn take_table<T: HeaderTable>(ctx: &mut Context) -> Option<T> {
    Arc::get_mut(&mut ctx.invocation)?.take_table()
}

/// Makes this a context between invocations again: without a request id, and with this much time.
pub fn rest(ctx: &mut Context, timeout: Duration) {
    let own = Invocation::renew(&mut ctx.invocation, Instant::now());
    own.timeout = timeout;
    own.logger.renew("");
}

/// Ends the invocation: wipes what came with it, unless a clone of the context is held. The request
/// id stays.
pub fn end(ctx: &mut Context) {
    if let Some(own) = Arc::get_mut(&mut ctx.invocation) {
        own.wipe();
    }
}

/// Whether a timeout came with the invocation.
#[must_use]
pub fn has_timeout(ctx: &Context) -> bool {
    ctx.invocation.has_timeout
}

/// Whether secrets came with the invocation.
#[must_use]
pub fn has_secrets(ctx: &Context) -> bool {
    ctx.invocation.secrets.are_any
}

/// When [`Context::cancelled`] is due.
#[must_use]
pub fn cancelled_at(ctx: &Context) -> Instant {
    const MOST: Duration = Duration::from_millis(500);
    ctx.deadline() - (ctx.timeout() / 10).min(MOST)
}

/// Fires [`Context::cancelled`].
pub fn cancel(ctx: &Context) {
    ctx.invocation.cancellation.fire();
}

/// Whether [`cancel`] has been called.
#[must_use]
pub fn is_cancelled(ctx: &Context) -> bool {
    ctx.invocation.cancellation.has_fired()
}

/// Whether [`Context::spawn_after`] has left work.
#[must_use]
pub fn has_after_work(ctx: &Context) -> bool {
    !ctx.invocation.after.is_empty()
}

/// Takes the work left by [`Context::spawn_after`].
#[must_use]
pub fn take_after_work(ctx: &Context) -> Vec<AfterWork> {
    ctx.invocation.after.take()
}

/// Takes the work registered by [`Context::before_stop`], in the order in which it is to run.
///
/// To be taken from the context that `init` was given, or from a clone of it, before that context
/// begins an invocation: `begin` and `rest` drop what has not been taken.
#[must_use]
pub fn take_before_stop(ctx: &Context) -> Vec<AfterWork> {
    let registered = ctx.invocation.before_stop.as_ref().map(AfterQueue::take);
    let mut work = registered.unwrap_or_default();
    work.reverse();
    work
}

/// For a context that a test gives to an `init`, too: lets [`Context::before_stop`] register work,
/// and sets the timeout that the test has set.
pub(crate) fn complete_for_test(ctx: &mut Context, timeout: Option<Duration>) {
    if let Some(own) = Arc::get_mut(&mut ctx.invocation) {
        own.before_stop.get_or_insert_default();
        own.timeout = timeout.unwrap_or(own.timeout);
    }
}
