use super::*;
use proptest::prelude::*;

fn head(text: &str) -> Result<Option<Head>, String> {
    read_head(text.as_bytes(), &mut |_, _, _| {}).map_err(|fault| fault.to_string())
}

#[test]
fn a_head_determines_the_length_of_the_body_and_keep_alive() {
    let cases = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", BodyLength::Known(5), true),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nContent-Length: 5\r\n\r\n",
            BodyLength::Known(5),
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive, CLOSE\r\n\r\n",
            BodyLength::Known(0),
            false,
        ),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", BodyLength::Known(0), false),
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
            BodyLength::Known(0),
            true,
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n", BodyLength::Chunked, true),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
            BodyLength::Chunked,
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            BodyLength::Chunked,
            false,
        ),
        ("HTTP/1.1 200 OK\r\n\r\n", BodyLength::UntilClose, false),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", BodyLength::Known(0), true),
        ("HTTP/1.1 100 Continue\r\n\r\n", BodyLength::Known(0), true),
    ];
    for (text, body, keep_alive) in cases {
        let head = head(text).expect(text).expect(text);
        assert_eq!((head.body, head.keep_alive), (body, keep_alive), "{text}");
    }
}

#[test]
fn a_head_that_cannot_be_trusted_is_a_fault() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(HEAD_LIMIT));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(HEADER_COUNT_LIMIT + 1));
    for (text, part) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "two different lengths",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "not a number"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", "not a number"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            "larger than 67108864 bytes",
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "not chunked"),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "switches"),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "cannot be read"),
        (&long, "larger than 262144 bytes"),
        (&many, "larger than 262144 bytes"),
    ] {
        let message = head(text).expect_err(text);
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn an_incomplete_head_waits_for_more() {
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    for length in 0..text.len() {
        assert_eq!(head(&text[..length]), Ok(None), "{length}");
    }
}

/// Decodes a chunked body in reads of one size, as `Connection` does.
fn unchunk(wire: &[u8], read_size: usize) -> Result<Option<(Vec<u8>, usize)>, Fault> {
    let mut buffer = vec![0; wire.len() + 2];
    buffer[..2].copy_from_slice(b"H:");
    let (mut filled, mut removed) = (2, 0);
    let mut chunks = Chunks::new(2);
    for part in wire.chunks(read_size) {
        buffer[filled..filled + part.len()].copy_from_slice(part);
        filled += part.len();
        if let Some((body_end, end)) = chunks.advance(&mut buffer[..filled], 2)? {
            return Ok(Some((buffer[2..body_end].to_vec(), end + removed - 2)));
        }
        let compacted = chunks.compact(&mut buffer, filled);
        removed += filled - compacted;
        filled = compacted;
    }
    Ok(None)
}

#[test]
fn chunks_are_decoded_for_any_size_of_reads() {
    let wire = b"5;name=\"x\"\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nrest";
    for read_size in 1..=wire.len() {
        let (body, end) =
            unchunk(wire, read_size).expect("it is well formed").expect("it is complete");
        assert_eq!(body, b"hello 0123456789");
        assert_eq!(end, wire.len() - 4, "in reads of {read_size}");
    }
}

#[test]
fn bad_chunks_are_faults_and_unfinished_ones_are_not() {
    assert!(unchunk(b"x\r\n", 1).is_err());
    assert!(unchunk(b"3\r\nhello\r\n", 1).is_err());
    assert!(unchunk(b"FFFFFFFFFFFFFFFF\r\n", 1).is_err());
    assert!(matches!(unchunk(b"5\r\nhel", 1), Ok(None)));
    assert!(matches!(unchunk(b"5\r\nhello\r\n0\r\n", 1), Ok(None)));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), read_size in 1_usize..9) {
        let _ = read_head(&bytes, &mut |_, _, _| {});
        let _ = unchunk(&bytes, read_size);
    }

    #[test]
    fn what_was_chunked_is_what_was_sent(
        parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..8),
        read_size in 1_usize..50,
    ) {
        let mut wire = Vec::new();
        for part in &parts {
            wire.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
            wire.extend_from_slice(part);
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b"0\r\n\r\n");
        let (body, end) = unchunk(&wire, read_size).expect("it is well formed").expect("it is complete");
        prop_assert_eq!(body, parts.concat());
        prop_assert_eq!(end, wire.len());
    }
}
