//! The memory that this process has used.

use std::fs::File;
use std::io::Read;
use std::str;

/// The peak resident memory in bytes; `None` if the system is not Linux.
pub(crate) fn peak() -> Option<u64> {
    // The line is near the beginning.
    let mut status = [0; 4096];
    let length = File::open("/proc/self/status").ok()?.read(&mut status).ok()?;
    let status = str::from_utf8(&status[..length]).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn the_peak_is_at_least_a_megabyte() {
        assert!(super::peak().is_some_and(|bytes| bytes > 1024 * 1024));
    }
}
