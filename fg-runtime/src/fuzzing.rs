//! What the fuzz targets drive.

use crate::response::{BodyLength, Chunks, read_head};

/// Reads a response that comes in pieces of this size, as the connection does.
pub fn read_response(bytes: &[u8], piece: usize) {
    let mut received = Vec::new();
    let mut pieces = bytes.chunks(piece);
    let head = loop {
        match read_head(&received, &mut |_, _| {}) {
            Ok(Some(head)) => break head,
            Ok(None) => {}
            Err(_) => return,
        }
        let Some(next) = pieces.next() else { return };
        received.extend_from_slice(next);
    };
    assert!(head.length <= received.len());
    if head.body != BodyLength::Chunked {
        return;
    }
    let mut chunks = Chunks::new(head.length);
    loop {
        match chunks.advance(&mut received, head.length) {
            Ok(Some((body_end, end))) => return assert!(body_end <= end && end <= received.len()),
            Ok(None) => {}
            Err(_) => return,
        }
        let filled = received.len();
        let filled = chunks.compact(&mut received, filled);
        received.truncate(filled);
        let Some(next) = pieces.next() else { return };
        received.extend_from_slice(next);
    }
}
