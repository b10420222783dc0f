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

/// How many heads have begun, which is the same whatever the pieces in which they come.
fn heads(bytes: &[u8]) -> u64 {
    let count = |piece| {
        let mut framing = RequestFraming::default();
        bytes.to_vec().chunks_mut(piece).for_each(|piece| framing.scan(piece));
        framing.heads()
    };
    let whole = count(bytes.len());
    assert!((1..bytes.len()).all(|piece| count(piece) == whole));
    whole
}

#[test]
fn ordinary_requests_pass_one_after_another() {
    let with_length = b"POST /invoke HTTP/1.1\r\nContent-Length: 3\r\nX: \r\n\r\na\nb";
    let chunked = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n4;x=1\r\n\n\n\n\n\r\nA\r\n0123456789\r\n0\r\nT: u\r\n\r\n";
    let without = b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    let empty_line_before = b"\r\nGET / HTTP/1.1\r\nContent-Lengths: 1\r\n\r\n";
    for first in [&with_length[..], chunked, without, empty_line_before] {
        for second in [&with_length[..], chunked, without, empty_line_before] {
            let both = [first, second].concat();
            assert_passes(&both);
            assert_eq!((heads(&both), heads(&[&both[..], b"\r\nG"].concat())), (2, 3));
        }
    }
}

#[test]
fn hyper_sees_heads_and_bodies_end_at_the_same_places() {
    let with_length = b"POST /a HTTP/1.1\r\ncontent-length: 3\r\n\r\na\nb";
    let chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\n\n\r\n0\r\n\r\n";
    let without = b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let sent = [&with_length[..], chunked, without, with_length].concat();
    let ends = ends_of_heads_and_bodies(&sent);
    assert_eq!(ends.len(), 8);
    assert_eq!(crate::server::fuzzing::ends_read_by_hyper(&sent), ends);
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
fn a_bare_line_feed_is_refused_wherever_it_is_in_a_long_head() {
    for before in 0..150 {
        let (before, behind) = ("a".repeat(before), "b".repeat(150 - before));
        let head = format!("GET / HTTP/1.1\r\nA: {before}\nB: {behind}\r\n\r\n");
        assert_refuses(head.as_bytes(), 19 + before.len());
    }
}

#[test]
fn two_ways_to_tell_the_length_are_refused_in_either_order() {
    let before = b"POST / HTTP/1.1\r\nContent-Length: 4\r\ntransfer-encoding";
    assert_refuses(&[&before[..], b": chunked\r\n\r\n"].concat(), before.len());
    let before = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nCONTENT-LENGTH";
    assert_refuses(&[&before[..], b": 4\r\n\r\n"].concat(), before.len());
}

#[test]
fn a_length_is_read_in_the_usual_form_and_in_others() {
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

/// A line of a head, as it should be or a little different.
fn line() -> impl Strategy<Value = String> {
    let lengths = "(Content-Length|content-length|CONTENT-LENGTH|Content-Lengths): {0,2}[0-9]{1,2}";
    let encodings = "(Transfer-Encoding|transfer-encoding|TE|Trailer): ?(chunked|gzip, chunked)";
    let others = "(Host|Cookie|Connection|[a-zA-Z]{1,8}):[ a-z0-9]{0,9}";
    (
        prop_oneof![lengths, encodings, others, "[a-z]{1,2}: [a-z]{0,90}"],
        prop_oneof![9 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r\n ")],
    )
        .prop_map(|(field, end)| field + end)
}

proptest! {
    #[test]
    fn the_next_line_feed_that_is_not_usual_is_found(bytes in "a((\r\n)?[Ccxb\r\n\u{9}\u{b}]{0,3}|[a-z]{0,90}){0,9}") {
        let bytes = bytes.as_bytes();
        let is_looked_at = |at: &usize| {
            let is_before = |next: &[u8]| bytes[at + 1..].starts_with(next);
            bytes[*at] == b'\n'
                && (bytes[at - 1] != b'\r'
                    || *at == bytes.len() - 1
                    || [b"c", b"C", b"t", b"T", b"\r"].into_iter().any(|next| is_before(next)))
        };
        for from in 1..bytes.len() {
            let expected = (from..bytes.len()).find(is_looked_at);
            prop_assert_eq!(special_line_feed(bytes, from), expected);
        }
    }

    #[test]
    fn hyper_reads_what_passes_in_the_same_way(
        lines in proptest::collection::vec(line(), 0..5),
        end in "(\r\n){1,2}[0-9a\r\n]{0,12}",
        second in "(GET / HTTP/1.1\r\nHost: a\r\n\r\n){0,2}",
        piece in 1_usize..9,
    ) {
        let sent = format!("POST /a HTTP/1.1\r\n{}{end}{second}", lines.concat());
        crate::server::fuzzing::strict_head(sent.as_bytes(), piece);
    }

    #[test]
    fn the_size_of_the_pieces_makes_no_difference(bytes in "[a\r\n:0-9 ]{0,40}(Content-Length: [0-9]{1,2}\r\n|Transfer-Encoding: x\r\n){0,2}\r\n[0-9\r\n]{0,20}", piece in 1_usize..9) {
        let bytes = bytes.as_bytes();
        prop_assert_eq!(scanned(bytes, piece), scanned(bytes, bytes.len().max(1)));
    }
}
