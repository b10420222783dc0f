//! The memory and CPU time that a process has used, which Linux reports in `/proc`.

use std::fs;
use std::time::Duration;

#[cfg(unix)]
use super::table::{process_tree, processes};

/// The unit of time in `/proc/<pid>/stat`: a hundredth of a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// The peak resident set size in bytes.
pub(crate) fn peak_memory(process: u32) -> Option<u64> {
    parse_peak_memory(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

/// The CPU time of all threads.
pub(crate) fn cpu_time(process: u32) -> Option<Duration> {
    parse_cpu_time(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// Whether a process and those that it has started use more memory than this, in bytes. Pages that
/// several of them share are counted once, as far as the system says.
pub(crate) fn uses_more_than(process: u32, limit: u64) -> bool {
    let resident = |id: u32| fs::read_to_string(format!("/proc/{id}/status")).ok();
    let proportional = |id: u32| fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok();
    let tree = process_tree_of(process);
    let sizes: Vec<_> = tree
        .into_iter()
        .filter_map(|id| Some((id, parse_kilobytes(&resident(id)?, "VmRSS:")?)))
        .collect();
    let total: u64 = sizes.iter().map(|(_, size)| size).sum();
    if total <= limit {
        return false;
    }
    // The other figure takes the kernel much longer.
    let total: u64 = sizes
        .iter()
        .map(|(id, size)| {
            proportional(*id).and_then(|text| parse_kilobytes(&text, "Pss:")).unwrap_or(*size)
        })
        .sum();
    total > limit
}

/// The process, and those that it has started, as far as the system lists them.
#[cfg(unix)]
pub(crate) fn process_tree_of(process: u32) -> Vec<u32> {
    process_tree(process, &processes()).into_iter().collect()
}

/// The process. Those that it has started are not listed.
#[cfg(not(unix))]
pub(crate) fn process_tree_of(process: u32) -> Vec<u32> {
    vec![process]
}

fn parse_peak_memory(status: &str) -> Option<u64> {
    parse_kilobytes(status, "VmHWM:")
}

/// A figure in bytes, which the file has in kilobytes.
fn parse_kilobytes(file: &str, name: &str) -> Option<u64> {
    let line = file.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// User time and system time are fields 14 and 15. The name in field 2 may have spaces, and ends
/// with the last parenthesis.
fn parse_cpu_time(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(|field| field.parse::<u32>().ok());
    Some(TICK * (times.next()?? + times.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_read_from_the_files_of_linux() {
        assert_eq!(
            parse_peak_memory("VmPeak:\t 9000 kB\nVmHWM:\t    2000 kB\nVmRSS:\t 1 kB\n"),
            Some(2000 * 1024)
        );
        let stat = "7 (a b) c) R 1 7 7 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 1 0 1 1 1\n";
        assert_eq!(parse_cpu_time(stat), Some(Duration::from_millis(1750)));
        assert_eq!((parse_peak_memory(""), parse_cpu_time("")), (None, None));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_used_some() {
        assert!(peak_memory(std::process::id()).is_some_and(|bytes| bytes > 100_000));
        assert!(cpu_time(std::process::id()).is_some());
        assert!(uses_more_than(std::process::id(), 100_000));
        assert!(!uses_more_than(std::process::id(), 1 << 50));
    }
}
