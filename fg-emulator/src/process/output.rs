//! The output of a function's process, as lines: those of the current request, and the last ones
//! for an error's message.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

/// How many bytes of log are kept until they are taken, as on the platform; the newest stay.
const MAX_UNTAKEN: usize = 10 << 20;

/// How many bytes of the last lines an error's message shows.
const MAX_LAST: usize = 4 << 10;

/// A longer line, in bytes, is split: a process may never end its line.
const MAX_LINE: usize = 1 << 20;

/// Is called with each line as it is written.
pub(crate) type LineSink = Arc<dyn Fn(&str) + Send + Sync>;

/// The output of one process.
#[derive(Default)]
pub(crate) struct Output {
    lines: Mutex<Lines>,
    sink: Option<LineSink>,
}

#[derive(Debug, Default)]
struct Lines {
    /// A line that has not ended.
    partial: Vec<u8>,
    /// Complete lines that have not been taken yet.
    untaken: VecDeque<String>,
    untaken_bytes: usize,
    /// How many lines have been before those that have not been taken.
    passed: u64,
    /// For each request that can run beside others, how many lines were before it.
    open_requests: BTreeMap<u64, u64>,
    opened: u64,
    /// The lines before the answer, once the function has answered.
    request_lines: Option<Vec<String>>,
    /// The last lines, taken or not.
    last: VecDeque<String>,
    last_bytes: usize,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("lines", &self.lines).finish_non_exhaustive()
    }
}

impl Output {
    pub(crate) fn new(sink: Option<LineSink>) -> Self {
        Self { lines: Mutex::default(), sink }
    }

    /// Adds bytes as they were written.
    pub(crate) fn append(&self, bytes: &[u8]) {
        let mut complete = Vec::new();
        let mut lines = self.lines.lock();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            lines.partial.extend_from_slice(part);
            if part.ends_with(b"\n") || lines.partial.len() >= MAX_LINE {
                complete.push(lines.end_line());
            }
        }
        drop(lines);
        self.notify_sink(&complete);
    }

    /// Completes a line without a line end, at the end of the process or of a request.
    pub(crate) fn end_line(&self) {
        let mut lines = self.lines.lock();
        let complete = if lines.partial.is_empty() { Vec::new() } else { vec![lines.end_line()] };
        drop(lines);
        self.notify_sink(&complete);
    }

    /// The lines that have not been taken yet; the last one may have no line end. None, while there
    /// are [open requests](Self::open_request), whose lines they are.
    pub(crate) fn take(&self) -> Vec<String> {
        self.end_line();
        let mut lines = self.lines.lock();
        if !lines.open_requests.is_empty() {
            return Vec::new();
        }
        let mut all = lines.request_lines.take().unwrap_or_default();
        all.extend(lines.take_untaken());
        all
    }

    /// Marks the answer to the request: later lines do not belong to the request.
    pub(crate) fn end_request(&self) {
        self.end_line();
        let mut lines = self.lines.lock();
        if lines.request_lines.is_none() {
            lines.request_lines = Some(lines.take_untaken());
        }
    }

    /// The lines of the request that has [ended](Self::end_request); if none has, all that have not
    /// been taken yet.
    pub(crate) fn take_request(&self) -> Vec<String> {
        let request_lines = self.lines.lock().request_lines.take();
        request_lines.unwrap_or_else(|| self.take())
    }

    /// Marks the begin of a request that may run beside others. The lines from now on are its own,
    /// and those of the others. Also returns the lines that belong to no request.
    pub(crate) fn open_request(&self) -> (OpenRequest, Vec<String>) {
        self.end_line();
        let mut lines = self.lines.lock();
        let is_alone = lines.open_requests.is_empty();
        let before = if is_alone { lines.take_untaken() } else { Vec::new() };
        lines.opened += 1;
        let (number, begin) = (lines.opened, lines.passed + lines.untaken.len() as u64);
        lines.open_requests.insert(number, begin);
        (OpenRequest(number), before)
    }

    /// The lines since the begin of a request, which ends.
    pub(crate) fn close_request(&self, request: OpenRequest) -> Vec<String> {
        self.end_line();
        let mut lines = self.lines.lock();
        let begin = lines.open_requests.remove(&request.0).unwrap_or_default();
        let skipped = usize::try_from(begin.saturating_sub(lines.passed)).unwrap_or(usize::MAX);
        let own = lines.untaken.iter().skip(skipped).cloned().collect();
        lines.forget_closed();
        own
    }

    /// The last 4 KB of lines, taken or not.
    pub(crate) fn last(&self) -> Vec<String> {
        self.lines.lock().last.iter().cloned().collect()
    }

    fn notify_sink(&self, lines: &[String]) {
        if let Some(sink) = &self.sink {
            lines.iter().for_each(|line| sink(line));
        }
    }
}

/// A request that may run beside others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenRequest(u64);

impl Lines {
    /// Drops the lines that belong to no open request.
    fn forget_closed(&mut self) {
        let all = self.passed + self.untaken.len() as u64;
        let needed = self.open_requests.values().copied().min().unwrap_or(all);
        while self.passed < needed {
            let Some(line) = self.untaken.pop_front() else { break };
            self.untaken_bytes -= line.len() + 1;
            self.passed += 1;
        }
    }

    fn take_untaken(&mut self) -> Vec<String> {
        self.untaken_bytes = 0;
        self.passed += self.untaken.len() as u64;
        self.untaken.drain(..).collect()
    }

    fn end_line(&mut self) -> String {
        let bytes = std::mem::take(&mut self.partial);
        let text = String::from_utf8_lossy(&bytes);
        let line = text.trim_end_matches(['\n', '\r']).to_owned();
        self.passed +=
            push_bounded(&mut self.untaken, &mut self.untaken_bytes, line.clone(), MAX_UNTAKEN);
        push_bounded(&mut self.last, &mut self.last_bytes, line.clone(), MAX_LAST);
        line
    }
}

/// Appends a line, and drops the oldest ones beyond the limit. The newest always stays. Returns how
/// many were dropped.
fn push_bounded(
    lines: &mut VecDeque<String>,
    bytes: &mut usize,
    line: String,
    limit: usize,
) -> u64 {
    let mut dropped = 0;
    *bytes += line.len() + 1;
    lines.push_back(line);
    while *bytes > limit && lines.len() > 1 {
        *bytes -= lines.pop_front().map_or(0, |oldest| oldest.len() + 1);
        dropped += 1;
    }
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_from_parts_and_taken_once() {
        let output = Output::default();
        output.append(b"one\ntw");
        output.append(b"o\r\nthr");
        assert_eq!(output.take(), ["one", "two", "thr"]);
        assert!(output.take().is_empty());
        output.append(b"ee");
        output.end_line();
        assert_eq!(output.take(), ["ee"]);
        assert_eq!(output.last(), ["one", "two", "thr", "ee"]);
    }

    #[test]
    fn a_line_without_end_is_not_kept_as_a_whole() {
        let output = Output::default();
        for _ in 0..40 {
            output.append(&[b'x'; 100_000]);
        }
        let lines = output.take();
        assert!(
            lines.len() >= 3 && lines.iter().all(|line| line.len() <= MAX_LINE + 100_000),
            "{}",
            lines.len()
        );
        assert_eq!(lines.iter().map(String::len).sum::<usize>(), 4_000_000);
    }

    #[test]
    fn what_comes_after_the_answer_does_not_belong_to_the_request() {
        let output = Output::default();
        output.append(b"before\n");
        output.end_request();
        output.append(b"after\n");
        assert_eq!(output.take_request(), ["before"]);
        assert_eq!(output.take(), ["after"]);
        output.append(b"no answer\n");
        assert_eq!(output.take_request(), ["no answer"]);
    }

    #[test]
    fn requests_that_run_at_the_same_time_have_the_lines_from_their_begin_to_their_end() {
        let output = Output::default();
        output.append(b"start\n");
        let (one, before) = output.open_request();
        assert_eq!(before, ["start"]);
        output.append(b"a\n");
        let (other, before) = output.open_request();
        assert!(before.is_empty());
        output.append(b"b\n");
        assert!(output.take().is_empty());
        assert_eq!(output.close_request(one), ["a", "b"]);
        output.append(b"c\n");
        assert_eq!(output.close_request(other), ["b", "c"]);
        output.append(b"between\n");
        let (third, before) = output.open_request();
        assert_eq!(before, ["between"]);
        for _ in 0..20 {
            output.append(&[b'x'; 1 << 20]);
            output.append(b"\n");
        }
        let lines = output.close_request(third);
        assert!(lines.len() < 20 && output.take().is_empty(), "{}", lines.len());
    }

    #[test]
    fn the_newest_lines_are_kept() {
        let output = Output::default();
        let line = "x".repeat(999);
        for _ in 0..20 {
            output.append(format!("{line}\n").as_bytes());
        }
        output.append(b"last\n");
        let last = output.last();
        assert_eq!((last.len(), last.last().map(String::as_str)), (5, Some("last")));
        output.append(&[b'y'; 2 * MAX_LAST]);
        output.end_line();
        assert_eq!(output.last().len(), 1);
    }

    #[test]
    fn every_line_is_told_as_it_comes() {
        let (lines, received) = std::sync::mpsc::channel();
        let output =
            Output::new(Some(Arc::new(move |line: &str| drop(lines.send(line.to_owned())))));
        output.append(b"a\nb\nc");
        assert_eq!(received.try_iter().collect::<Vec<_>>(), ["a", "b"]);
        output.end_line();
        assert_eq!(received.try_iter().collect::<Vec<_>>(), ["c"]);
    }
}
