//! What cargo says on standard error: shown as it comes, and kept to be understood if the build
//! fails.

use std::env;
use std::io::{self, IsTerminal, Read, Write};
use std::process::{ChildStderr, Command, Stdio};
use std::thread::{self, JoinHandle};

/// How much is kept, in bytes: the end, where it says what has failed.
const KEPT: usize = 1 << 20;

/// Lets what the command says be read.
pub(super) fn pipe(command: &mut Command) {
    command.stderr(Stdio::piped());
    let has_a_say = ["CARGO_TERM_COLOR", "NO_COLOR"].iter().any(|name| env::var_os(name).is_some());
    if io::stderr().is_terminal() && !has_a_say {
        // cargo leaves colours out of what goes to a pipe.
        command.env("CARGO_TERM_COLOR", "always");
    }
}

/// What is being shown.
pub(super) struct Repeating(JoinHandle<Vec<u8>>);

/// Shows it on a thread of its own.
pub(super) fn repeat(from: ChildStderr) -> Repeating {
    Repeating(thread::spawn(move || copy(from, &mut io::stderr())))
}

impl Repeating {
    /// Waits for the end of it, and gives what was kept.
    pub(super) fn finish(self) -> String {
        String::from_utf8_lossy(&self.0.join().unwrap_or_default()).into_owned()
    }
}

fn copy(mut from: impl Read, to: &mut impl Write) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return kept,
            Ok(length) => {
                // It is read on even if it can be shown no more: cargo must not wait.
                let _ = to.write_all(&buffer[..length]);
                kept.extend_from_slice(&buffer[..length]);
                if kept.len() > 2 * KEPT {
                    kept.drain(..kept.len() - KEPT);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_shown_and_the_end_of_it_is_kept() {
        let said: Vec<u8> = (0_u8..=255).cycle().take(3 * KEPT + 17).collect();
        let mut shown = Vec::new();
        let kept = copy(&said[..], &mut shown);
        assert!(shown == said);
        assert!((KEPT..=2 * KEPT).contains(&kept.len()) && said.ends_with(&kept));
    }
}
