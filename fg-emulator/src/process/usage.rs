//! What a process has used, where the system tells it in files (Linux).

use std::fs;
use std::time::Duration;

/// The unit of time in `/proc/<pid>/stat`: a hundredth of a second on every Linux there is.
const TICK: Duration = Duration::from_millis(10);

/// The peak of the resident memory in bytes.
pub(crate) fn peak_memory(process: u32) -> Option<u64> {
    peak_in(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

/// The processor time of all threads.
pub(crate) fn processor_time(process: u32) -> Option<Duration> {
    processor_time_in(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// User time and system time are fields 14 and 15; the name in field 2 may have blanks, and ends
/// with the last parenthesis.
fn processor_time_in(stat: &str) -> Option<Duration> {
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
            peak_in("VmPeak:\t 9000 kB\nVmHWM:\t    2000 kB\nVmRSS:\t 1 kB\n"),
            Some(2000 * 1024)
        );
        let stat = "7 (a b) c) R 1 7 7 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 1 0 1 1 1\n";
        assert_eq!(processor_time_in(stat), Some(Duration::from_millis(1750)));
        assert_eq!((peak_in(""), processor_time_in("")), (None, None));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_used_some() {
        assert!(peak_memory(std::process::id()).is_some_and(|bytes| bytes > 100_000));
        assert!(processor_time(std::process::id()).is_some());
    }
}
