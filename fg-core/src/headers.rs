//! The headers of an invocation, copied into one buffer that is reused.

use std::ops::Range;
use std::str::from_utf8;

/// How many bytes the headers of an invocation usually have, and how many there are.
const USUAL_BYTES: usize = 512;
const USUAL_COUNT: usize = 16;

/// Headers in one buffer that is reused from invocation to invocation.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    /// The names and the values, and what stood between them. After [`complete`](Self::complete)
    /// each of them is UTF-8.
    bytes: Vec<u8>,
    lines: Vec<Line>,
}

/// Where a name and its value are in the buffer.
#[derive(Clone, Debug)]
struct Line {
    name: Range<usize>,
    value: Range<usize>,
}

impl Headers {
    /// Removes and wipes all of them: what a caller has sent, such as an `Authorization`, is not
    /// left in memory.
    pub(crate) fn clear(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        wipe(&mut self.bytes);
        self.bytes.clear();
        self.lines.clear();
    }

    /// Copies a whole head, in one go. Its lines have to be [pushed](Self::push), or
    /// [removed](Self::remove), right after that.
    pub(crate) fn copy_head(&mut self, head: &[u8]) {
        if self.bytes.capacity() < head.len() {
            self.make_room(head.len());
        }
        self.bytes.extend_from_slice(head);
    }

    /// Adds a header; it is found after [`complete`](Self::complete). It is copied unless it is a
    /// part of `head`, which has been copied.
    #[inline]
    pub(crate) fn push(&mut self, head: &[u8], name: &str, value: &[u8]) {
        let line = match (place_in(head, name.as_bytes()), place_in(head, value)) {
            (Some(name), Some(value)) => Line { name, value },
            _ => return self.append(name, value),
        };
        self.lines.push(line);
    }

    /// Wipes the value of a header that is a part of `head`, which has been copied.
    #[inline(never)]
    pub(crate) fn remove(&mut self, head: &[u8], value: &[u8]) {
        if let Some(value) = place_in(head, value) {
            wipe(&mut self.bytes[value]);
        }
    }

    /// Adds a header as a copy; it is found after [`complete`](Self::complete).
    pub(crate) fn append(&mut self, name: &str, value: &[u8]) {
        let start = self.bytes.len();
        let middle = start + name.len();
        let end = middle + value.len();
        if self.bytes.capacity() < end {
            self.make_room(end);
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(value);
        self.lines.push(Line { name: start..middle, value: middle..end });
    }

    /// Replaces the buffer with a larger one. A vector that grows by itself does not wipe the
    /// memory it leaves.
    #[cold]
    fn make_room(&mut self, needed: usize) {
        self.lines.reserve(USUAL_COUNT);
        let mut larger = Vec::with_capacity(USUAL_BYTES.max(2 * needed));
        larger.extend_from_slice(&self.bytes);
        wipe(&mut std::mem::replace(&mut self.bytes, larger));
    }

    /// Has to be called after the last header.
    pub(crate) fn complete(&mut self) {
        // `is_ascii` looks at the last bytes one by one; this loop is vectorized.
        if self.bytes.iter().fold(0, |all, byte| all | byte) >= 0x80 {
            self.mend();
        }
    }

    /// Replaces what is not UTF-8, name by name and value by value. The platform sends nothing
    /// else, but a caller may, and that is no reason to fail.
    #[cold]
    fn mend(&mut self) {
        let mut mended = Self::default();
        // No byte becomes longer than the three of the replacement character.
        mended.make_room(3 * self.bytes.len());
        for line in &self.lines {
            let name = String::from_utf8_lossy(&self.bytes[line.name.clone()]);
            let value = String::from_utf8_lossy(&self.bytes[line.value.clone()]);
            mended.push(&[], &name, value.as_bytes());
        }
        // What is replaced is wiped when it is dropped.
        *self = mended;
    }

    /// Returns the first header of this name, whatever its case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let line = self.lines.iter().find(|line| {
            line.name.len() == name.len()
                && self.bytes[line.name.clone()].eq_ignore_ascii_case(name.as_bytes())
        })?;
        from_utf8(&self.bytes[line.value.clone()]).ok()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().filter_map(|line| {
            let name = from_utf8(&self.bytes[line.name.clone()]).ok()?;
            Some((name, from_utf8(&self.bytes[line.value.clone()]).ok()?))
        })
    }
}

/// Where `part` is in `whole`; `None` if it is not a part of it.
fn place_in(whole: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len()).then_some(start..end)
}

impl Drop for Headers {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Overwrites the bytes, even though nothing reads them afterwards.
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
}

/// Whether a value, without spaces around it, stands for no value: the platform sends headers and
/// variables that are not in use empty, or as the word `null`.
pub(crate) fn is_absent(value: &[u8]) -> bool {
    value.is_empty() || value.len() == 4 && value.eq_ignore_ascii_case(b"null")
}

/// The value without spaces around it; `None` if it is [absent](is_absent).
pub(crate) fn present(value: &str) -> Option<&str> {
    let value = value.trim();
    (!is_absent(value.as_bytes())).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_cut_in_two_by_the_end_of_a_value_is_mended() {
        let mut headers = Headers::default();
        headers.push(&[], "a", b"x\xc3");
        headers.push(&[], "", b"\xa9y");
        headers.push(&[], "b", "é".as_bytes());
        headers.complete();
        assert_eq!(
            headers.iter().collect::<Vec<_>>(),
            [("a", "x\u{fffd}"), ("", "\u{fffd}y"), ("b", "é")]
        );
        assert_eq!((headers.get("A"), headers.get("")), (Some("x\u{fffd}"), Some("\u{fffd}y")));
    }

    #[test]
    fn a_head_is_copied_once_and_what_is_not_a_part_of_it_beside_it() {
        let head = b"host: a\r\ntoken: hunter2\r\n\r\n";
        let mut headers = Headers::default();
        headers.copy_head(head);
        headers.push(head, from_utf8(&head[..4]).expect("ASCII"), &head[6..7]);
        headers.remove(head, &head[16..23]);
        headers.push(head, "other", b"b");
        headers.complete();
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("host", "a"), ("other", "b")]);
        assert!(!headers.bytes.windows(7).any(|bytes| bytes == b"hunter2"));
        assert_eq!(headers.bytes.len(), head.len() + "otherb".len());
    }
}
