//! Panics of a handler: caught, and described by message, place and the frames that are the user's.
//!
//! The hook sees a panic first: it knows the place and the stack. It keeps both for [`catch`],
//! which is further up on the same thread. In a program built with `panic = "abort"` nothing can be
//! caught, so there the hook itself reports the invocation, by its abort responder; and before the panic
//! is printed, since a standard error that is not read would block it for ever.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};

use fg_core::__private::{bounded, find_unprintable};
use fg_core::{Context, Failure, limits};

use crate::invocation::blocking_answer::AbortResponder;
use crate::invocation::panic_advice::advice;
use crate::log::runtime_log::{self, say};

thread_local! {
    /// Whether a panic on this thread would be caught by [`catch`].
    static IS_CATCHING: Cell<bool> = const { Cell::new(false) };
    /// What the hook has seen of the panic that is on its way to [`catch`].
    static SEEN: RefCell<Option<Failure>> = const { RefCell::new(None) };
    /// Whether a panic is our own business, and not printed.
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
    /// The connection whose request this thread works for; 0 is none.
    static CONNECTION: Cell<u64> = const { Cell::new(0) };
}

/// Who answers for what is lost if the process aborts, as long as it is there.
static ABORT_RESPONDER: Mutex<Option<Weak<dyn AbortResponder>>> = Mutex::new(None);

/// Installs the hook, once per process. The hook that was there before, the standard one or the
/// user's, is called as well; but the standard one prints a message as it is, so ours speaks in its
/// place where that is long or has control characters.
pub(crate) fn install_hook() {
    install(true);
}

/// As [`install_hook`], for unit tests of handlers: the standard hook prints where the test expects
/// it.
pub(crate) fn install_hook_beside_the_standard_one() {
    install(false);
}

fn install(replaces_standard: bool) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        // With none set, this is the standard one.
        let is_replaced = replaces_standard && is_same(&*before, &*std::panic::take_hook());
        let print = move |panic: &PanicHookInfo<'_>| {
            if is_replaced && !is_harmless(panic) { say_panic(panic) } else { before(panic) }
        };
        std::panic::set_hook(Box::new(move |panic| {
            if cfg!(panic = "abort") {
                report_before_abort(&describe(panic));
            } else if is_final(panic) {
                report_before_abort(&SEEN.take().unwrap_or_else(|| describe(panic)));
            } else if IS_CATCHING.get() {
                let failure = describe(panic);
                SEEN.set(Some(failure.clone()));
                if IS_QUIET.get() {
                    return;
                }
                // Should the printing never end, the watchdog knows what it is about.
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

/// Whether two hooks are one function. Should the compiler have made two of it, the standard hook
/// is called as if it were the user's.
#[allow(
    ambiguous_wide_pointer_comparisons,
    reason = "neither has any data: what is compared is what they do"
)]
fn is_same(one: &Hook, other: &Hook) -> bool {
    size_of_val(one) == 0 && std::ptr::eq(one, other)
}

/// Whether the message can be printed as it is.
fn is_harmless(panic: &PanicHookInfo<'_>) -> bool {
    let message = message_of(panic.payload());
    message.len() < limits::MESSAGE / 2 && find_unprintable(&message).is_none()
}

/// What the standard hook prints, bounded and without control characters.
#[cold]
fn say_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let (name, message) = (thread.name().unwrap_or("<unnamed>"), message_of(panic.payload()));
    match panic.location() {
        Some(place) => say(format_args!("thread '{name}' panicked at {place}: {message}")),
        None => say(format_args!("thread '{name}' panicked: {message}")),
    }
}

/// Tells the hook who answers for what is lost if the process aborts.
pub(crate) fn report_aborts_to<L: AbortResponder + 'static>(abort_responder: &Arc<L>) {
    let abort_responder: Weak<L> = Arc::downgrade(abort_responder);
    *ABORT_RESPONDER.lock().unwrap_or_else(PoisonError::into_inner) = Some(abort_responder);
}

fn abort_responder() -> Option<Arc<dyn AbortResponder>> {
    // The lock is held for an assignment only; should it be taken, this thread panicked in the
    // middle of that, and nothing is lost.
    ABORT_RESPONDER.try_lock().ok()?.as_ref()?.upgrade()
}

fn set_panic(abort_responder: Option<&dyn AbortResponder>, panic: Option<Failure>) {
    if let Some(abort_responder) = abort_responder {
        abort_responder.set_panic(panic, CONNECTION.get());
    }
}

/// Whether the process aborts after this panic, although panics unwind: these are the words of the
/// standard library for it. The panic that has led to it, such as one in a `Drop` while another
/// panic unwinds, was seen before.
fn is_final(panic: &PanicHookInfo<'_>) -> bool {
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

/// Calls what works for this caller, who then is the one to be answered if it takes the process
/// along.
#[cfg(feature = "server")]
pub(crate) fn for_connection<R>(connection: u64, run: impl FnOnce() -> R) -> R {
    let before = CONNECTION.replace(connection);
    // A panic does not come through here.
    let result = run();
    CONNECTION.set(before);
    result
}

/// Calls what is ours, or a library's; a panic in it becomes a failure, and is not printed.
pub(crate) fn catch_quietly<R>(run: impl FnOnce() -> R) -> Result<R, Failure> {
    let was_quiet = IS_QUIET.replace(true);
    let result = catch(run);
    IS_QUIET.set(was_quiet);
    result
}

/// Calls `run`; a panic in it becomes a failure.
pub(crate) fn catch<R>(run: impl FnOnce() -> R) -> Result<R, Failure> {
    let was_catching = IS_CATCHING.replace(true);
    // The user's values may be left half-changed by a panic. They belong to this invocation and are
    // dropped with it; the state is shared, and whether it may panic in the middle of a change is
    // decided by its own locks, which are poisoned then.
    let result = catch_unwind(AssertUnwindSafe(run));
    IS_CATCHING.set(was_catching);
    result.map_err(|payload| {
        let message = message_of(&*payload);
        // The hook may have seen another one: it is not called for a panic that is passed on by
        // `resume_unwind`, and it is called for one that the handler catches itself.
        let seen = SEEN.take().filter(|seen| seen.message().starts_with(&message));
        let failure = seen.unwrap_or_else(|| Failure::new(Failure::PANIC, message));
        // The payload may be anything, also a value whose drop panics.
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(second);
        }
        failure
    })
}

#[cold]
fn describe(panic: &PanicHookInfo<'_>) -> Failure {
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

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "the handler panicked with a value that is not a text"
    };
    bounded(&text, limits::MESSAGE)
}

/// The frames between the panic machinery and the runtime, as `function (file:line:column)`,
/// innermost first.
///
/// A stripped binary has no names, so its frames are left out: the place in the message is known
/// all the same.
fn frames_of(backtrace: &str) -> Vec<String> {
    let mut frames: Vec<(String, String)> = Vec::new();
    for line in backtrace.lines().map(str::trim_start) {
        if let Some(place) = line.strip_prefix("at ") {
            if let Some((_, last)) = frames.last_mut() {
                shorten(place).clone_into(last);
            }
        } else if let Some((number, name)) = line.split_once(": ") {
            if number.bytes().all(|byte| byte.is_ascii_digit()) {
                frames.push((name.to_owned(), String::new()));
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
    let name = name.trim_start_matches('<');
    let prefixes = [
        "core::panicking::",
        "std::panicking::",
        "std::panic::panic_any",
        "__rustc::",
        "rust_begin_unwind",
        "fg_runtime::invocation::panics::describe",
    ];
    prefixes.iter().any(|prefix| name.starts_with(prefix)) && !is_catch_machinery(name)
}

/// Frames of this crate that called the user's code.
fn is_runtime(name: &str) -> bool {
    let name = name.trim_start_matches('<');
    [
        "fg_runtime::invocation::call::",
        "fg_runtime::invocation::panics::catch",
        "fg_runtime::invocation::time_budget::",
        "fg_runtime::log::current_logger::",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// Frames of the standard library that lead from the runtime to the handler.
fn is_catch_machinery(name: &str) -> bool {
    name.contains("catch_unwind")
        || name.contains("AssertUnwindSafe")
        || name.starts_with("std::panicking::try")
}

/// A path as its owner knows it: below the crate for a dependency, below the toolchain's sources
/// for the standard library.
fn shorten(path: &str) -> &str {
    for marker in ["/registry/src/", "/git/checkouts/"] {
        if let Some((_, rest)) = path.split_once(marker) {
            return rest.split_once('/').map_or(rest, |(_, rest)| rest);
        }
    }
    if let Some((_, rest)) = path.split_once("/library/") {
        return rest;
    }
    path.strip_prefix("./").unwrap_or(path)
}

/// Drops what is the user's; a panic in a `Drop` ends here.
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
    fn a_panic_is_described_by_message_place_and_frames() {
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
            failure.message().starts_with("the handler panicked with a value that is not a text"),
            "{}",
            failure.message()
        );
        assert_eq!(catch(|| 1), Ok(1));
    }

    #[test]
    fn the_frames_of_the_user_are_between_the_panic_and_the_runtime() {
        let backtrace = "   0: fg_runtime::invocation::panics::describe\n             at /x/fg-runtime/src/invocation/panics.rs:80:5\n   1: __rustc::rust_begin_unwind\n             at /rustc/abc/library/std/src/panicking.rs:689:5\n   2: core::panicking::panic_fmt\n             at /rustc/abc/library/core/src/panicking.rs:80:14\n   3: core::option::unwrap_failed\n             at /rustc/abc/library/core/src/option.rs:9:5\n   4: shop::order\n             at ./src/main.rs:12:9\n   5: serde::de::read\n             at /root/.cargo/registry/src/index.crates.io-1/serde-1.0.0/src/de.rs:3:1\n   6: <unknown>\n   7: core::ops::function::FnOnce::call_once\n   8: fg_runtime::invocation::panics::catch\n   9: main\n";
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
