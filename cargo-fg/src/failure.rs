//! The error of a command: a message, its causes, advice, and the exit code.

use std::fmt;

/// The exit codes, as documented by `cargo fg --help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The function failed, the package would not run, a scenario failed, or the platform refused.
    Failed = 1,
    /// The command line, the project or the credentials are invalid.
    Usage = 2,
    /// Something on this machine failed: a file, a port, a program, the network.
    Machine = 3,
    /// The build failed. The same code as cargo's.
    Build = 101,
    /// Ctrl-C.
    Interrupted = 130,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    what: String,
    causes: Vec<String>,
    advice: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), causes: Vec::new(), advice: None }
    }

    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// A failure of this machine, with its cause.
    pub(crate) fn machine(what: impl Into<String>, error: &dyn std::error::Error) -> Self {
        Self::new(Exit::Machine, what).because(error)
    }

    /// Adds an error and its sources as causes.
    pub(crate) fn because(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }

    /// The message and the causes on one line, for a client.
    pub(crate) fn reason(&self) -> String {
        std::iter::once(&self.what)
            .chain(&self.causes)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(": ")
    }

    /// Sets the advice.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.causes.iter().try_for_each(|cause| write!(f, "\n  because: {}", indent(cause)))?;
        self.advice.iter().try_for_each(|advice| write!(f, "\n  help: {}", indent(advice)))
    }
}

fn indent(text: &str) -> String {
    text.trim_end().replace('\n', "\n    ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_a_message_causes_and_advice() {
        let error = std::io::Error::new(std::io::ErrorKind::AddrInUse, "the port is taken");
        let failure = Failure::machine("port 9000 could not be opened", &error)
            .advise("choose another one:\n--port 9001");
        assert_eq!(
            failure.to_string(),
            "port 9000 could not be opened\n  because: the port is taken\n  help: choose another one:\n    --port 9001"
        );
    }
}
