//! A process that outlives this one for a moment: it ends what this one has left behind, even where this one was killed.
//!
//! It is this program again, in a process group of its own. It reads from a pipe which processes run; when the pipe ends, so has this
//! process, in whatever way, and the process groups that are left are killed. Without it a function would go on asking a Runtime API that
//! is no more.

use std::process::ExitCode;

use crate::failure::Failure;

/// The name of the command, which nobody types.
pub(crate) const COMMAND: &str = "__guard";

#[cfg(unix)]
pub(crate) use unix::Guard;

#[cfg(not(unix))]
pub(crate) use portable::Guard;

/// What the process does.
#[cfg(unix)]
pub(crate) fn run() -> Result<ExitCode, Failure> {
    unix::kill_what_is_left(std::io::stdin().lock());
    Ok(ExitCode::SUCCESS)
}

/// Where there are no process groups, nothing is guarded.
#[cfg(not(unix))]
pub(crate) fn run() -> Result<ExitCode, Failure> {
    Ok(ExitCode::SUCCESS)
}

#[cfg(unix)]
mod unix {
    use std::collections::BTreeSet;
    use std::io::{BufRead, Write};
    use std::os::unix::process::CommandExt;
    use std::process::{ChildStdin, Command, Stdio};
    use std::sync::{Arc, Mutex, PoisonError};

    use rustix::process::{Pid, Signal, kill_process_group};

    use crate::failure::Failure;

    /// This side of the pipe.
    #[derive(Clone, Debug)]
    pub(crate) struct Guard(Arc<Mutex<Option<ChildStdin>>>);

    impl Guard {
        pub(crate) fn start() -> Result<Self, Failure> {
            let cannot_start = |error: std::io::Error| Failure::machine("this program could not be started again", &error);
            let program = std::env::current_exe().map_err(cannot_start)?;
            let mut command = Command::new(program);
            command.arg(super::COMMAND).process_group(0);
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            // It ends with the pipe; nobody waits for it.
            let mut child = command.spawn().map_err(cannot_start)?;
            Ok(Self(Arc::new(Mutex::new(child.stdin.take()))))
        }

        /// A process that leads a group has begun or ended.
        pub(crate) fn tell(&self, id: u32, runs: bool) {
            if let Some(pipe) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
                // Somebody may have killed it; then there is no guard.
                let _ = writeln!(pipe, "{}{id}", if runs { '+' } else { '-' });
            }
        }
    }

    pub(super) fn kill_what_is_left(told: impl BufRead) {
        for group in left(told) {
            if let Some(group) = Pid::from_raw(group) {
                // An error means that it has ended.
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
    }

    fn left(told: impl BufRead) -> BTreeSet<i32> {
        let mut running = BTreeSet::new();
        for line in told.lines().map_while(Result::ok) {
            match (line.get(..1), line.get(1..).and_then(|id| id.parse().ok())) {
                (Some("+"), Some(id)) => drop(running.insert(id)),
                (Some("-"), Some(id)) => drop(running.remove(&id)),
                _ => {}
            }
        }
        running
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn what_has_begun_and_not_ended_is_left() {
            let told: &[u8] = b"+11\n+12\n-11\n+13\nwhat\n-13\n+1";
            assert_eq!(super::left(told).into_iter().collect::<Vec<_>>(), [1, 12]);
        }
    }
}

#[cfg(not(unix))]
mod portable {
    use crate::failure::Failure;

    /// Nothing.
    #[derive(Clone, Debug)]
    pub(crate) struct Guard;

    impl Guard {
        #[allow(clippy::unnecessary_wraps, reason = "the same signature as where there is something to start")]
        pub(crate) fn start() -> Result<Self, Failure> {
            Ok(Self)
        }

        #[allow(clippy::unused_self, reason = "the same signature as where there is something to tell")]
        pub(crate) fn tell(&self, _: u32, _: bool) {}
    }
}
