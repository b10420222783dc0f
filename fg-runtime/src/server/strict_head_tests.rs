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
        assert_eq!(String::from_utf8_lossy(&scanned(bytes, piece)), String::from_utf8_lossy(&expected));
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

/// Counts what is written, by how many bytes in how many parts.
#[derive(Default)]
struct Writes(Vec<(usize, usize)>);
impl AsyncWrite for Writes {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.push((bytes.len(), 1));
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_write_vectored(mut self: Pin<&mut Self>, _: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
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
    for line in ["Content-Length: 3", "content-length:3", "Content-Length: \t3 ", "CONTENT-LENGTH: 0000000000000000000003"] {
        assert_passes(format!("POST / HTTP/1.1\r\n{line}\r\nTe: x\r\nCookie: a\r\n\r\na\nbGET / HTTP/1.1\r\n\r\n").as_bytes());
    }
}

proptest! {
    #[test]
    fn the_size_of_the_pieces_makes_no_difference(bytes in "[a\r\n:0-9 ]{0,40}(Content-Length: [0-9]{1,2}\r\n|Transfer-Encoding: x\r\n){0,2}\r\n[0-9\r\n]{0,20}", piece in 1_usize..9) {
        let bytes = bytes.as_bytes();
        prop_assert_eq!(scanned(bytes, piece), scanned(bytes, bytes.len().max(1)));
    }
}
