//! The process of a function: started, read from, and ended.
//!
//! `process/unix.rs` and `process/portable.rs` offer the same few functions: the first on Unix, the
//! second with what the standard library has on every system.

pub(crate) mod listener;
pub(crate) mod output;
#[cfg(target_os = "linux")]
pub(crate) mod sockets;
#[cfg(unix)]
pub(crate) mod table;
pub(crate) mod usage;

use std::fmt;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use parking_lot::Mutex;

use output::Output;

#[cfg(not(unix))]
#[path = "process/portable.rs"]
mod system;
#[cfg(unix)]
#[path = "process/unix.rs"]
mod system;

/// A running process. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Process {
    state: Arc<ProcessState>,
}

#[derive(Debug)]
struct ProcessState {
    id: u32,
    child: Mutex<ChildHandle>,
    exit: Mutex<Option<Exit>>,
    pipe: system::Pipe,
    group: Group,
    /// A variable of its environment, as `NAME=value`, that no other process has.
    mark: String,
    /// Whether this program has asked it to stop, or has killed it.
    stop_requested: AtomicBool,
    /// The processes that it had started by then.
    descendants: Mutex<Vec<system::ProcessEntry>>,
}

/// The end of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessEnd {
    pub(crate) exit: Exit,
    /// Whether this program has asked for it.
    pub(crate) was_requested: bool,
}

/// A child process and whether it has been reaped. Until then the system does not give its id, and
/// the id of its group, to another process.
#[derive(Debug)]
struct ChildHandle {
    child: Child,
    is_reaped: bool,
}

/// The process group of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// It leads a group of its own. Processes that it leaves behind in the group are killed when it
    /// ends.
    Own,
    /// It stays in the group of this program, so that Ctrl-C in a terminal ends both.
    Inherited,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    code: Option<i32>,
    signal: Option<i32>,
}

impl Exit {
    /// The exit code; `None` if a signal ended the process.
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
    /// Starts a process. `mark` is a variable of its environment, as `NAME=value`, that only this
    /// process and those that it starts have. `on_end` is called once, after the process has ended
    /// and its output has been read. If this program ends first, in any way, a shell ends the
    /// process, on systems that have one.
    pub(crate) fn start(
        mut command: Command,
        group: Group,
        mark: String,
        output: Arc<Output>,
        on_end: impl FnOnce(ProcessEnd) + Send + 'static,
    ) -> io::Result<Self> {
        let (child, pipe) = system::start(&mut command, group, &output)?;
        system::notify_guard(child.id(), group, &mark, true);
        // The command holds the write end of the pipe, which has to close with the process.
        drop(command);
        let state = Arc::new(ProcessState {
            id: child.id(),
            child: Mutex::new(ChildHandle { child, is_reaped: false }),
            exit: Mutex::default(),
            pipe,
            group,
            mark,
            stop_requested: AtomicBool::new(false),
            descendants: Mutex::default(),
        });
        let process = Self { state: Arc::clone(&state) };
        let waiting = thread::Builder::new().name("function-exit".into()).spawn(move || {
            let exit = state.wait();
            state.pipe.drain(&output);
            output.end_line();
            *state.exit.lock() = Some(exit);
            on_end(ProcessEnd { exit, was_requested: state.stop_requested.load(Ordering::SeqCst) });
        });
        // Without this thread the end would go unnoticed, so the process is dropped, which kills
        // it.
        waiting.map(|_| process)
    }

    pub(crate) fn id(&self) -> u32 {
        self.state.id
    }

    /// How it ended, if it has.
    pub(crate) fn exit(&self) -> Option<Exit> {
        *self.state.exit.lock()
    }

    /// Moves what it has written so far from the pipe to `output`.
    pub(crate) fn drain(&self, output: &Output) {
        self.state.pipe.drain(output);
    }

    /// [`drain`](Self::drain) as a function that does not borrow the process.
    pub(crate) fn drain_function(&self) -> impl Fn(&Output) + Send + Sync + 'static {
        let state = Arc::clone(&self.state);
        move |output| {
            state.pipe.drain(output);
        }
    }

    /// [`kill`](Self::kill) as a function that does not borrow the process.
    pub(crate) fn kill_function(&self) -> impl Fn() + Send + 'static {
        let state = Arc::clone(&self.state);
        move || state.signal(system::kill)
    }

    /// Sends SIGTERM, on systems that have signals.
    pub(crate) fn request_stop(&self) {
        self.state.signal(system::request_stop);
    }

    pub(crate) fn kill(&self) {
        self.state.signal(system::kill);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl ProcessState {
    fn wait(&self) -> Exit {
        system::wait_until_ended(self.id, || {
            matches!(self.child.lock().child.try_wait(), Ok(None))
        });
        let mut handle = self.child.lock();
        // The platform leaves nothing of an instance behind either.
        if self.group == Group::Own {
            system::kill(&mut handle.child, self.group);
        }
        system::kill_escaped(self.id, &self.mark, &self.descendants.lock());
        system::notify_guard(self.id, self.group, &self.mark, false);
        let status = handle.child.wait();
        handle.is_reaped = true;
        match status {
            Ok(status) => Exit { code: status.code(), signal: signal_of(status) },
            Err(_) => Exit { code: None, signal: None },
        }
    }

    fn signal(&self, send: impl FnOnce(&mut Child, Group)) {
        self.stop_requested.store(true, Ordering::SeqCst);
        let mut handle = self.child.lock();
        if !handle.is_reaped {
            // After its end, its children have another parent and can no longer be found.
            let descendants = system::descendants(self.id);
            self.descendants.lock().extend(descendants);
            send(&mut handle.child, self.group);
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
