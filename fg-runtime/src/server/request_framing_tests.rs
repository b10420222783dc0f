//! What is refused, and what is not, whatever the pieces in which it comes.

use super::*;
use proptest::prelude::*;

fn assert_passes(bytes: &[u8]) {
    for piece in 1..=bytes.len() {
        assert_eq!(String::from_utf8_lossy(&scanned(bytes, piece)), String::from_utf8_lossy(bytes));
    }
}

/// The byte at this place is made unreadable, and nothing else.
fn assert_refuses(bytes: &[u8], place: usize) {
    let mut expected = bytes.to_vec();
    expected[place] = 0;
    for piece in 1..=bytes.len() {
        assert_eq!(
            String::from_utf8_lossy(&scanned(bytes, piece)),
            String::from_utf8_lossy(&expected)
        );
    }
}

#[test]
fn ordinary_requests_pass_one_after_another() {
    let with_length = b"POST /invoke HTTP/1.1\r\nContent-Length: 3\r\nX: \r\n\r\na\nb";
    let chunked = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n4;x=1\r\n\n\n\n\n\r\nA\r\n0123456789\r\n0\r\nT: u\r\n\r\n";
    let without = b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    let empty_line_before = b"\r\nGET / HTTP/1.1\r\nContent-Lengths: 1\r\n\r\n";
    for first in [&with_length[..], chunked, without, empty_line_before] {
        for second in [&with_length[..], chunked, without, empty_line_before] {
            assert_passes(&[first, second].concat());
        }
    }
}

#[test]
fn a_bare_line_feed_is_refused_in_the_head_of_any_request() {
    assert_refuses(b"GET / HTTP/1.1\nHost: a\r\n\r\n", 14);
    assert_refuses(b"GET / HTTP/1.1\r\nHost: a\n\r\n", 23);
    let before = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n\n\n";
    assert_refuses(&[&before[..], b"GET /\n"].concat(), before.len() + 5);
    let before = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\n\n\r\n0\r\n\r\n";
    assert_refuses(&[&before[..], b"GET /\n"].concat(), before.len() + 5);
    let before = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: u";
    assert_refuses(&[&before[..], b"\nGET / HTTP/1.1\r\n\r\n"].concat(), before.len());
    let before = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    assert_refuses(&[&before[..], b"\nGET / HTTP/1.1\r\n\r\n"].concat(), before.len());
}

#[test]
fn two_ways_to_tell_the_length_are_refused_in_either_order() {
    let before = b"POST / HTTP/1.1\r\nContent-Length: 4\r\ntransfer-encoding";
    assert_refuses(&[&before[..], b": chunked\r\n\r\n"].concat(), before.len());
    let before = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nCONTENT-LENGTH";
    assert_refuses(&[&before[..], b": 4\r\n\r\n"].concat(), before.len());
}

#[test]
fn the_protocol_is_known_whatever_the_pieces_in_which_a_client_begins() {
    let http2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let tls = b"\x16\x03\x01\x02\x00";
    let cases: [(&[u8], Protocol); 5] = [
        (http2, Protocol::Http2),
        (tls, Protocol::Tls),
        (b"PRINT / HTTP/1.1\r\n", Protocol::Http1),
        (b"PRI * HTTP/1.1\r\n", Protocol::Http1),
        (b"GET / HTTP/1.1\r\n", Protocol::Http1),
    ];
    for (sent, expected) in cases {
        for size in 1..=sent.len() {
            let protocol =
                sent.chunks(size).fold(Protocol::Unknown { matched: 0 }, |protocol, piece| {
                    match protocol {
                        Protocol::Unknown { matched } => Protocol::begun_by(matched, piece),
                        known => known,
                    }
                });
            assert_eq!(protocol, expected, "in pieces of {size}");
        }
    }
    assert_eq!(Protocol::begun_by(0, b""), Protocol::Unknown { matched: 0 }, "the client has gone");
}

impl Passable for tokio::io::DuplexStream {
    fn is_passed_on(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn a_client_of_http_2_has_no_time_left() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (mut client, server) = tokio::io::duplex(64);
    let mut stream = StrictHead::new(server, HEAD_TIMEOUT);
    let mut seen = vec![0; 64];
    for piece in ["PRI * H", "TTP/"] {
        client.write_all(piece.as_bytes()).await.expect("it is read");
        assert_eq!(stream.read(&mut seen).await.ok(), Some(piece.len()));
    }
    client.write_all(b"2.0\r\n").await.expect("it is read");
    let read = std::pin::pin!(stream.read(&mut seen))
        .poll(&mut Context::from_waker(std::task::Waker::noop()));
    assert!(
        read.is_pending()
            && stream.head_deadline().get().is_some_and(|deadline| deadline <= Instant::now())
    );
    assert_eq!(stream.protocol(), Protocol::Http2);
}

/// Counts what is written, by how many bytes in how many parts.
#[derive(Default)]
struct Writes(Vec<(usize, usize)>);
impl AsyncWrite for Writes {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.push((bytes.len(), 1));
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = parts.iter().map(|part| part.len()).sum();
        self.0.push((length, parts.len()));
        Poll::Ready(Ok(length))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_small_answer_is_written_as_one_part_and_a_large_one_is_not_copied() {
    let mut guarded = StrictHead::new(Writes::default(), HEAD_TIMEOUT);
    let mut write = |length: usize| {
        let (head, body) = (vec![b'h'; 100], vec![b'b'; length - 100]);
        let mut task = Context::from_waker(std::task::Waker::noop());
        let parts = [IoSlice::new(&head), IoSlice::new(&body)];
        assert!(
            matches!(Pin::new(&mut guarded).poll_write_vectored(&mut task, &parts), Poll::Ready(Ok(written)) if written == length)
        );
    };
    [101, SMALL, SMALL + 1].into_iter().for_each(&mut write);
    assert_eq!(guarded.into_inner().0, [(101, 1), (SMALL, 1), (SMALL + 1, 2)]);
}

#[test]
fn a_length_is_read_as_everybody_writes_it_and_in_other_ways() {
    for line in [
        "Content-Length: 3",
        "content-length:3",
        "Content-Length: \t3 ",
        "CONTENT-LENGTH: 0000000000000000000003",
    ] {
        assert_passes(
            format!(
                "POST / HTTP/1.1\r\n{line}\r\nTe: x\r\nCookie: a\r\n\r\na\nbGET / HTTP/1.1\r\n\r\n"
            )
            .as_bytes(),
        );
    }
}

proptest! {
    #[test]
    fn the_size_of_the_pieces_makes_no_difference(bytes in "[a\r\n:0-9 ]{0,40}(Content-Length: [0-9]{1,2}\r\n|Transfer-Encoding: x\r\n){0,2}\r\n[0-9\r\n]{0,20}", piece in 1_usize..9) {
        let bytes = bytes.as_bytes();
        prop_assert_eq!(scanned(bytes, piece), scanned(bytes, bytes.len().max(1)));
    }
}
