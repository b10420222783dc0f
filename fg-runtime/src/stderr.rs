//! Words for whoever looks after the process, where the log is not the place for them.

use std::fmt;
use std::io::Write;

/// Writes this to standard error. If nobody reads it, the process goes on; `eprintln!` would panic.
pub(crate) fn say(text: impl fmt::Display) {
    write_line(&text);
}

fn write_line(text: &dyn fmt::Display) {
    // As one piece, so that it stays together.
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}
