//! What is said to the person at the terminal: progress on standard error, in colours where that is
//! a terminal. What is not our own is [printable] wherever it goes.

use std::fmt::Display;

use clap::builder::styling::{AnsiColor, Style};

use crate::printable::{Form, printable};

/// Where progress goes.
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

    /// A step of the work, in cargo's form: a word, and what it is about.
    pub(crate) fn step(self, word: &str, about: impl Display) {
        if !self.is_quiet {
            status(AnsiColor::Green.on_default().bold(), word, about);
        }
    }

    /// Something to know, which is no error.
    pub(crate) fn note(self, about: impl Display) {
        if !self.is_quiet {
            say(AnsiColor::Cyan.on_default().bold(), "note", about);
        }
    }

    /// Something that may be a mistake.
    pub(crate) fn warning(self, about: impl Display) {
        if !self.is_quiet {
            say(AnsiColor::Yellow.on_default().bold(), "warning", about);
        }
    }

    /// Something that a command which goes on cannot do. It is said even when quiet.
    #[allow(clippy::unused_self, reason = "it is one of the things a screen shows")]
    pub(crate) fn error(self, about: impl Display) {
        error(about);
    }

    /// A line of a function's own.
    pub(crate) fn line(self, function: &str, line: &str) {
        if !self.is_quiet {
            // A line break in it would begin a line that looks like ours.
            status(
                AnsiColor::Blue.on_default(),
                function,
                line.trim_end_matches('\r').replace('\n', "\\n"),
            );
        }
    }
}

/// Why the program ends.
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
