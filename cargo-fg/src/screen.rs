//! Progress and messages on standard error, with colours on a terminal. Output of others is escaped
//! with [printable].

use std::fmt::Display;

use clap::builder::styling::{AnsiColor, Style};

use crate::printable::{Form, printable};

/// Prints messages, unless it is quiet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    is_quiet: bool,
}

impl Screen {
    pub(crate) fn new(is_quiet: bool) -> Self {
        Self { is_quiet }
    }

    pub(crate) fn is_quiet(self) -> bool {
        self.is_quiet
    }

    /// Prints a step in the style of cargo: a verb and its object.
    pub(crate) fn step(self, word: &str, about: impl Display) {
        if !self.is_quiet {
            status(AnsiColor::Green.on_default().bold(), word, about);
        }
    }

    /// Prints a note.
    pub(crate) fn note(self, about: impl Display) {
        if !self.is_quiet {
            say(AnsiColor::Cyan.on_default().bold(), "note", about);
        }
    }

    /// Prints a warning.
    pub(crate) fn warning(self, about: impl Display) {
        if !self.is_quiet {
            say(AnsiColor::Yellow.on_default().bold(), "warning", about);
        }
    }

    /// Prints an error that does not end the command; also if quiet.
    #[allow(clippy::unused_self, reason = "for the same form as the other messages")]
    pub(crate) fn error(self, about: impl Display) {
        error(about);
    }

    /// Prints a line of output of a function.
    pub(crate) fn line(self, function: &str, line: &str) {
        if !self.is_quiet {
            // After a line break, its text could imitate one of our messages.
            status(
                AnsiColor::Blue.on_default(),
                function,
                line.trim_end_matches('\r').replace('\n', "\\n"),
            );
        }
    }
}

/// Prints the error that ends the process.
pub(crate) fn error(about: impl Display) {
    say(AnsiColor::Red.on_default().bold(), "error", about);
}

fn status(style: Style, word: &str, about: impl Display) {
    let about = about.to_string();
    anstream::eprintln!("{style}{word:>12}{style:#} {}", printable(&about, Form::Text));
}

fn say(style: Style, word: &str, about: impl Display) {
    let about = about.to_string();
    anstream::eprintln!("{style}{word}{style:#}: {}", printable(&about, Form::Text));
}
