//! The execution summary that the platform shows beside a response: request id, memory, duration,
//! billed duration.

use std::fmt;
use std::time::Duration;

use crate::one_shot::memory;

/// The summary of one invocation.
#[derive(Debug)]
pub(crate) struct Summary<'a> {
    pub(crate) request_id: &'a str,
    /// In MB.
    pub(crate) configured_memory: u32,
    pub(crate) duration: Duration,
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX);
        writeln!(f, "--- execution summary ---")?;
        writeln!(f, "request id:        {}", self.request_id)?;
        writeln!(f, "configured memory: {} MB", self.configured_memory)?;
        writeln!(f, "duration:          {}.{:03} ms", micros / 1000, micros % 1000)?;
        match memory::peak() {
            Some(bytes) => {
                let kilobytes = bytes / 1024;
                writeln!(
                    f,
                    "memory used:       {}.{:03} MB",
                    kilobytes / 1024,
                    kilobytes % 1024 * 1000 / 1024
                )?;
            }
            None => writeln!(f, "memory used:       not known on this system")?,
        }
        // Every started millisecond is billed.
        write!(f, "billed duration:   {} ms", micros.div_ceil(1000).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_have_their_units_and_every_started_millisecond_is_billed() {
        let summary = Summary {
            request_id: "id-1",
            configured_memory: 128,
            duration: Duration::from_micros(1913),
        }
        .to_string();
        for line in [
            "request id:        id-1",
            "configured memory: 128 MB",
            "duration:          1.913 ms",
            "billed duration:   2 ms",
        ] {
            assert!(summary.lines().any(|candidate| candidate == line), "{summary}");
        }
    }
}
