//! What a function's process writes, as lines: those of the request that runs, and the last ones
//! for an error's message.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The platform keeps so many bytes of log that have not been taken yet, the newest.
const KEPT: usize = 10 << 20;

/// How many bytes of the last lines an error's message repeats.
const EXCERPT: usize = 4 << 10;

/// A line that is longer, in bytes, is several: a process may never end one.
const LONGEST: usize = 1 << 20;

/// What is told of every line, as it comes.
pub(crate) type LineSink = Arc<dyn Fn(&str) + Send + Sync>;

/// The lines of one process. What reads its pipe appends here.
#[derive(Default)]
pub(crate) struct Output {
    lines: Mutex<Lines>,
    sink: Option<LineSink>,
}

#[derive(Debug, Default)]
struct Lines {
    /// A line that has not ended.
    partial: Vec<u8>,
    /// Complete lines that have not been taken.
    fresh: VecDeque<String>,
    fresh_bytes: usize,
    /// Those that were written before the answer, once that has come.
    of_request: Option<Vec<String>>,
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

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in bytes as they were written.
    pub(crate) fn append(&self, bytes: &[u8]) {
        let mut ended = Vec::new();
        let mut lines = self.lock();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            lines.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || lines.partial.len() >= LONGEST {
                ended.push(lines.end_line());
            }
        }
        drop(lines);
        self.tell(&ended);
    }

    /// The process is at its end, or at that of a request: what has no line end is a line too.
    pub(crate) fn end_line(&self) {
        let mut lines = self.lock();
        let ended = if lines.partial.is_empty() { Vec::new() } else { vec![lines.end_line()] };
        drop(lines);
        self.tell(&ended);
    }

    /// The lines that have not been taken yet; the last one need not have ended.
    pub(crate) fn take(&self) -> Vec<String> {
        self.end_line();
        let mut lines = self.lock();
        let mut all = lines.of_request.take().unwrap_or_default();
        all.extend(lines.take_fresh());
        all
    }

    /// The answer to the request has come, and what is written from now on does not belong to it.
    pub(crate) fn end_request(&self) {
        self.end_line();
        let mut lines = self.lock();
        if lines.of_request.is_none() {
            lines.of_request = Some(lines.take_fresh());
        }
    }

    /// The lines of the request that has [ended](Self::end_request); if none has, all that have not
    /// been taken yet.
    pub(crate) fn take_request(&self) -> Vec<String> {
        let of_request = self.lock().of_request.take();
        of_request.unwrap_or_else(|| self.take())
    }

    /// The last lines, taken or not, at most some KB.
    pub(crate) fn last(&self) -> Vec<String> {
        self.lock().last.iter().cloned().collect()
    }

    fn tell(&self, lines: &[String]) {
        if let Some(sink) = &self.sink {
            lines.iter().for_each(|line| sink(line));
        }
    }
}

impl Lines {
    fn take_fresh(&mut self) -> Vec<String> {
        self.fresh_bytes = 0;
        self.fresh.drain(..).collect()
    }

    fn end_line(&mut self) -> String {
        let bytes = std::mem::take(&mut self.partial);
        let text = String::from_utf8_lossy(&bytes);
        let line = text.trim_end_matches(['\n', '\r']).to_owned();
        keep(&mut self.fresh, &mut self.fresh_bytes, line.clone(), KEPT);
        keep(&mut self.last, &mut self.last_bytes, line.clone(), EXCERPT);
        line
    }
}

/// Appends a line and gives up the oldest ones beyond the limit; the newest always stays.
fn keep(lines: &mut VecDeque<String>, bytes: &mut usize, line: String, limit: usize) {
    *bytes += line.len() + 1;
    lines.push_back(line);
    while *bytes > limit && lines.len() > 1 {
        *bytes -= lines.pop_front().map_or(0, |oldest| oldest.len() + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_from_pieces_and_taken_once() {
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
            lines.len() >= 3 && lines.iter().all(|line| line.len() <= LONGEST + 100_000),
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
    fn the_newest_lines_are_kept() {
        let output = Output::default();
        let line = "x".repeat(999);
        for _ in 0..20 {
            output.append(format!("{line}\n").as_bytes());
        }
        output.append(b"last\n");
        let last = output.last();
        assert_eq!((last.len(), last.last().map(String::as_str)), (5, Some("last")));
        output.append(&[b'y'; 2 * EXCERPT]);
        output.end_line();
        assert_eq!(output.last().len(), 1);
    }

    #[test]
    fn every_line_is_told_as_it_comes() {
        let (lines, told) = std::sync::mpsc::channel();
        let output =
            Output::new(Some(Arc::new(move |line: &str| drop(lines.send(line.to_owned())))));
        output.append(b"a\nb\nc");
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["a", "b"]);
        output.end_line();
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["c"]);
    }
}
