//! The memory that this process has used.

/// The peak resident memory in bytes; `None` if the system is not Linux.
pub(crate) fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
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
