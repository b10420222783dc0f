//! The execution summary: how long an invocation took, and how much memory it used.

use std::fmt;
use std::time::Duration;

use serde_json::json;

/// The figures of an invocation: the second part of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The request id.
    pub request_id: String,
    /// The configured memory in MB.
    pub memory_configured: u32,
    /// From the time when the function got the event to its answer, or to its end. Zero if it did
    /// not get the event.
    pub duration: Duration,
    /// The peak memory of the process so far, in bytes. `None` if the system does not report it
    /// (Linux does), or no process got the event.
    pub memory_used: Option<u64>,
    /// Every started millisecond is billed.
    pub billed_duration: Duration,
}

impl Summary {
    pub(crate) fn new(
        request_id: impl Into<String>,
        memory_configured: u32,
        duration: Duration,
        memory_used: Option<u64>,
    ) -> Self {
        let started = duration.as_nanos().div_ceil(1_000_000);
        let billed_duration = Duration::from_millis(u64::try_from(started).unwrap_or(u64::MAX));
        Self {
            request_id: request_id.into(),
            memory_configured,
            duration,
            memory_used,
            billed_duration,
        }
    }

    /// The [memory used](Self::memory_used) in MB, for display.
    #[must_use]
    pub fn memory_used_in_mb(&self) -> Option<f64> {
        #[allow(clippy::cast_precision_loss, reason = "precise enough for display")]
        self.memory_used.map(|bytes| bytes as f64 / (1024.0 * 1024.0))
    }

    /// The [duration](Self::duration) in milliseconds, for display.
    #[must_use]
    pub fn duration_in_ms(&self) -> f64 {
        self.duration.as_secs_f64() * 1000.0
    }

    /// The value of the invoke API's header `X-Cff-Invoke-Summary`, a JSON object: `duration` and
    /// `billingDuration` in milliseconds, `memorySize` and `memoryUsed` in MB, the latter 0 if it
    /// is not known.
    #[must_use]
    pub fn to_json(&self) -> String {
        json!({
            "duration": (self.duration_in_ms() * 1000.0).round() / 1000.0,
            "billingDuration": u64::try_from(self.billed_duration.as_millis()).unwrap_or(u64::MAX),
            "memorySize": self.memory_configured,
            "memoryUsed": self.memory_used_in_mb().unwrap_or_default(),
        })
        .to_string()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "request id:        {}", self.request_id)?;
        writeln!(f, "configured memory: {} MB", self.memory_configured)?;
        writeln!(f, "duration:          {:.3} ms", self.duration_in_ms())?;
        match self.memory_used_in_mb() {
            Some(used) => writeln!(f, "memory used:       {used:.3} MB")?,
            None => writeln!(f, "memory used:       not known")?,
        }
        write!(f, "billed duration:   {} ms", self.billed_duration.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_started_millisecond_is_billed() {
        let billed = |micros| {
            Summary::new("r", 128, Duration::from_micros(micros), None).billed_duration.as_millis()
        };
        assert_eq!([0, 1, 1000, 1001, 65_828].map(billed), [0, 1, 1, 2, 66]);
    }
}
