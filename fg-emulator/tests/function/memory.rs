//! A function that uses more memory than it has is ended, if that is wanted.

use std::time::Duration;

use fg_emulator::{Builder, Emulator, Event, MemoryEnforcement, PlatformErrorKind};

use crate::http_function::{get, server};
use crate::scripted::{event, function, start};

/// The program itself needs much less than 128 MB, and allocates more.
const ALLOCATE: &str = r#"{"say":"allocating","do":"allocate","megabytes":200}"#;

fn assert_is_ended(builder: Builder, event: Event, next: Event) {
    let emulator = start(builder.memory(128).enforce_memory());
    if emulator.memory_enforcement() == MemoryEnforcement::None {
        println!("SKIPPED: on this system memory cannot be limited");
        return;
    }
    println!("enforced as {:?}", emulator.memory_enforcement());
    let execution = emulator.invoke(event);
    let error = execution.platform_error().expect("it is ended");
    assert_eq!(
        (error.kind(), error.code(), error.platform_message().as_str()),
        (PlatformErrorKind::OutOfMemory, "4205", "runtime memory limit exceeded")
    );
    assert!(error.to_string().contains("more than its 128 MB"), "{error}");
    // The next request has a new process.
    assert!(emulator.invoke(next).response().is_some());
    assert_eq!(emulator.instances().started, 2);
}

#[test]
fn an_event_function_that_uses_too_much_is_ended_with_the_platforms_error() {
    assert_is_ended(function(), event(ALLOCATE), event("{}"));
}

#[test]
fn an_http_function_that_uses_too_much_is_ended_with_the_platforms_error() {
    assert_is_ended(server(), get("/allocate/200"), get("/echo"));
}

#[cfg(unix)]
#[test]
fn what_a_function_has_started_counts_as_well() {
    use std::os::unix::fs::PermissionsExt;

    let code = tempfile::tempdir().expect("a temporary folder");
    let bootstrap = code.path().join("bootstrap");
    let line = format!("'{}'\n", crate::scripted::program().display());
    std::fs::write(&bootstrap, line).expect("it is writable");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&bootstrap, executable).expect("it is ours");
    let limit = crate::scripted::LIMIT;
    let builder = Emulator::builder(&bootstrap).init_timeout(limit).timeout(limit);
    assert_is_ended(builder, event(ALLOCATE), event("{}"));
}

#[test]
fn without_being_asked_for_memory_is_not_limited() {
    let emulator = start(function().memory(128).timeout(Duration::from_secs(1)));
    assert_eq!(emulator.memory_enforcement(), MemoryEnforcement::None);
    let execution = emulator.invoke(event(ALLOCATE));
    let error = execution.platform_error().expect("it hangs afterwards");
    assert_eq!(error.kind(), PlatformErrorKind::TimedOut);
}
