//! Receives a response.

use super::{Connection, READ_SIZE};
use crate::custom_runtime::fault_policy::Fault;
use crate::custom_runtime::response_reader::{BodyLength, Chunks, Head, HeadVisitor, read_head};
use crate::runtime_api::BODY_LIMIT;

impl Connection {
    /// Reads the rest of the response. Its body is then at `self.body`.
    pub(super) async fn receive(&mut self, on_head: &mut HeadVisitor<'_>) -> Result<u16, Fault> {
        let mut reading = Reading::Head;
        // The only place that waits for more: each would have its own copy of that.
        let (head, body_end, response_end) = loop {
            match self.advance(&mut reading, on_head)? {
                Progress::Complete(head, body_end, response_end) => {
                    break (head, body_end, response_end);
                }
                Progress::Needs(wanted) => {
                    if self.read(wanted).await? > 0 {
                        continue;
                    }
                    match reading {
                        Reading::Body(head, BodyReader::UntilClose) => {
                            break (head, self.filled, self.filled);
                        }
                        _ => return Err(Fault::Closed { stale: false }),
                    }
                }
            }
        };
        self.body = head.length..body_end;
        self.response_end = response_end;
        self.has_served = true;
        // After unexpected bytes the connection cannot be trusted.
        if !head.keep_alive || (response_end != self.filled && !self.is_pipelined) {
            self.close();
        }
        Ok(head.status)
    }

    /// Reads on in what has been received of the response.
    #[inline]
    fn advance(
        &mut self,
        reading: &mut Reading,
        on_head: &mut HeadVisitor<'_>,
    ) -> Result<Progress, Fault> {
        loop {
            match reading {
                Reading::Head => match read_head(&self.input[..self.filled], on_head)? {
                    Some(head) if head.status >= 200 => {
                        *reading = Reading::Body(head, BodyReader::of(&head));
                    }
                    Some(interim) => {
                        self.input.copy_within(interim.length..self.filled, 0);
                        self.filled -= interim.length;
                    }
                    None => return Ok(Progress::Needs(READ_SIZE)),
                },
                Reading::Body(head, BodyReader::Known(end)) => {
                    let missing = end.saturating_sub(self.filled);
                    return Ok(match missing {
                        0 => Progress::Complete(*head, *end, *end),
                        missing => Progress::Needs(missing),
                    });
                }
                Reading::Body(head, BodyReader::Chunked(chunks)) => {
                    let input = &mut self.input[..self.filled];
                    if let Some((body_end, end)) = chunks.advance(input, head.length)? {
                        return Ok(Progress::Complete(*head, body_end, end));
                    }
                    self.filled = chunks.compact(&mut self.input, self.filled);
                    return Ok(Progress::Needs(READ_SIZE));
                }
                Reading::Body(head, BodyReader::UntilClose) => {
                    if self.filled - head.length > BODY_LIMIT {
                        return Err(Fault::BodyTooLarge);
                    }
                    return Ok(Progress::Needs(READ_SIZE));
                }
            }
        }
    }
}

/// The part of a response that is being read.
enum Reading {
    Head,
    Body(Head, BodyReader),
}

/// How the end of a body is found.
enum BodyReader {
    /// Where it is in the buffer.
    Known(usize),
    Chunked(Chunks),
    UntilClose,
}

impl BodyReader {
    fn of(head: &Head) -> Self {
        match head.body {
            BodyLength::Known(length) => Self::Known(head.length + length),
            BodyLength::Chunked => Self::Chunked(Chunks::new(head.length)),
            BodyLength::UntilClose => Self::UntilClose,
        }
    }
}

/// How far the reading of a response is.
enum Progress {
    /// At least so many bytes are missing.
    Needs(usize),
    /// The head, the end of the body, and the end of the response.
    Complete(Head, usize, usize),
}
