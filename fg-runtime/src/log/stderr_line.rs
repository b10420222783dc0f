//! The format of the runtime's own messages on standard error: bounded, without control characters.

use std::fmt::{self, Write};
use std::io;

use fg_core::__private::{Bounded, write_escaped_lines};
use fg_core::limits;

/// The message with a final line break. Each line after the first begins with `| `.
pub(crate) fn line_of(text: &dyn fmt::Display) -> Vec<u8> {
    let mut kept = Bounded::new(String::new(), limits::LOG_RECORD);
    // A `Display` that fails has written what it could.
    let _ = write!(kept, "{text}");
    let (kept, length) = kept.into_parts();
    let mut out = Vec::with_capacity(kept.len() + 1);
    write_escaped_lines(&mut out, kept.trim_end(), "\n| ");
    if kept.len() < length {
        let _ =
            io::Write::write_fmt(&mut out, format_args!(".. ({} bytes cut)", length - kept.len()));
    }
    out.push(b'\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_lines_of_a_message_cannot_imitate_our_own() {
        let line = |text: &str| String::from_utf8(line_of(&text)).expect("it is a string");
        assert_eq!(line("fg: plain"), "fg: plain\n");
        assert_eq!(line("fg: a\nfg: forged\r\x1b[31m\n"), "fg: a\n| fg: forged\\r\\u{1b}[31m\n");
        let long = line(&"\n".repeat(10_000_000));
        assert!(long.len() < 4 * limits::LOG_RECORD, "{}", long.len());
    }
}
