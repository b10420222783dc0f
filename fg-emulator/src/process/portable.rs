//! Processes with what the standard library has on every system: a pipe for each output, and no way
//! to ask a process to stop.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::Group;
use super::output::Output;

/// How often is checked whether a process has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// How long output may take from the process through the pipe.
const PIPE_DELAY: Duration = Duration::from_millis(20);

/// The output pipes, which threads read.
#[derive(Debug)]
pub(super) struct Pipe;

impl Pipe {
    /// Waits until the threads have probably read what was written: whether a pipe is empty cannot
    /// be asked here.
    #[allow(clippy::unused_self, reason = "the signature is that of the other systems")]
    pub(super) fn drain(&self, _output: &Output) -> bool {
        thread::sleep(PIPE_DELAY);
        true
    }
}

pub(super) fn start(
    command: &mut Command,
    _group: Group,
    output: &Arc<Output>,
) -> io::Result<(Child, Pipe)> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(stdout) = child.stdout.take() {
        read_on_a_thread(stdout, Arc::clone(output))?;
    }
    if let Some(stderr) = child.stderr.take() {
        read_on_a_thread(stderr, Arc::clone(output))?;
    }
    Ok((child, Pipe))
}

fn read_on_a_thread(mut pipe: impl Read + Send + 'static, output: Arc<Output>) -> io::Result<()> {
    let reading = thread::Builder::new().name("function-output".into()).spawn(move || {
        let mut buffer = [0; 16 << 10];
        while let Ok(length @ 1..) = pipe.read(&mut buffer) {
            output.append(&buffer[..length]);
        }
    });
    reading.map(drop)
}

pub(super) fn wait_until_ended(_id: u32, is_running: impl Fn() -> bool) {
    while is_running() {
        thread::sleep(POLL_INTERVAL);
    }
}

pub(super) fn request_stop(_child: &mut Child, _group: Group) {}

pub(super) fn kill(child: &mut Child, _group: Group) {
    // An error means that it has ended.
    let _ = child.kill();
}

/// There is no guard: if this program is killed, its functions go on until they notice that their
/// Runtime API is gone.
pub(super) fn notify_guard(_id: u32, _group: Group, _mark: &str, _runs: bool) {}

/// Another process. None can be seen here.
#[derive(Clone, Copy, Debug)]
pub(super) enum ProcessEntry {}

pub(super) fn descendants(_id: u32) -> Vec<ProcessEntry> {
    Vec::new()
}

pub(super) fn kill_escaped(_id: u32, _mark: &str, _known: &[ProcessEntry]) {}
