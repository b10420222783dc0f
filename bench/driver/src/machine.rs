//! Where and when a run took place.

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

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

/// The command line of this run, as one would type it.
pub(crate) fn command() -> String {
    let options: Vec<String> = std::env::args().skip(1).collect();
    let separator = if options.is_empty() { "" } else { " -- " };
    format!(
        "cargo run --release --manifest-path bench/Cargo.toml -p driver{separator}{}",
        options.join(" ")
    )
}

/// Today in UTC, as year, month and day.
pub(crate) fn date() -> String {
    let days =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400);
    // Years that begin in March have their leap day at the end; 719,468 days lie between the first
    // of them and 1970.
    let day = days + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (day, month_number) =
        (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    format!("{}-{month_number:02}-{day:02}", year + era * 400 + u64::from(month_number <= 2))
}
