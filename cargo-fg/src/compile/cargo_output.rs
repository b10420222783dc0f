//! The standard error of cargo: forwarded to ours, and captured to explain a failed build.

use std::env;
use std::io::{self, IsTerminal, Read, Write};
use std::process::{ChildStderr, Command, Stdio};
use std::thread::{self, JoinHandle};

/// The number of bytes that are captured: the end of the output, which has the errors.
const CAPTURED: usize = 1 << 20;

/// Redirects the standard error of a command to a pipe.
pub(super) fn pipe(command: &mut Command) {
    command.stderr(Stdio::piped());
    let is_configured =
        ["CARGO_TERM_COLOR", "NO_COLOR"].iter().any(|name| env::var_os(name).is_some());
    if io::stderr().is_terminal() && !is_configured {
        // By default cargo does not write colours to a pipe.
        command.env("CARGO_TERM_COLOR", "always");
    }
}

/// A thread that forwards output.
pub(super) struct Forwarding(JoinHandle<Vec<u8>>);

/// Starts a thread that forwards the output.
pub(super) fn forward(from: ChildStderr) -> Forwarding {
    Forwarding(thread::spawn(move || copy(from, &mut io::stderr())))
}

impl Forwarding {
    /// Waits for the end of the output, and returns what was captured.
    pub(super) fn finish(self) -> String {
        String::from_utf8_lossy(&self.0.join().unwrap_or_default()).into_owned()
    }
}

fn copy(mut from: impl Read, to: &mut impl Write) -> Vec<u8> {
    let mut captured = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return captured,
            Ok(length) => {
                // If it cannot be written, keep reading: cargo would block on a full pipe.
                let _ = to.write_all(&buffer[..length]);
                captured.extend_from_slice(&buffer[..length]);
                if captured.len() > 2 * CAPTURED {
                    captured.drain(..captured.len() - CAPTURED);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return captured,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_output_is_forwarded_and_its_end_is_captured() {
        let output: Vec<u8> = (0_u8..=255).cycle().take(3 * CAPTURED + 17).collect();
        let mut shown = Vec::new();
        let captured = copy(&output[..], &mut shown);
        assert!(shown == output);
        let lengths = CAPTURED..=2 * CAPTURED;
        assert!(lengths.contains(&captured.len()) && output.ends_with(&captured));
    }
}
