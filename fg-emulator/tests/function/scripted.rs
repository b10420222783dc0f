//! The program of these tests, and its events.

use std::path::PathBuf;
use std::time::Duration;

use fg_emulator::{Builder, Emulator, Event};

/// Long enough for any machine: only a failing test waits so long.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// `examples/scripted.rs`, which cargo builds for these tests.
pub(crate) fn program() -> PathBuf {
    example("scripted")
}

/// Where cargo has put an example of this crate.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let target = test.ancestors().nth(2).expect("a test is in target/<profile>/deps");
    let program = target.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: build it with `cargo build --examples`, or run all of `cargo test`",
        program.display()
    );
    program
}

/// A function with generous limits.
pub(crate) fn function() -> Builder {
    Emulator::builder(program()).init_timeout(LIMIT).timeout(LIMIT)
}

pub(crate) fn start(builder: Builder) -> Emulator {
    builder.start().expect("the program starts")
}

/// An event that says what the function does.
pub(crate) fn event(script: &str) -> Event {
    Event::new(script).request_id("r-1")
}
