//! Entry points of the fuzz targets.

use crate::custom_runtime::response_reader::{BodyLength, Chunks, read_head};

#[cfg(feature = "server")]
pub use crate::server::fuzzing::{cloud_event, strict_head};

/// Reads a response in reads of this size, as the connection does.
///
/// # Panics
///
/// If an invariant does not hold, which is a bug of this crate.
pub fn read_response(bytes: &[u8], read_size: usize) {
    let mut received = Vec::new();
    let mut reads = bytes.chunks(read_size);
    let head = loop {
        match read_head(&received, &mut |_, _, _| {}) {
            Ok(Some(head)) => break head,
            Ok(None) => {}
            Err(_) => return,
        }
        let Some(next) = reads.next() else { return };
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
        let Some(next) = reads.next() else { return };
        received.extend_from_slice(next);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Calls a function with each stored input of a fuzz target. A published crate has none.
    fn with_seeds(target: &str, call: impl Fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
        let seeds = match std::fs::read_dir(&folder) {
            Ok(seeds) => seeds,
            Err(error) => return println!("SKIPPED: {}: {error}", folder.display()),
        };
        let paths: Vec<_> = seeds.map(|seed| seed.expect("it can be listed").path()).collect();
        assert!(!paths.is_empty(), "{} is empty", folder.display());
        paths.iter().for_each(|path| call(&std::fs::read(path).expect("it can be read")));
    }

    /// The first byte is the size of the reads.
    fn in_reads(call: impl Fn(&[u8], usize)) -> impl Fn(&[u8]) {
        move |input| {
            if let [read_size, bytes @ ..] = input {
                call(bytes, usize::from(*read_size).max(1));
            }
        }
    }

    #[test]
    fn stored_responses_are_read_or_refused() {
        with_seeds("response", in_reads(super::read_response));
    }

    #[cfg(feature = "server")]
    #[test]
    fn stored_requests_are_read_or_refused_alike() {
        with_seeds("strict_head", in_reads(super::strict_head));
    }

    #[cfg(feature = "server")]
    #[test]
    fn stored_cloud_events_are_read_or_refused() {
        with_seeds("cloud_event", super::cloud_event);
    }
}
