//! Processes on Unix: signals, and one pipe for both outputs, so that their lines keep their order.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use super::Group;
use super::output::Output;
use super::table::{process_tree, processes, start_time};

pub(super) use super::table::ProcessEntry;

#[path = "guard.rs"]
mod guard;

pub(super) use self::guard::notify as notify_guard;

/// The read end of the output pipe, in non-blocking mode.
#[derive(Clone, Debug)]
pub(super) struct Pipe(Arc<Mutex<File>>);

impl Pipe {
    /// Reads what has been written so far, and returns whether more may come.
    pub(super) fn drain(&self, output: &Output) -> bool {
        let mut file = self.0.lock();
        let mut buffer = [0; 16 << 10];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return false,
                Ok(length) => output.append(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
    }
}

pub(super) fn start(
    command: &mut Command,
    group: Group,
    output: &Arc<Output>,
) -> io::Result<(Child, Pipe)> {
    let (read, write) = open_pipe()?;
    rustix::io::ioctl_fionbio(&read, true)?;
    command.stdin(Stdio::null()).stdout(write.try_clone()?).stderr(write);
    if group == Group::Own {
        command.process_group(0);
    }
    let to_poll = read.try_clone()?;
    let pipe = Pipe(Arc::new(Mutex::new(File::from(read))));
    let child = command.spawn()?;
    let (reading, output) = (pipe.clone(), Arc::clone(output));
    // The thread ends with the last process that holds the write end, which may be one that the
    // function has left behind.
    thread::Builder::new()
        .name("function-output".into())
        .spawn(move || while wait_for_output(&to_poll) && reading.drain(&output) {})?;
    Ok((child, pipe))
}

/// The read end and the write end of a new pipe. Other processes do not inherit them.
#[cfg(not(target_vendor = "apple"))]
fn open_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?)
}

#[cfg(target_vendor = "apple")]
fn open_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let ends = rustix::pipe::pipe()?;
    for end in [&ends.0, &ends.1] {
        rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
    }
    Ok(ends)
}

fn wait_for_output(pipe: &OwnedFd) -> bool {
    loop {
        match poll(&mut [PollFd::new(pipe, PollFlags::IN)], None) {
            Err(rustix::io::Errno::INTR) => {}
            result => return result.is_ok(),
        }
    }
}

/// Waits until a child has ended, and does not reap it.
pub(super) fn wait_until_ended(id: u32, _is_running: impl Fn() -> bool) {
    let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) else { return };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(rustix::process::waitid(WaitId::Pid(pid), options), Err(rustix::io::Errno::INTR))
    {
    }
}

pub(super) fn request_stop(child: &mut Child, group: Group) {
    send(child, group, Signal::TERM);
}

pub(super) fn kill(child: &mut Child, group: Group) {
    send(child, group, Signal::KILL);
}

/// The processes that this one has started, and those that they have started.
pub(super) fn descendants(id: u32) -> Vec<ProcessEntry> {
    let table = processes();
    let tree = process_tree(id, &table);
    table.into_iter().filter(|process| process.id != id && tree.contains(&process.id)).collect()
}

/// Kills what has left the group of a process that has ended and is not reaped, as far as it can be
/// found: its [descendants] that are known, and processes that have inherited the variable that
/// marks it.
pub(super) fn kill_escaped(id: u32, mark: &str, known: &[ProcessEntry]) {
    known
        .iter()
        .filter(|process| start_time(process.id) == Some(process.start))
        .for_each(|process| kill_one(process.id));
    let Some(start) = start_time(id) else { return };
    // A process may have started another one before it was killed.
    for _ in 0..5 {
        let found = processes_with(mark.as_bytes(), start);
        if found.is_empty() {
            return;
        }
        found.into_iter().for_each(kill_one);
    }
}

fn kill_one(id: u32) {
    if let Some(process) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        // An error means that it has ended.
        let _ = rustix::process::kill_process(process, Signal::KILL);
    }
}

/// The processes with this variable in their environment. Those that started before this time may
/// have got the same value from another emulator, and are left out.
fn processes_with(variable: &[u8], start: u64) -> Vec<u32> {
    let has_it = |process: &ProcessEntry| {
        let environment = fs::read(format!("/proc/{}/environ", process.id)).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|found| found == variable)
    };
    let younger = processes()
        .into_iter()
        .filter(|process| process.start >= start && process.id != std::process::id());
    younger.filter(has_it).map(|process| process.id).collect()
}

fn send(child: &Child, group: Group, signal: Signal) {
    let pid = Pid::from_child(child);
    // An error means that it has ended.
    let _ = match group {
        Group::Own => rustix::process::kill_process_group(pid, signal),
        Group::Inherited => rustix::process::kill_process(pid, signal),
    };
}
