//! Catches panics of a handler, and describes them by message, location and the user's stack
//! frames.
//!
//! The panic hook runs first and knows the location and the stack. It stores both for [`catch`],
//! which is further up on the same thread. In a program built with `panic = "abort"` nothing can be
//! caught, so the hook itself answers the invocation through the abort responder. It does so before
//! the panic is printed, since a standard error that is not read would block it forever.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Arc, Once, Weak};

use fg_core::__private::Mutex;
use fg_core::__private::{bounded, find_unprintable};
use fg_core::{Context, Failure, limits};

use crate::invocation::blocking_answer::AbortResponder;
use crate::invocation::panic_advice::advice;
use crate::log::runtime_log::{self, report};

thread_local! {
    /// Whether a panic on this thread would be caught by [`catch`].
    static IS_CATCHING: Cell<bool> = const { Cell::new(false) };
    /// The panic that is unwinding to [`catch`], as the hook described it.
    static HOOK_FAILURE: RefCell<Option<Failure>> = const { RefCell::new(None) };
    /// Whether a panic is handled internally and not printed.
    static IS_SILENT: Cell<bool> = const { Cell::new(false) };
    /// The connection whose request this thread handles; 0 means none.
    static CONNECTION: Cell<u64> = const { Cell::new(0) };
}

/// The responder that answers the current invocations if the process aborts.
static ABORT_RESPONDER: Mutex<Option<Weak<dyn AbortResponder>>> = Mutex::new(None);

/// Installs the hook, once per process. The previous hook, the standard one or the user's, is
/// called as well. Only the standard hook is replaced for a message that is long or has control
/// characters, since it prints messages unescaped.
pub(crate) fn install_hook() {
    install(true);
}

/// Like [`install_hook`], for unit tests of handlers: the standard hook prints to the test's
/// captured output.
pub(crate) fn install_hook_beside_the_standard_one() {
    install(false);
}

fn install(replaces_standard: bool) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        // `take_hook` has reset the hook to the standard one.
        let is_replaced = replaces_standard && is_same_hook(&*before, &*std::panic::take_hook());
        let print = move |panic: &PanicHookInfo<'_>| {
            if is_replaced && !is_printable(panic) { print_panic(panic) } else { before(panic) }
        };
        std::panic::set_hook(Box::new(move |panic| {
            if cfg!(panic = "abort") {
                report_before_abort(&failure_of(panic));
            } else if is_abort(panic) {
                report_before_abort(&HOOK_FAILURE.take().unwrap_or_else(|| failure_of(panic)));
            } else if IS_CATCHING.get() {
                let failure = failure_of(panic);
                HOOK_FAILURE.set(Some(failure.clone()));
                if IS_SILENT.get() {
                    return;
                }
                // If printing blocks forever, the watchdog can still report this panic.
                let abort_responder = abort_responder();
                set_panic(abort_responder.as_deref(), Some(failure));
                print(panic);
                set_panic(abort_responder.as_deref(), None);
                return;
            }
            print(panic);
        }));
    });
}

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// Whether two hooks are the same function. If the compiler has emitted it twice, the standard hook
/// is called as if it were the user's.
#[allow(
    ambiguous_wide_pointer_comparisons,
    reason = "neither has data, so the vtables tell them apart"
)]
fn is_same_hook(one: &Hook, other: &Hook) -> bool {
    size_of_val(one) == 0 && std::ptr::eq(one, other)
}

/// Whether the message can be printed unescaped.
fn is_printable(panic: &PanicHookInfo<'_>) -> bool {
    let message = message_of(panic.payload());
    message.len() < limits::MESSAGE / 2 && find_unprintable(&message).is_none()
}

/// Prints what the standard hook prints, bounded and without control characters.
#[cold]
fn print_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let (name, message) = (thread.name().unwrap_or("<unnamed>"), message_of(panic.payload()));
    match panic.location() {
        Some(place) => report(format_args!("thread '{name}' panicked at {place}: {message}")),
        None => report(format_args!("thread '{name}' panicked: {message}")),
    }
}

/// Sets the responder that answers the current invocations if the process aborts.
#[inline(never)]
pub(crate) fn report_aborts_to<L: AbortResponder + 'static>(abort_responder: &Arc<L>) {
    let abort_responder: Weak<L> = Arc::downgrade(abort_responder);
    *ABORT_RESPONDER.lock() = Some(abort_responder);
}

fn abort_responder() -> Option<Arc<dyn AbortResponder>> {
    // The lock is held only during an assignment. If it is taken, this thread panicked within that
    // assignment, and there is nothing to answer.
    ABORT_RESPONDER.try_lock()?.as_ref()?.upgrade()
}

fn set_panic(abort_responder: Option<&dyn AbortResponder>, panic: Option<Failure>) {
    if let Some(abort_responder) = abort_responder {
        abort_responder.set_panic(panic, CONNECTION.get());
    }
}

/// Whether the process aborts after this panic although panics unwind. These are the messages of
/// the standard library for that case. The panic that caused it, such as one in a `Drop` during
/// unwinding, has already gone through the hook.
fn is_abort(panic: &PanicHookInfo<'_>) -> bool {
    let message = message_of(panic.payload());
    message == "panic in a destructor during cleanup"
        || message == "panic in a function that cannot unwind"
}

#[cold]
fn report_before_abort(failure: &Failure) {
    if let Some(abort_responder) = abort_responder() {
        abort_responder.answer_before_abort(failure, CONNECTION.get());
    }
}

/// Runs `run` for the request of this connection, which is answered if a panic aborts the process.
#[cfg(feature = "server")]
pub(crate) fn for_connection<R>(connection: u64, run: impl FnOnce() -> R) -> R {
    let before = CONNECTION.replace(connection);
    // `run` does not unwind.
    let result = run();
    CONNECTION.set(before);
    result
}

/// Calls code of this crate or of a library. A panic in it becomes a failure and is not printed.
pub(crate) fn catch_quietly<R>(run: impl FnOnce() -> R) -> Result<R, Failure> {
    let was_silent = IS_SILENT.replace(true);
    let result = catch(run);
    IS_SILENT.set(was_silent);
    result
}

/// Calls `run`. A panic in it becomes a failure.
pub(crate) fn catch<R>(run: impl FnOnce() -> R) -> Result<R, Failure> {
    let was_catching = IS_CATCHING.replace(true);
    // A panic may leave the user's values inconsistent. Those of the invocation are dropped with
    // it. The shared state is protected by its own locks, which are poisoned by the panic.
    let result = catch_unwind(AssertUnwindSafe(run));
    IS_CATCHING.set(was_catching);
    result.map_err(caught)
}

/// The failure for a panic that [`catch`] has caught.
#[cold]
#[inline(never)]
fn caught(payload: Box<dyn Any + Send>) -> Failure {
    let message = message_of(&*payload);
    // The stored panic may be another one: `resume_unwind` does not call the hook, and the hook
    // also runs for a panic that the handler catches itself.
    let seen = HOOK_FAILURE.take().filter(|seen| seen.message().starts_with(&message));
    let failure = seen.unwrap_or_else(|| Failure::new(Failure::PANIC, message));
    // The drop of the payload may panic itself.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    failure
}

#[cold]
fn failure_of(panic: &PanicHookInfo<'_>) -> Failure {
    let message = message_of(panic.payload());
    let advice = advice(&message).map(|advice| format!(": {advice}")).unwrap_or_default();
    let message = match panic.location() {
        Some(place) => format!(
            "{message} (at {}:{}:{}){advice}",
            shorten(place.file()),
            place.line(),
            place.column()
        ),
        None => message + &advice,
    };
    Failure::new(Failure::PANIC, message)
        .with_stack_trace(frames_of(&Backtrace::force_capture().to_string()))
}

#[inline(never)]
fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "the handler panicked with a value that is not a string"
    };
    bounded(&text, limits::MESSAGE)
}

/// The frames between the panic machinery and the runtime, as `function (file:line:column)`,
/// innermost first.
///
/// A stripped binary has no function names, so its frames are left out. The location in the message
/// is known nevertheless.
fn frames_of(backtrace: &str) -> Vec<String> {
    let mut frames: Vec<(String, String)> = Vec::new();
    for line in backtrace.lines().map(str::trim_start) {
        if let Some(place) = line.strip_prefix("at ") {
            if let Some((_, last)) = frames.last_mut() {
                shorten(place).clone_into(last);
            }
        } else if let Some((number, name)) = line.split_once(':') {
            if number.bytes().all(|byte| byte.is_ascii_digit()) {
                frames.push((name.trim_start().to_owned(), String::new()));
            }
        }
    }
    let end = frames.iter().position(|(name, _)| is_runtime(name)).unwrap_or(frames.len());
    let begin = frames[..end]
        .iter()
        .rposition(|(name, _)| is_panic_machinery(name))
        .map_or(0, |last| last + 1);
    frames[begin..end]
        .iter()
        .filter(|(name, _)| name != "<unknown>" && !is_catch_machinery(name))
        .take(limits::FRAMES)
        .map(
            |(name, place)| {
                if place.is_empty() { name.clone() } else { format!("{name} ({place})") }
            },
        )
        .collect()
}

/// Frames of the standard library that lead from `panic!` to the hook.
fn is_panic_machinery(name: &str) -> bool {
    let prefixes = [
        "core::panicking::",
        "std::panicking::",
        "std::panic::panic_any",
        "__rustc::",
        "rust_begin_unwind",
        "fg_runtime::invocation::panics::failure_of",
    ];
    is_of(name, &prefixes) && !is_catch_machinery(name)
}

/// Frames of this crate that called the user's code.
fn is_runtime(name: &str) -> bool {
    let prefixes = [
        "fg_runtime::invocation::call::",
        "fg_runtime::invocation::panics::catch",
        "fg_runtime::invocation::time_budget::",
        "fg_runtime::log::current_logger::",
    ];
    is_of(name, &prefixes)
}

/// Frames of the standard library that lead from the runtime to the handler.
fn is_catch_machinery(name: &str) -> bool {
    after(name, "catch_unwind").is_some()
        || after(name, "AssertUnwindSafe").is_some()
        || name.starts_with("std::panicking::try")
}

/// Whether the name of a function, or of the type it belongs to, begins with one of these.
#[inline(never)]
fn is_of(name: &str, prefixes: &[&str]) -> bool {
    let name = name.trim_start_matches('<');
    prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// Shortens a source path: relative to the crate for a dependency, and to the toolchain's sources
/// for the standard library.
fn shorten(path: &str) -> &str {
    for marker in ["/registry/src/", "/git/checkouts/"] {
        if let Some(rest) = after(path, marker) {
            return rest.split_once('/').map_or(rest, |(_, rest)| rest);
        }
    }
    after(path, "/library/").unwrap_or_else(|| path.strip_prefix("./").unwrap_or(path))
}

/// What follows the marker. The search of the standard library has more code than all of this.
fn after<'p>(path: &'p str, marker: &str) -> Option<&'p str> {
    let at = path.as_bytes().windows(marker.len()).position(|part| part == marker.as_bytes())?;
    Some(&path[at + marker.len()..])
}

/// Drops a value of the user's code, and logs a panic in its `Drop`.
pub(crate) fn drop_caught<T>(value: T, ctx: &Context) {
    if let Err(failure) = catch(|| drop(value)) {
        log_failed_drop(&failure, ctx);
    }
}

#[cold]
pub(crate) fn log_failed_drop(failure: &Failure, ctx: &Context) {
    runtime_log::of(ctx.logger())
        .error(format_args!("while the invocation was dropped: {failure}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value whose drop panics.
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    #[test]
    fn a_panic_is_described_by_message_location_and_frames() {
        install_hook();
        #[inline(never)]
        fn place_order() {
            panic!("no {}", "stock");
        }
        let failure = catch(place_order).expect_err("it panics");
        assert_eq!(failure.error_type(), "panic");
        assert!(failure.message().starts_with("no stock (at "), "{}", failure.message());
        assert!(failure.message().contains("panics.rs:"), "{}", failure.message());
        let frames = failure.stack_trace();
        assert!(frames.iter().any(|frame| frame.contains("place_order")), "{frames:#?}");
        assert!(
            !frames
                .iter()
                .any(|frame| frame.contains("core::panicking") || frame.contains("catch_unwind")),
            "{frames:#?}"
        );
    }

    #[test]
    fn a_panic_with_any_value_is_caught_even_if_dropping_it_panics() {
        install_hook();
        let failure = catch(|| std::panic::panic_any(Bomb)).expect_err("it panics");
        assert!(
            failure.message().starts_with("the handler panicked with a value that is not a string"),
            "{}",
            failure.message()
        );
        assert_eq!(catch(|| 1), Ok(1));
    }

    #[test]
    fn the_users_frames_are_between_the_panic_and_the_runtime() {
        let backtrace = "   0: fg_runtime::invocation::panics::failure_of\n             at /x/fg-runtime/src/invocation/panics.rs:80:5\n   1: __rustc::rust_begin_unwind\n             at /rustc/abc/library/std/src/panicking.rs:689:5\n   2: core::panicking::panic_fmt\n             at /rustc/abc/library/core/src/panicking.rs:80:14\n   3: core::option::unwrap_failed\n             at /rustc/abc/library/core/src/option.rs:9:5\n   4: shop::order\n             at ./src/main.rs:12:9\n   5: serde::de::read\n             at /root/.cargo/registry/src/index.crates.io-1/serde-1.0.0/src/de.rs:3:1\n   6: <unknown>\n   7: core::ops::function::FnOnce::call_once\n   8: fg_runtime::invocation::panics::catch\n   9: main\n";
        assert_eq!(
            frames_of(backtrace),
            [
                "core::option::unwrap_failed (core/src/option.rs:9:5)",
                "shop::order (src/main.rs:12:9)",
                "serde::de::read (serde-1.0.0/src/de.rs:3:1)",
                "core::ops::function::FnOnce::call_once",
            ]
        );
    }
}
