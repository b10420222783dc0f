//! Processes where there are signals: one pipe for both outputs, so that their lines keep their
//! order, and SIGTERM.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use super::Group;
use crate::process::output::Output;
use crate::process::table::{processes, start_of, tree_of};

pub(super) use crate::process::table::Entry;

#[path = "guard.rs"]
mod guard;

pub(super) use self::guard::tell as tell_guard;

/// The end from which the output is read; it does not block.
#[derive(Clone, Debug)]
pub(super) struct Pipe(Arc<Mutex<File>>);

impl Pipe {
    /// Takes in what has been written until now; tells whether more may come.
    pub(super) fn drain(&self, output: &Output) -> bool {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut piece = [0; 16 << 10];
        loop {
            match file.read(&mut piece) {
                Ok(0) => return false,
                Ok(length) => output.append(&piece[..length]),
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
    // It ends with the last process that has the other end, which may be one that the function has
    // left behind.
    thread::Builder::new()
        .name("function-output".into())
        .spawn(move || while wait_for_output(&to_poll) && reading.drain(&output) {})?;
    Ok((child, pipe))
}

/// The read end and the write end, neither of which another process inherits.
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

/// Waits for the end, and leaves the process to be waited for.
pub(super) fn wait_until_ended(id: u32, _is_running: impl Fn() -> bool) {
    let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) else { return };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(rustix::process::waitid(WaitId::Pid(pid), options), Err(rustix::io::Errno::INTR))
    {
    }
}

pub(super) fn ask_to_end(child: &mut Child, group: Group) {
    send(child, group, Signal::TERM);
}

pub(super) fn kill(child: &mut Child, group: Group) {
    send(child, group, Signal::KILL);
}

/// What this process has started by now, all the way down.
pub(super) fn descendants(id: u32) -> Vec<Entry> {
    let table = processes();
    let tree = tree_of(id, &table);
    table.into_iter().filter(|process| process.id != id && tree.contains(&process.id)).collect()
}

/// Ends what has left the group of this process, which has ended and still has its id, as far as
/// that can be told: what was [known](descendants) of it, and what has inherited the variable. On
/// the platform nothing of an instance is left either.
pub(super) fn kill_what_has_left(id: u32, api_address: &str, known: &[Entry]) {
    known
        .iter()
        .filter(|process| start_of(process.id) == Some(process.start))
        .for_each(|process| kill_one(process.id));
    let Some(start) = start_of(id) else { return };
    let variable = format!("RUNTIME_API_ADDR={api_address}");
    // What is ended may have begun something meanwhile.
    for _ in 0..5 {
        let found = processes_with(variable.as_bytes(), start);
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

/// The processes with this variable in their environment. Older ones may have been told the same
/// address before.
fn processes_with(variable: &[u8], start: u64) -> Vec<u32> {
    let has_it = |process: &Entry| {
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
        Group::Callers => rustix::process::kill_process(pid, signal),
    };
}
