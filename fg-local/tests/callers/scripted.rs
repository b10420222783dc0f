//! The program of these tests, behind a server.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fg_emulator::{Builder, Emulator};
use fg_local::Local;

/// Long enough for any machine: only a failing test waits so long.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// `examples/scripted_function.rs`, which cargo builds for these tests.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let target = test.ancestors().nth(2).expect("a test is in target/<profile>/deps");
    let program =
        target.join("examples").join(format!("scripted_function{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: build it with `cargo build -p fg-local --examples`, or run all of `cargo test`",
        program.display()
    );
    program
}

/// A function with generous limits.
pub(crate) fn function() -> Builder {
    Emulator::builder(program()).name("scripted").init_timeout(LIMIT).timeout(LIMIT)
}

/// A function and the server in front of it.
pub(crate) struct Served {
    local: Local,
    emulator: Arc<Emulator>,
}

pub(crate) fn serve(builder: Builder) -> Served {
    serve_by(Local::builder(), builder)
}

pub(crate) fn serve_by(local: fg_local::Builder, builder: Builder) -> Served {
    let emulator = Arc::new(builder.start().expect("the program starts"));
    let local = local.start_blocking().expect("a free port");
    let before = local.serve(emulator.name(), Arc::clone(&emulator)).expect("it can be written");
    assert!(before.is_none());
    Served { local, emulator }
}

impl Served {
    pub(crate) fn address(&self) -> String {
        self.local.address().to_string()
    }
}

impl Deref for Served {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.emulator
    }
}
