//! The measurements: each starts a program, sends it events, and returns the cost.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::api::Event;
use crate::process::{Running, child_of, cpu_time, memory};
use crate::programs::{Binary, Folders, Program};

/// Longer than any run takes, even under valgrind.
const LIMIT: Duration = Duration::from_secs(120);

/// An event, and how the `variants` programs handle it.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    /// The payload in bytes.
    pub(crate) size: usize,
    /// `owned`, `borrowed` or `echo`; empty for the smallest function.
    pub(crate) event: &'static str,
    pub(crate) log_lines: usize,
}

/// The event of 17 bytes for the smallest function.
pub(crate) const HELLO: Work = Work { size: 17, event: "", log_lines: 0 };

impl Work {
    fn event(self, name: &str) -> Event {
        let small = format!("{{\"name\":\"{name}\"}}");
        let frame = small.len() + ",\"text\":\"\"".len();
        let text = self.size.saturating_sub(frame);
        let payload = match text {
            0 => small,
            _ => format!("{{\"name\":\"{name}\",\"text\":\"{}\"}}", "x".repeat(text)),
        };
        let (reply_start, reply_length) = match self.event {
            "echo" => ("{\"message\":\"".to_owned(), text),
            "" => (format!("{{\"message\":\"Hello, {name}!\"}}"), 0),
            _ => (format!("{{\"message\":\"Hello, {name}!\",\"length\":{text}"), 0),
        };
        Event { payload: Arc::new(payload.into_bytes()), reply_start, reply_length }
    }

    /// The event and the expected response of each invocation.
    pub(crate) fn usual(self) -> Event {
        self.event("Ada L.")
    }

    fn binary(self, counting: bool) -> Binary {
        match (self.event, counting) {
            ("", false) => Binary::Hello,
            ("", true) => Binary::HelloCounting,
            (_, false) => Binary::Variants,
            (_, true) => Binary::VariantsCounting,
        }
    }
}

/// Takes measurements.
pub(crate) struct Meter {
    pub(crate) folders: Folders,
}

/// The times and the memory of one run.
pub(crate) struct Timed {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// Processor time per invocation, if available.
    pub(crate) cpu: Option<Duration>,
    pub(crate) peak_memory: Option<u64>,
    pub(crate) memory: Option<u64>,
    pub(crate) connections: usize,
}

impl Meter {
    fn start(
        &self,
        program: &Program,
        work: Work,
        counting: bool,
        tool: &[String],
    ) -> Result<Running, String> {
        let mut command: Command = self.folders.command(program, work.binary(counting), tool);
        command
            .env("RUNTIME_HANDLER", if work.event.is_empty() { "greet" } else { work.event })
            .env("BENCH_EVENT", work.event)
            .env("BENCH_LOG_LINES", work.log_lines.to_string());
        Running::start(command, program.protocol, &self.file("stderr"))
            .map_err(|error| format!("{}: {error}", program.title))
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folders.work.join(name)
    }

    /// Instructions in user space for each warm invocation: the difference between a long and a
    /// short run.
    pub(crate) fn instructions(
        &self,
        program: &Program,
        work: Work,
        (few, many): (usize, usize),
    ) -> Result<f64, String> {
        let run = |count| {
            let running = self.start(program, work, false, &self.callgrind())?;
            running.api.feed(&work.usual(), count, LIMIT)?;
            let id = running.id();
            running.end(id)?;
            self.read_callgrind("callgrind.out")
        };
        let (short, long): (u64, u64) = (run(few)?, run(many)?);
        Ok((long as f64 - short as f64) / (many - few) as f64)
    }

    /// Instructions in user space from exec to the first poll.
    pub(crate) fn instructions_to_first_poll(&self, program: &Program) -> Result<u64, String> {
        let running = self.start(program, HELLO, false, &self.callgrind())?;
        running.api.wait_for_poll(LIMIT)?;
        // The poll has been sent; waiting for its response costs next to nothing.
        let dump = Command::new("vgdb").args([&format!("--pid={}", running.id()), "dump"]).output();
        dump.map_err(|error| format!("vgdb, which is a part of valgrind: {error}"))?;
        self.read_callgrind("callgrind.out.1")
    }

    pub(crate) fn callgrind(&self) -> Vec<String> {
        let out = format!("--callgrind-out-file={}", self.file("callgrind.out").display());
        ["valgrind", "-q", "--fair-sched=yes", "--tool=callgrind", &out].map(str::to_owned).to_vec()
    }

    pub(crate) fn read_callgrind(&self, name: &str) -> Result<u64, String> {
        let path = self.file(name);
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let _ = fs::remove_file(path);
        let total =
            text.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok());
        total.ok_or_else(|| "callgrind has told no total".to_owned())
    }

    /// System calls for each warm invocation, all and by name: the difference between a long and a
    /// short run.
    pub(crate) fn system_calls(
        &self,
        program: &Program,
        work: Work,
        (few, many): (usize, usize),
    ) -> Result<(f64, BTreeMap<String, f64>), String> {
        let out = self.file("strace.out");
        let tool = ["strace", "-f", "-c", "-o", &out.display().to_string()].map(str::to_owned);
        let run = |count| {
            let running = self.start(program, work, false, &tool)?;
            running.api.feed(&work.usual(), count, LIMIT)?;
            let traced = child_of(running.id()).ok_or("strace has not started the program")?;
            running.end(traced)?;
            let text = fs::read_to_string(&out).map_err(|error| format!("strace: {error}"))?;
            Ok::<_, String>(read_strace(&text))
        };
        let (short, long) = (run(few)?, run(many)?);
        let mut by_name = BTreeMap::new();
        for name in short.keys().chain(long.keys()) {
            let calls = |run: &BTreeMap<String, u64>| run.get(name).copied().unwrap_or(0) as f64;
            let more = (calls(&long) - calls(&short)) / (many - few) as f64;
            // Rare system calls are not part of invocations.
            if more.abs() >= 0.005 {
                by_name.insert(name.clone(), more);
            }
        }
        Ok((by_name.values().sum(), by_name))
    }

    /// Allocations and allocated bytes for each warm invocation, in all threads; exact.
    pub(crate) fn allocations(
        &self,
        program: &Program,
        work: Work,
        count: usize,
    ) -> Result<(f64, f64), String> {
        let running = self.start(program, work, true, &[])?;
        let report = work.event("report");
        running.api.feed(&work.usual(), count.min(100), LIMIT)?;
        for _ in 0..2 {
            running.api.feed(&report, 1, LIMIT)?;
            running.api.feed(&work.usual(), count, LIMIT)?;
        }
        let stderr = running.stderr();
        let reports: Vec<Vec<f64>> = stderr
            .lines()
            .filter_map(|line| line.strip_prefix("allocations "))
            .map(|numbers| numbers.split(' ').filter_map(|number| number.parse().ok()).collect())
            .collect();
        match &reports[..] {
            [first, second] if first.len() == 2 && second.len() == 2 => {
                let per_event = |index: usize| (second[index] - first[index]) / (count + 1) as f64;
                Ok((per_event(0), per_event(1)))
            }
            _ => Err(format!("no counts in: {stderr}")),
        }
    }

    /// Measures times and memory.
    pub(crate) fn time(
        &self,
        program: &Program,
        work: Work,
        warm_up: usize,
        count: usize,
    ) -> Result<Timed, String> {
        let running = self.start(program, work, false, &[])?;
        let event = work.usual();
        running.api.feed(&event, warm_up, LIMIT)?;
        let before = cpu_time(running.id());
        let mut cycles = running.api.feed(&event, count, LIMIT)?;
        let after = cpu_time(running.id());
        cycles.sort();
        let at = |part: usize| cycles.get(cycles.len() * part / 100).copied().unwrap_or_default();
        let per_event = |time: Duration| time / u32::try_from(count).unwrap_or(1).max(1);
        Ok(Timed {
            p50: at(50),
            p99: at(99),
            cpu: after
                .zip(before)
                .and_then(|(after, before)| after.checked_sub(before))
                .map(per_event),
            peak_memory: memory(running.id(), "VmHWM"),
            memory: memory(running.id(), "VmRSS"),
            connections: running.api.connections(),
        })
    }

    /// The time from the start of the process to its first poll.
    pub(crate) fn time_to_first_poll(&self, program: &Program) -> Result<Duration, String> {
        let begun = Instant::now();
        let running = self.start(program, HELLO, false, &[])?;
        running.api.wait_for_poll(LIMIT)?;
        Ok(begun.elapsed())
    }
}

/// Parses the table of `strace -c`: the number of calls by name.
fn read_strace(table: &str) -> BTreeMap<String, u64> {
    let row = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (calls, name) = (fields.get(3)?.parse().ok()?, (*fields.last()?).to_owned());
        (name != "total").then_some((name, calls))
    };
    table.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_with_and_without_errors_and_without_the_total() {
        let table = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000300           3       100        50 read
 40.00    0.000200           2        99           write
------ ----------- ----------- --------- --------- ----------------
100.00    0.000500           2       199        50 total
";
        let calls = read_strace(table);
        assert_eq!(
            calls.into_iter().collect::<Vec<_>>(),
            [("read".to_owned(), 100), ("write".to_owned(), 99)]
        );
    }

    #[test]
    fn events_have_the_size_that_they_are_asked_for() {
        assert_eq!(HELLO.usual().payload.as_slice(), br#"{"name":"Ada L."}"#);
        for (size, event) in [(17, ""), (10_000, "owned"), (6_000_000, "echo")] {
            assert_eq!(Work { size, event, log_lines: 0 }.usual().payload.len(), size);
        }
    }
}
