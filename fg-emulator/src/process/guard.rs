//! What ends the processes that this one leaves behind, even where this one is killed.
//!
//! A function without its Runtime API would go on asking for it. A signal at the parent's death
//! needs `unsafe` code, and is that of a thread; a pipe ends with a process, in whatever way. So a
//! shell reads from one which processes run, in a process group of its own, and ends what is left
//! when the pipe has ended. There is one for all emulators of this process. Without a shell nothing
//! is guarded.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::process::Group;

const SCRIPT: &str = include_str!("guard.sh");

static PIPE: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();

/// A process with this Runtime API runs, or does no more: until this is told, its id must not be
/// another's.
pub(in crate::process) fn tell(id: u32, group: Group, api_address: &str, runs: bool) {
    let Some(pipe) = PIPE.get_or_init(start) else { return };
    let (sign, kind) = (if runs { '+' } else { '-' }, if group == Group::Own { 'g' } else { 'p' });
    let line = format!("{sign}{kind}{id}@{api_address}\n");
    // An error means that the shell was killed; then there is no guard.
    let _ = pipe.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
}

fn start() -> Option<Mutex<ChildStdin>> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SCRIPT, "fg-guard"]).process_group(0).current_dir("/");
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // It ends with the pipe, which is when this process ends.
    command.spawn().ok()?.stdin.take().map(Mutex::new)
}
