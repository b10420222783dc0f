//! Processes with what the standard library has everywhere: a pipe for each output, and no way to
//! ask a process to end.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::Group;
use crate::process::output::Output;

/// How often it is looked whether a process has ended.
const LOOK: Duration = Duration::from_millis(10);

/// How long what was written before an answer may take through the pipe.
const ON_THE_WAY: Duration = Duration::from_millis(20);

/// The outputs, which threads read.
#[derive(Debug)]
pub(super) struct Pipe;

impl Pipe {
    /// A pipe cannot be asked here whether it is empty, so what is on its way gets a moment.
    #[allow(clippy::unused_self, reason = "the same signature as where there is something to read")]
    pub(super) fn drain(&self, _output: &Output) -> bool {
        thread::sleep(ON_THE_WAY);
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
        let mut piece = [0; 16 << 10];
        while let Ok(length @ 1..) = pipe.read(&mut piece) {
            output.append(&piece[..length]);
        }
    });
    reading.map(drop)
}

pub(super) fn wait_until_ended(_id: u32, is_running: impl Fn() -> bool) {
    while is_running() {
        thread::sleep(LOOK);
    }
}

pub(super) fn ask_to_end(_child: &mut Child, _group: Group) {}

pub(super) fn kill(child: &mut Child, _group: Group) {
    // An error means that it has ended.
    let _ = child.kill();
}

/// What is left when this process is ended from outside goes on until it notices that its Runtime
/// API is no more.
pub(super) fn tell_guard(_id: u32, _group: Group, _api_address: &str, _runs: bool) {}

/// A process that is known besides the function's own. None is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {}

pub(super) fn descendants(_id: u32) -> Vec<Entry> {
    Vec::new()
}

pub(super) fn kill_what_has_left(_id: u32, _api_address: &str, _known: &[Entry]) {}
