//! Ends the processes that this program leaves behind, even if this program is killed.
//!
//! Otherwise a function would go on polling a Runtime API that is gone. A parent-death signal needs
//! `unsafe` code and is bound to a thread. A pipe, however, closes when a process ends in any
//! way. So a shell, in a process group of its own, reads from a pipe which processes run, and ends
//! what is left when the pipe closes. All emulators of a program share one such shell. Without a
//! shell nothing is guarded.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use parking_lot::Mutex;

use super::super::Group;

const SCRIPT: &str = include_str!("guard.sh");

static PIPE: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();

/// Tells the guard that a process with this variable has started or ended. The end has to be sent
/// before the process is reaped, while the system cannot reuse its id.
pub(in crate::process) fn notify(id: u32, group: Group, mark: &str, runs: bool) {
    let Some(pipe) = PIPE.get_or_init(start) else { return };
    let (sign, kind) = (if runs { '+' } else { '-' }, if group == Group::Own { 'g' } else { 'p' });
    let line = format!("{sign}{kind}{id}@{mark}\n");
    // An error means that the shell was killed, so there is no guard any more.
    let _ = pipe.lock().write_all(line.as_bytes());
}

fn start() -> Option<Mutex<ChildStdin>> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SCRIPT, "fg-guard"]).process_group(0).current_dir("/");
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // The child is not waited for: it ends after this program.
    command.spawn().ok()?.stdin.take().map(Mutex::new)
}
