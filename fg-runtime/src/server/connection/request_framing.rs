//! Follows the framing of the requests on a connection, and makes those unreadable that two servers
//! could read differently.
//!
//! The parser takes a line that ends in a bare LF, and a request with both `Content-Length` and
//! `Transfer-Encoding`. A proxy in front of us may read either of them in another way, and take the
//! rest of one request for the next one ("request smuggling"). So the bytes are looked at as they
//! come, and the byte that makes them ambiguous is replaced by a NUL, which no head may have: the
//! parser then refuses the request with status 400 and closes the connection.

/// Which bytes of a connection are a head, and which a body.
#[derive(Debug)]
pub(crate) struct RequestFraming {
    state: State,
    last: u8,
    /// Whether nothing of the head has come but empty lines.
    is_at_start: bool,
    line: Line,
    length: Option<u64>,
    is_chunked: bool,
    /// How many heads are complete.
    heads: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Head,
    /// So many bytes of a body, or of a chunk and its line end, are to come.
    Body(u64),
    Chunk(u64),
    /// In the line with the size of a chunk: the size so far, and whether it is complete.
    ChunkSize(u64, bool),
    Trailer,
    /// The request has been made unreadable: what follows is never read.
    Refused,
}

/// What is known of the line of a head.
#[derive(Debug, Default)]
struct Line {
    length: usize,
    /// The beginning of its name, lower case.
    name: [u8; LONGEST_NAME],
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Kind {
    /// The name is not complete.
    #[default]
    Unknown,
    ContentLength(u64),
    Other,
}

const LONGEST_NAME: usize = TRANSFER_ENCODING.len();
const CONTENT_LENGTH: &[u8] = b"content-length";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding";

impl Default for RequestFraming {
    fn default() -> Self {
        Self {
            state: State::Head,
            last: 0,
            is_at_start: true,
            line: Line::default(),
            length: None,
            is_chunked: false,
            heads: 0,
        }
    }
}

impl RequestFraming {
    /// Whether a head has begun and is not complete.
    pub(crate) const fn is_in_head(&self) -> bool {
        matches!(self.state, State::Head) && !self.is_at_start
    }

    /// How many heads have begun.
    pub(crate) const fn heads(&self) -> u64 {
        self.heads + self.is_in_head() as u64
    }

    /// Whether a request has begun and is not complete.
    pub(crate) const fn is_in_request(&self) -> bool {
        self.is_in_head() || !matches!(self.state, State::Head)
    }

    /// Follows the bytes that have come, and replaces the one that makes a head ambiguous.
    pub(crate) fn scan(&mut self, mut bytes: &mut [u8]) {
        loop {
            let ordinary = self.pass_lines(bytes);
            bytes = &mut bytes[ordinary..];
            let Some(first) = bytes.first_mut() else { return };
            let taken = match self.state {
                State::Refused => return,
                State::Head => {
                    if self.refuses(*first) {
                        *first = 0;
                        self.state = State::Refused;
                    }
                    1
                }
                State::Body(rest) => self.skip(rest, bytes.len(), State::Body),
                State::Chunk(rest) => self.skip(rest, bytes.len(), State::Chunk),
                State::ChunkSize(size, is_complete) => {
                    self.read_chunk_size(*first, size, is_complete);
                    1
                }
                State::Trailer => {
                    if self.refuses_in_trailer(*first) {
                        *first = 0;
                        self.state = State::Refused;
                    }
                    1
                }
            };
            bytes = &mut bytes[taken..];
        }
    }

    /// Passes over what is there of a body.
    fn skip(&mut self, rest: u64, available: usize, state: impl Fn(u64) -> State) -> usize {
        let taken = usize::try_from(rest).unwrap_or(usize::MAX).min(available);
        let rest = rest - taken as u64;
        self.state = match state(rest) {
            State::Chunk(0) => State::ChunkSize(0, false),
            State::Body(0) => return self.begin_head(taken),
            going_on => going_on,
        };
        taken
    }

    fn begin_head(&mut self, taken: usize) -> usize {
        *self = Self { heads: self.heads, ..Self::default() };
        taken
    }

    /// Passes over the lines of a head that are complete and of the usual form, as most are.
    /// Returns how many bytes they have.
    ///
    /// This is a shortcut for what [`refuses`](Self::refuses) does byte by byte: only the lines
    /// behind a [special](is_special) line feed are looked at, and everything that is not of the
    /// usual form is left to it.
    fn pass_lines(&mut self, bytes: &[u8]) -> usize {
        if !matches!(self.state, State::Head) || self.line.length > 0 {
            return 0;
        }
        // Where the line begins that is looked at.
        let mut start = 0;
        loop {
            match &bytes[start..] {
                [b'\r', b'\n', ..] if start > 0 || !self.is_at_start => {
                    self.end_head();
                    return start + 2;
                }
                [] | [b'\r' | b'\n' | b'T' | b't', ..] => break,
                line @ [b'C' | b'c', ..] => match length_in(line) {
                    Some(Some(length)) if !self.is_chunked => self.length = Some(length),
                    None => {}
                    Some(_) => break,
                },
                _ => {}
            }
            match special_line_feed(bytes, start + 1) {
                Some(end) if bytes[end - 1] == b'\r' => start = end + 1,
                end => {
                    // The line that it ends, or the one that is not complete.
                    let others = &bytes[start..end.unwrap_or(bytes.len())];
                    start += others.iter().rposition(|b| *b == b'\n').map_or(0, |last| last + 1);
                    break;
                }
            }
        }
        if start > 0 {
            self.is_at_start = false;
            self.last = b'\n';
        }
        start
    }

    /// Behind the empty line: what follows is the body, or another head.
    fn end_head(&mut self) {
        self.heads += 1;
        self.state = match (self.is_chunked, self.length) {
            (true, _) => State::ChunkSize(0, false),
            (false, Some(length)) if length > 0 => State::Body(length),
            _ => {
                self.begin_head(0);
                State::Head
            }
        };
    }

    /// Whether the head becomes ambiguous with this byte.
    fn refuses(&mut self, byte: u8) -> bool {
        let is_line_end = byte == b'\n';
        if is_line_end && self.last != b'\r' {
            return true;
        }
        // An empty line before a request is passed over, as the parser does.
        let is_empty_line = is_line_end && self.line.length == 1;
        self.last = byte;
        if !is_line_end {
            self.is_at_start &= byte == b'\r';
            return self.read_head_byte(byte);
        }
        let line = std::mem::take(&mut self.line);
        if let Kind::ContentLength(length) = line.kind {
            self.length = Some(length);
        }
        if is_empty_line && !self.is_at_start {
            self.end_head();
        }
        false
    }

    fn read_head_byte(&mut self, byte: u8) -> bool {
        let at = self.line.length;
        self.line.length += 1;
        match &mut self.line.kind {
            Kind::Unknown if byte == b':' => {
                let name = &self.line.name[..at.min(LONGEST_NAME)];
                if at == CONTENT_LENGTH.len() && name == CONTENT_LENGTH {
                    self.line.kind = Kind::ContentLength(0);
                    return self.is_chunked;
                }
                self.line.kind = Kind::Other;
                if at == TRANSFER_ENCODING.len() && name == TRANSFER_ENCODING {
                    self.is_chunked = true;
                    // A length of an earlier line, whatever it says.
                    return self.length.is_some();
                }
            }
            Kind::Unknown if at < LONGEST_NAME => self.line.name[at] = byte.to_ascii_lowercase(),
            Kind::Unknown => self.line.kind = Kind::Other,
            Kind::ContentLength(length) if byte.is_ascii_digit() => {
                *length = length.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
            }
            // What else stands there the parser judges.
            Kind::ContentLength(_) | Kind::Other => {}
        }
        false
    }

    /// What is not a number the parser refuses, and nothing after it is read.
    fn read_chunk_size(&mut self, byte: u8, size: u64, is_complete: bool) {
        self.state = match (byte, char::from(byte).to_digit(16)) {
            (b'\n', _) if size == 0 => {
                self.line = Line::default();
                self.last = b'\n';
                State::Trailer
            }
            // With the line end behind the chunk.
            (b'\n', _) => State::Chunk(size.saturating_add(2)),
            (_, Some(digit)) if !is_complete => {
                State::ChunkSize(size.saturating_mul(16).saturating_add(u64::from(digit)), false)
            }
            _ => State::ChunkSize(size, true),
        };
    }

    /// As [`refuses`](Self::refuses), behind the last chunk.
    fn refuses_in_trailer(&mut self, byte: u8) -> bool {
        let last = std::mem::replace(&mut self.last, byte);
        match byte {
            b'\n' if last != b'\r' => return true,
            b'\n' if self.line.length == 0 => {
                self.begin_head(0);
            }
            b'\n' => self.line.length = 0,
            b'\r' => {}
            _ => self.line.length += 1,
        }
        false
    }
}

/// How many bytes are searched at once.
const STEP: usize = 64;

/// Finds the next line feed that has to be looked at, from the place `from` on, which is not 0: one
/// without a CR before it; one before the end of the head, or before a line that may tell the
/// length of the body; or the last byte that has come.
fn special_line_feed(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(window) = bytes[at - 1..].first_chunk() {
        if let Some(place) = first_special(window) {
            return Some(at + place);
        }
        at += STEP;
    }
    // A line feed before a CR is looked at, and so is the last byte.
    let rest = &bytes[at - 1..];
    let mut window = [b'\r'; STEP + 2];
    window[..rest.len()].copy_from_slice(rest);
    first_special(&window).map(|place| at + place)
}

/// The first [special](is_special) line feed. In a form of which the compiler makes vector
/// instructions.
#[inline]
fn first_special(window: &[u8; STEP + 2]) -> Option<usize> {
    for step in (0..STEP).step_by(16) {
        let mut special = [0; 16];
        for (i, special) in special.iter_mut().enumerate() {
            let [before, byte, behind] = [0, 1, 2].map(|next| window[step + i + next]);
            *special |= u8::from(is_special(before, byte, behind));
        }
        let special = u128::from_le_bytes(special);
        if special != 0 {
            return Some(step + special.trailing_zeros() as usize / 8);
        }
    }
    None
}

/// Whether a line feed between these two bytes is looked at.
#[inline]
const fn is_special(before: u8, byte: u8, behind: u8) -> bool {
    let is_usual =
        (before == b'\r') & (behind != b'\r') & (behind | 0x20 != b'c') & (behind | 0x20 != b't');
    (byte == b'\n') & !is_usual
}

/// Reads the number in a `Content-Length` line of the usual form, such as `Content-Length: 17` and
/// the line's end, which is where these bytes begin. `None` if it is another line, `Some(None)` if
/// it has another form or is not complete.
fn length_in(bytes: &[u8]) -> Option<Option<u64>> {
    const USUAL: [&[u8]; 2] = [b"ontent-Length: ", b"ontent-length: "];
    // The last letter tells most lines apart.
    let last = CONTENT_LENGTH.len() - 1;
    if bytes.get(last).is_none_or(|letter| letter.to_ascii_lowercase() != CONTENT_LENGTH[last]) {
        return None;
    }
    let Some(value) = USUAL.iter().find_map(|usual| bytes[1..].strip_prefix(*usual)) else {
        return bytes[..=last].eq_ignore_ascii_case(CONTENT_LENGTH).then_some(None);
    };
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    // With more digits it could be too large.
    if digits >= 19 || !value[digits..].starts_with(b"\r\n") {
        return Some(None);
    }
    let digits = value[..digits].iter();
    Some(Some(digits.fold(0, |number, digit| 10 * number + u64::from(digit - b'0'))))
}

/// What the parser sees of these bytes, handed over in pieces of this size.
#[cfg(any(fuzzing, test))]
pub(crate) fn scanned(bytes: &[u8], piece: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut framing = RequestFraming::default();
    bytes.chunks_mut(piece).for_each(|piece| framing.scan(piece));
    bytes
}

/// Where each head and each body ends, up to what is refused.
#[cfg(any(fuzzing, test))]
pub(crate) fn ends_of_heads_and_bodies(bytes: &[u8]) -> Vec<usize> {
    let (mut framing, mut ends) = (RequestFraming::default(), Vec::new());
    for (at, byte) in bytes.iter().enumerate() {
        let (was_in_head, was_in_request) = (framing.is_in_head(), framing.is_in_request());
        framing.scan(&mut [*byte]);
        if matches!(framing.state, State::Refused) {
            break;
        }
        if was_in_head && !framing.is_in_head() {
            ends.push(at + 1);
        }
        if was_in_request && !framing.is_in_request() {
            ends.push(at + 1);
        }
    }
    ends
}

#[cfg(test)]
#[path = "request_framing_tests.rs"]
mod tests;
