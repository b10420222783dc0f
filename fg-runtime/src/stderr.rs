//! Words for whoever looks after the process, where the log is not the place for them.

use std::fmt::{self, Write};
use std::io;

use fg_core::__private::{Bounded, write_escaped_lines};
use fg_core::limits;

/// Writes this to standard error, bounded, and without control characters: a line after the first begins with `| `. If nobody reads it, the
/// process goes on; `eprintln!` would panic.
pub(crate) fn say(text: impl fmt::Display) {
    write_line(&text);
}

/// As [`say`], for words of our own in several lines.
pub(crate) fn say_lines(text: impl fmt::Display) {
    write(format!("{text}\n").as_bytes());
}

fn write_line(text: &dyn fmt::Display) {
    write(&line_of(text));
}

fn line_of(text: &dyn fmt::Display) -> Vec<u8> {
    let mut kept = Bounded::new(String::new(), limits::LOG_RECORD);
    // A `Display` that fails has written what it could.
    let _ = write!(kept, "{text}");
    let (kept, length) = kept.into_parts();
    let mut out = Vec::with_capacity(kept.len() + 1);
    write_escaped_lines(&mut out, kept.trim_end(), "\n| ");
    if kept.len() < length {
        let _ = io::Write::write_fmt(&mut out, format_args!(".. ({} bytes cut)", length - kept.len()));
    }
    out.push(b'\n');
    out
}

/// As one piece, so that it stays together.
fn write(bytes: &[u8]) {
    let _ = io::Write::write_all(&mut io::stderr(), bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_callers_is_told_from_ours() {
        let line = |text: &str| String::from_utf8(line_of(&text)).expect("it is a string");
        assert_eq!(line("fg: plain"), "fg: plain\n");
        assert_eq!(line("fg: a\nfg: forged\r\x1b[31m\n"), "fg: a\n| fg: forged\\r\\u{1b}[31m\n");
        let long = line(&"\n".repeat(10_000_000));
        assert!(long.len() < 4 * limits::LOG_RECORD, "{}", long.len());
    }
}
