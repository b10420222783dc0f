//! Describes the machine, the command and the date of a run.

use std::fs;
use std::process::Command;

/// Processor, cores, kernel and compiler in one line.
pub(crate) fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let rustc = Command::new("rustc")
        .arg("--version")
        .output()
        .map(|output| output.stdout)
        .unwrap_or_default();
    format!(
        "{} with {cores} cores, Linux {}, {}",
        model.unwrap_or(std::env::consts::ARCH),
        kernel.trim().split('-').next().unwrap_or_default(),
        String::from_utf8_lossy(&rustc).split(" (").next().unwrap_or_default().trim()
    )
}

/// The command line of this run.
pub(crate) fn command() -> String {
    let options: Vec<String> = std::env::args().skip(1).collect();
    let separator = if options.is_empty() { "" } else { " -- " };
    format!(
        "cargo run --release --manifest-path bench/Cargo.toml -p driver{separator}{}",
        options.join(" ")
    )
}

/// The current date in UTC, as `2026-01-31`.
pub(crate) fn date() -> String {
    let output = Command::new("date").args(["-u", "+%F"]).output().map(|output| output.stdout);
    String::from_utf8_lossy(&output.unwrap_or_default()).trim().to_owned()
}
