//! The files of one stream: lines are appended to one file, which is kept as the previous one when
//! it is full.
//!
//! A block is a part of a file with the numbers and times of its lines. A query reads only the
//! blocks that may have what it asks for; one for later lines than the last reads nothing.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::line::{Line, parts};

/// A block is closed when it has this many bytes.
const BLOCK: u64 = 64 << 10;

/// The files in a stream's folder, the older first.
const NAMES: [&str; 2] = ["previous.jsonl", "current.jsonl"];

/// One stream, and what its files have.
#[derive(Debug)]
pub(super) struct Stream {
    folder: PathBuf,
    /// A file is full when it has this many bytes.
    limit: u64,
    previous: Part,
    current: Part,
    last: u64,
    /// A write has failed, so that the file may have more than is known here.
    is_broken: bool,
}

/// A file of a stream.
#[derive(Debug, Default)]
struct Part {
    length: u64,
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
struct Block {
    offset: u64,
    length: u64,
    numbers: RangeInclusive<u64>,
    times: RangeInclusive<i64>,
}

/// Blocks of a stream as it was at one moment, in the order of the lines. Later changes of the
/// stream do not change them.
#[derive(Debug)]
pub(super) struct View {
    parts: Vec<(File, Vec<Block>)>,
}

impl Stream {
    /// Opens the stream in this folder. A line that was not written to its end is cut off.
    pub(super) fn open(folder: PathBuf, limit: u64) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let [previous, current] = NAMES.map(|name| Part::open(&folder.join(name)));
        let (previous, current) = (previous?, current?);
        let last = previous.blocks.iter().chain(&current.blocks).map(|block| *block.numbers.end());
        let last = last.max().unwrap_or(0);
        Ok(Self { folder, limit, previous, current, last, is_broken: false })
    }

    /// The number of the last line; 0 if there has been none.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Whether it has to be opened again, which cuts off what was not written to its end.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Appends lines of one time. They are in the file when this returns, so that they outlive the
    /// process.
    pub(super) fn append<'l>(
        &mut self,
        time: jiff::Timestamp,
        version: &str,
        request_id: &str,
        lines: impl Iterator<Item = &'l str>,
    ) -> io::Result<()> {
        let from = u64::try_from(time.as_nanosecond()).unwrap_or(0);
        let time = time.as_millisecond();
        let mut chunk = Vec::new();
        let (mut first, mut last) = (None, self.last);
        for content in lines.flat_map(parts) {
            last = (last + 1).max(from);
            first.get_or_insert(last);
            let line = Line {
                line_num: last,
                time,
                request_id: Cow::Borrowed(request_id),
                version: Cow::Borrowed(version),
                content: Cow::Borrowed(content),
            };
            serde_json::to_writer(&mut chunk, &line)?;
            chunk.push(b'\n');
            if chunk.len() as u64 >= BLOCK.min(self.limit) {
                self.write(&chunk, first.unwrap_or(last)..=last, time)?;
                chunk.clear();
                first = None;
            }
        }
        match first {
            Some(first) => self.write(&chunk, first..=last, time),
            None => Ok(()),
        }
    }

    fn write(&mut self, chunk: &[u8], numbers: RangeInclusive<u64>, time: i64) -> io::Result<()> {
        let length = chunk.len() as u64;
        let path = self.folder.join(NAMES[1]);
        // Until all of it is written, for example to a full disk.
        self.is_broken = true;
        if self.current.length > 0 && self.current.length + length > self.limit {
            fs::rename(&path, self.folder.join(NAMES[0]))?;
            self.previous = std::mem::take(&mut self.current);
        }
        OpenOptions::new().append(true).create(true).open(&path)?.write_all(chunk)?;
        self.is_broken = false;
        self.last = *numbers.end();
        self.current.add(length, numbers, time..=time);
        Ok(())
    }

    /// The blocks that may have lines with these numbers and times. Opens no file if there are
    /// none.
    pub(super) fn view(
        &self,
        numbers: &RangeInclusive<u64>,
        times: &RangeInclusive<i64>,
    ) -> io::Result<View> {
        let mut parts = Vec::new();
        for (part, name) in [&self.previous, &self.current].into_iter().zip(NAMES) {
            let blocks = part.blocks.iter();
            let blocks = blocks
                .filter(|block| overlap(&block.numbers, numbers) && overlap(&block.times, times));
            let blocks: Vec<_> = blocks.cloned().collect();
            if !blocks.is_empty() {
                parts.push((File::open(self.folder.join(name))?, blocks));
            }
        }
        Ok(View { parts })
    }
}

impl Part {
    /// Reads what a file has. It need not exist.
    fn open(path: &Path) -> io::Result<Self> {
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let mut part = Self::default();
        let mut reader = BufReader::with_capacity(BLOCK as usize, &file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)? as u64;
            if !line.ends_with(b"\n") {
                break;
            }
            match serde_json::from_slice::<Line<'_>>(&line) {
                Ok(Line { line_num, time, .. }) => {
                    part.add(length, line_num..=line_num, time..=time);
                }
                // A line that cannot be read is skipped by queries, too.
                Err(_) => part.skip(length),
            }
        }
        if file.metadata()?.len() > part.length {
            file.set_len(part.length)?;
        }
        Ok(part)
    }

    fn add(&mut self, length: u64, numbers: RangeInclusive<u64>, times: RangeInclusive<i64>) {
        match self.blocks.last_mut().filter(|block| block.length < BLOCK) {
            Some(block) => {
                block.length += length;
                block.numbers = union(&block.numbers, &numbers);
                block.times = union(&block.times, &times);
            }
            None => self.blocks.push(Block { offset: self.length, length, numbers, times }),
        }
        self.length += length;
    }

    fn skip(&mut self, length: u64) {
        if let Some(block) = self.blocks.last_mut() {
            block.length += length;
        }
        self.length += length;
    }
}

impl View {
    /// Calls `each` with the lines of the blocks, from the first on or from the last on, until it
    /// returns `false`.
    pub(super) fn for_each(
        mut self,
        from_the_last: bool,
        mut each: impl FnMut(Line<'_>) -> bool,
    ) -> io::Result<()> {
        if from_the_last {
            self.parts.reverse();
        }
        let mut bytes = Vec::new();
        for (file, blocks) in &mut self.parts {
            if from_the_last {
                blocks.reverse();
            }
            for block in blocks.iter() {
                file.seek(SeekFrom::Start(block.offset))?;
                bytes.clear();
                file.take(block.length).read_to_end(&mut bytes)?;
                let lines = bytes.split(|byte| *byte == b'\n');
                let mut read = |line| match serde_json::from_slice(line) {
                    Ok(line) => each(line),
                    Err(_) => true,
                };
                let goes_on = if from_the_last {
                    lines.rev().all(&mut read)
                } else {
                    { lines }.all(&mut read)
                };
                if !goes_on {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn overlap<T: Ord>(one: &RangeInclusive<T>, other: &RangeInclusive<T>) -> bool {
    one.start() <= other.end() && other.start() <= one.end()
}

fn union<T: Ord + Copy>(one: &RangeInclusive<T>, other: &RangeInclusive<T>) -> RangeInclusive<T> {
    *one.start().min(other.start())..=*one.end().max(other.end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    const ALL: (RangeInclusive<u64>, RangeInclusive<i64>) = (0..=u64::MAX, i64::MIN..=i64::MAX);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn contents(stream: &Stream, from_the_last: bool) -> Vec<String> {
        let mut all = Vec::new();
        let view = stream.view(&ALL.0, &ALL.1).expect("it can be read");
        view.for_each(from_the_last, |line| {
            all.push(line.content.into_owned());
            true
        })
        .expect("it can be read");
        all
    }

    fn append(stream: &mut Stream, second: i64, lines: &[&str]) {
        stream.append(at(second), "latest", "r", lines.iter().copied()).expect("it is written");
    }

    #[test]
    fn lines_are_read_in_both_directions_and_numbered_by_their_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut stream = Stream::open(folder.path().into(), 1 << 20).expect("it opens");
        append(&mut stream, 10, &["a", "b"]);
        append(&mut stream, 9, &["late"]);
        append(&mut stream, 11, &["c"]);
        assert_eq!(contents(&stream, false), ["a", "b", "late", "c"]);
        assert_eq!(contents(&stream, true), ["c", "late", "b", "a"]);
        assert_eq!(stream.last(), 11_000_000_000);
    }

    #[test]
    fn a_half_written_line_is_cut_and_numbers_go_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut stream = Stream::open(folder.path().into(), 1 << 20).expect("it opens");
        append(&mut stream, 10, &["a", "b"]);
        let last = stream.last();
        let path = folder.path().join("current.jsonl");
        let mut bytes = fs::read(&path).expect("it is there");
        let whole = bytes.len();
        bytes.extend_from_slice(b"not json\n{\"line_num\":99,\"time\":1,\"req");
        fs::write(&path, bytes).expect("it is written");
        let mut stream = Stream::open(folder.path().into(), 1 << 20).expect("it opens");
        assert_eq!(stream.last(), last);
        assert_eq!(fs::metadata(&path).expect("it is there").len() as usize, whole + 9);
        append(&mut stream, 1, &["c"]);
        assert_eq!(stream.last(), last + 1);
        assert_eq!(contents(&stream, false), ["a", "b", "c"]);
    }

    #[test]
    fn a_stream_keeps_at_most_two_files_and_drops_the_oldest_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let limit = 10_000;
        let mut stream = Stream::open(folder.path().into(), limit).expect("it opens");
        let lines: Vec<_> = (0..1000).map(|at| format!("line {at}")).collect();
        for line in &lines {
            append(&mut stream, 1, &[line]);
        }
        let size: u64 = NAMES
            .iter()
            .map(|name| fs::metadata(folder.path().join(name)).expect("it is there").len())
            .sum();
        assert!(size <= 2 * limit && size > limit, "{size}");
        let kept = contents(&stream, false);
        assert_eq!(kept, lines[lines.len() - kept.len()..]);
        let again = Stream::open(folder.path().into(), limit).expect("it opens");
        assert_eq!(contents(&again, false), kept);
        assert_eq!(again.last(), stream.last());
    }

    #[test]
    fn a_query_for_later_lines_opens_no_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut stream = Stream::open(folder.path().into(), 1 << 20).expect("it opens");
        append(&mut stream, 10, &["a"]);
        fs::remove_file(folder.path().join("current.jsonl")).expect("it is removed");
        let later = stream.last() + 1..=u64::MAX;
        assert!(stream.view(&later, &ALL.1).expect("nothing is opened").parts.is_empty());
        assert!(stream.view(&ALL.0, &ALL.1).is_err());
    }

    #[test]
    fn a_view_stays_as_it_was_while_lines_are_added_and_files_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut stream = Stream::open(folder.path().into(), 500).expect("it opens");
        append(&mut stream, 10, &["a", "b"]);
        let view = stream.view(&ALL.0, &ALL.1).expect("it can be read");
        for _ in 0..20 {
            append(&mut stream, 11, &["new"]);
        }
        let mut seen = Vec::new();
        view.for_each(false, |line| {
            seen.push(line.content.into_owned());
            true
        })
        .expect("it can be read");
        assert_eq!(seen, ["a", "b"]);
    }
}
