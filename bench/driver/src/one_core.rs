//! Restricts the program and the Runtime API to one core while times are measured.
//!
//! Otherwise the scheduler decides whether the two share a core or wake each other across two,
//! which makes a difference of a factor of ten on a virtual machine. Most functions have less than
//! one core anyway.

use std::fs;
use std::process::{Command, Stdio};

/// While this exists, this process and those that it starts use one core.
pub(crate) struct OneCore {
    before: String,
}

impl OneCore {
    pub(crate) fn enter() -> Result<Self, String> {
        let status = fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
        let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let before = allowed.ok_or("the system does not tell its cores")?.trim().to_owned();
        let last = before.rsplit([',', '-']).next().unwrap_or("0").to_owned();
        restrict(&last)?;
        Ok(Self { before })
    }

    /// The previous cores, in the format of taskset.
    pub(crate) fn all(&self) -> &str {
        &self.before
    }

    /// Another one of the cores, if there are two.
    pub(crate) fn other(&self) -> &str {
        self.before.split([',', '-']).next().unwrap_or("0")
    }
}

impl Drop for OneCore {
    fn drop(&mut self) {
        if let Err(error) = restrict(&self.before) {
            eprintln!("bench: {error}");
        }
    }
}

/// The number of attempts: it fails if a thread ends at the same time.
const ATTEMPTS: usize = 5;

/// All threads of this process.
fn restrict(cores: &str) -> Result<(), String> {
    let mut taskset = Command::new("taskset");
    taskset
        .args(["-a", "-c", "-p", cores, &std::process::id().to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut said = String::new();
    for _ in 0..ATTEMPTS {
        match taskset.status() {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => said = format!("taskset: {status}"),
            Err(error) => return Err(format!("taskset, which is a part of util-linux: {error}")),
        }
    }
    Err(said)
}
