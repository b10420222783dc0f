//! The process of a function: started, read from, and ended.
//!
//! What only one sort of system has is in `process/unix.rs` and in `process/portable.rs`, which
//! offer the same few functions.

pub(crate) mod output;
#[cfg(unix)]
pub(crate) mod table;
pub(crate) mod usage;

use std::fmt;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::process::output::Output;
use crate::runtime_api::state::Moment;

#[cfg(not(unix))]
#[path = "process/portable.rs"]
mod system;
#[cfg(unix)]
#[path = "process/unix.rs"]
mod system;

/// A process whose output is collected, and whose end is told.
#[derive(Debug)]
pub(crate) struct Process {
    running: Arc<Running>,
}

#[derive(Debug)]
struct Running {
    id: u32,
    child: Mutex<Held>,
    exit: Mutex<Option<Exit>>,
    pipe: system::Pipe,
    group: Group,
    /// Of its Runtime API.
    api_address: String,
    /// Whether it was asked to end, or killed.
    is_asked: AtomicBool,
    /// What it had started when it was.
    descendants: Mutex<Vec<system::Entry>>,
}

/// The end of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) exit: Exit,
    pub(crate) was_asked_for: bool,
}

/// A process is waited for in one place only: until then its id, and that of its group, cannot be
/// another's.
#[derive(Debug)]
struct Held {
    child: Child,
    is_reaped: bool,
}

/// Whose signals the process gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// It leads a group of its own, and what it leaves behind there is killed when it ends.
    Own,
    /// It stays in the group of the caller, so that Ctrl-C in a terminal ends both.
    Callers,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    code: Option<i32>,
    signal: Option<i32>,
}

impl Exit {
    /// Nothing where a signal ended it.
    pub(crate) fn code(self) -> Option<i32> {
        self.code
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "exited with code {code}"),
            (None, Some(signal)) => write!(f, "was ended by signal {signal}"),
            (None, None) => f.write_str("ended"),
        }
    }
}

impl Process {
    /// Starts it, for the Runtime API at this address. `ended` is called once, when it has ended
    /// and its output has been taken in. Should the process that we are in end before it, however
    /// that happens, it is ended too, where there is a shell.
    pub(crate) fn start(
        mut command: Command,
        group: Group,
        api_address: String,
        output: Arc<Output>,
        ended: impl FnOnce(End) + Send + 'static,
    ) -> io::Result<Self> {
        let (child, pipe) = system::start(&mut command, group, &output)?;
        system::tell_guard(child.id(), group, &api_address, true);
        // The command holds the other end of the pipe, which has to close with the process.
        drop(command);
        let running = Arc::new(Running {
            id: child.id(),
            child: Mutex::new(Held { child, is_reaped: false }),
            exit: Mutex::default(),
            pipe,
            group,
            api_address,
            is_asked: AtomicBool::new(false),
            descendants: Mutex::default(),
        });
        let process = Self { running: Arc::clone(&running) };
        let waiting = thread::Builder::new().name("function-exit".into()).spawn(move || {
            let exit = running.wait();
            running.pipe.drain(&output);
            output.end_line();
            *running.exit.lock().unwrap_or_else(PoisonError::into_inner) = Some(exit);
            ended(End { exit, was_asked_for: running.is_asked.load(Ordering::SeqCst) });
        });
        // Without that thread the end would not be seen; dropping the process kills it.
        waiting.map(|_| process)
    }

    pub(crate) fn id(&self) -> u32 {
        self.running.id
    }

    /// How it ended, if it has.
    pub(crate) fn exit(&self) -> Option<Exit> {
        *self.running.exit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in all that it has written until now.
    pub(crate) fn drain(&self, output: &Output) {
        self.running.pipe.drain(output);
    }

    /// What takes in all that it has written by then, at each moment of its life that it is told.
    pub(crate) fn output_taker(
        &self,
        output: &Arc<Output>,
    ) -> impl Fn(Moment) + Send + Sync + 'static {
        let (running, output) = (Arc::clone(&self.running), Arc::clone(output));
        move |moment| {
            running.pipe.drain(&output);
            match moment {
                // With its next poll a function is done with all that it did after its answer.
                Moment::Poll => output.end_line(),
                Moment::Answer => output.end_request(),
            }
        }
    }

    /// Asks it to end: SIGTERM, where there are signals.
    pub(crate) fn ask_to_end(&self) {
        self.running.signal(system::ask_to_end);
    }

    /// Ends it at once.
    pub(crate) fn kill(&self) {
        self.running.signal(system::kill);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Running {
    fn child(&self) -> MutexGuard<'_, Held> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) -> Exit {
        system::wait_until_ended(self.id, || matches!(self.child().child.try_wait(), Ok(None)));
        let mut held = self.child();
        if self.group == Group::Own {
            // On the platform nothing of an instance is left either.
            system::kill(&mut held.child, self.group);
        }
        let known = self.descendants.lock().unwrap_or_else(PoisonError::into_inner);
        system::kill_what_has_left(self.id, &self.api_address, &known);
        system::tell_guard(self.id, self.group, &self.api_address, false);
        let status = held.child.wait();
        held.is_reaped = true;
        match status {
            Ok(status) => Exit { code: status.code(), signal: signal_of(status) },
            Err(_) => Exit { code: None, signal: None },
        }
    }

    fn signal(&self, send: impl FnOnce(&mut Child, Group)) {
        self.is_asked.store(true, Ordering::SeqCst);
        let mut held = self.child();
        if !held.is_reaped {
            // When it has ended, nothing tells any more what was its.
            let known = system::descendants(self.id);
            self.descendants.lock().unwrap_or_else(PoisonError::into_inner).extend(known);
            send(&mut held.child, self.group);
        }
    }
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}
