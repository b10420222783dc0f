//! The process of a program under test: starts, inspects (through `/proc`) and stops it.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::api::{Api, Protocol};

/// A running program and the Runtime API that it polls. It is killed when it is dropped.
pub(crate) struct Running {
    pub(crate) api: Api,
    child: Child,
    stderr: std::path::PathBuf,
}

impl Running {
    /// Starts the command with the platform's variables; its standard error goes to a file.
    pub(crate) fn start(
        mut command: Command,
        protocol: Protocol,
        stderr: &Path,
    ) -> io::Result<Self> {
        let api = Api::start(protocol)?;
        let address = match protocol {
            Protocol::FunctionGraph => "RUNTIME_API_ADDR",
            Protocol::Lambda => "AWS_LAMBDA_RUNTIME_API",
        };
        command
            .env(address, api.address())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(stderr)?);
        Ok(Self { api, child: command.spawn()?, stderr: stderr.to_owned() })
    }

    /// The process that was started.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its standard error so far.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// Sends SIGTERM to this process, or to its child, and waits for this process.
    pub(crate) fn end(mut self, target: u32) -> Result<ExitStatus, String> {
        end(&mut self.child, target)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends SIGTERM to the child, or to its child, and waits for the child.
pub(crate) fn end(child: &mut Child, target: u32) -> Result<ExitStatus, String> {
    let told = Command::new("kill").args(["-TERM", &target.to_string()]).status();
    told.map_err(|error| format!("kill: {error}"))?;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Err("it was told to end, and has not after 60 s".to_owned())
}

/// Waits for the child of a process, and returns it.
pub(crate) fn child_of(parent: u32) -> Option<u32> {
    fs::read_dir("/proc")
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .find(|&process: &u32| {
            let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            after_name(&stat).nth(1).is_some_and(|field| field == parent.to_string())
        })
}

/// A line of `/proc/<process>/status` in bytes: `VmHWM` is the peak resident memory, `VmRSS` the
/// current one.
pub(crate) fn memory(process: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

/// The processor time of the running threads of a process.
pub(crate) fn cpu_time(process: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let of_thread = |path: std::path::PathBuf| -> Option<u64> {
        fs::read_to_string(path.join("schedstat")).ok()?.split_whitespace().next()?.parse().ok()
    };
    Some(Duration::from_nanos(threads.filter_map(|thread| of_thread(thread.ok()?.path())).sum()))
}

/// The processor time in seconds of the ended children of this process, and of their children.
pub(crate) fn cpu_of_ended_children() -> Option<f64> {
    // The unit is a hundredth of a second.
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let ticks: u64 =
        after_name(&stat).skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(ticks as f64 / 100.0)
}

/// The fields of a `stat` file from the third on; the second, the name, can contain spaces.
fn after_name(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace()
}
