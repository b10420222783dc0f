//! What the fuzz targets drive in the server.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::request_framing::{ends_of_heads_and_bodies, scanned};
use super::functions::cloud_event::CloudEvent;

/// Whatever comes, in whatever pieces, it is passed or refused alike; and what passes is read as
/// hyper and its parser read it: one request after another, their bodies untouched.
///
/// # Panics
///
/// Where that is not so, which is a fault of this crate.
pub fn strict_head(sent: &[u8], piece: usize) {
    let seen = scanned(sent, sent.len().max(1));
    assert!(
        seen == scanned(sent, piece) && seen == scanned(sent, 1),
        "the pieces make a difference"
    );
    let (ours, of_hyper) = (ends_of_heads_and_bodies(sent), ends_read_by_hyper(&seen));
    // Hyper also refuses what is no request, and closes when a client says so.
    assert!(ours.starts_with(&of_hyper), "{ours:?} is read by hyper as {of_hyper:?}");
    let mut at = 0;
    while at < seen.len() {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut request = httparse::Request::new(&mut fields);
        let Ok(httparse::Status::Complete(length)) = request.parse(&seen[at..]) else { return };
        let head = &seen[at..at + length];
        let mut before = None;
        for byte in head {
            assert!(
                *byte != b'\n' || before == Some(b'\r'),
                "a line of a head ends without a carriage return"
            );
            before = Some(*byte);
        }
        let values = |name: &str| {
            request
                .headers
                .iter()
                .filter(|field| field.name.eq_ignore_ascii_case(name))
                .map(|field| field.value)
                .collect::<Vec<_>>()
        };
        let (encodings, lengths) = (values("transfer-encoding"), values("content-length"));
        assert!(encodings.is_empty() || lengths.is_empty(), "a request has two lengths");
        if !encodings.is_empty() {
            return;
        }
        let mut size = 0;
        for value in &lengths {
            let digits = std::str::from_utf8(value)
                .ok()
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            let Some(number) = digits.and_then(|digits| digits.parse::<usize>().ok()) else {
                return;
            };
            if lengths.len() > 1 && lengths[0] != *value {
                return;
            }
            size = number;
        }
        let Some(end) = (at + length).checked_add(size).filter(|end| *end <= seen.len()) else {
            return;
        };
        assert_eq!(&seen[at + length..end], &sent[at + length..end], "a body is changed");
        at = end;
    }
}

/// Where each head and each body ends, as hyper reads them.
pub(super) fn ends_read_by_hyper(bytes: &[u8]) -> Vec<usize> {
    let (at, ends) = (Cell::new(0), RefCell::new(Vec::new()));
    let service = service_fn(|request: Request<Incoming>| {
        // The bytes come one by one, so none behind the head has been read.
        ends.borrow_mut().push(at.get());
        let (at, ends) = (&at, &ends);
        async move {
            if request.into_body().collect().await.is_ok() {
                ends.borrow_mut().push(at.get());
            }
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    // Without a half-closed connection hyper reads on during a request, to notice its end.
    let serving = http1::Builder::new()
        .half_close(true)
        .header_read_timeout(None)
        .max_header_size(256 * 1024)
        .serve_connection(TokioIo::new(OneByOne { bytes, at: &at }), service);
    let (mut serving, mut task) = (pin!(serving), Context::from_waker(Waker::noop()));
    // Nothing has to be waited for: it goes on whenever it is polled.
    while serving.as_mut().poll(&mut task).is_pending() {}
    ends.take()
}

/// Bytes that come one by one, and a client that reads everything.
struct OneByOne<'b> {
    bytes: &'b [u8],
    at: &'b Cell<usize>,
}

impl AsyncRead for OneByOne<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(byte) = self.bytes.get(self.at.get()) {
            buffer.put_slice(&[*byte]);
            self.at.set(self.at.get() + 1);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for OneByOne<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Whatever the headers and the body are, it is a refusal or an event in JSON with all that an
/// event must have.
///
/// # Panics
///
/// Where that is not so, which is a fault of this crate.
pub fn cloud_event(sent: &[u8]) {
    let mut parts = sent.splitn(8, |byte| *byte == 0xff);
    let mut headers = HeaderMap::new();
    for name in
        ["ce-specversion", "ce-id", "ce-type", "ce-source", "content-type", "ce-x", "ce-time"]
    {
        if let Some(Ok(value)) = parts.next().map(HeaderValue::from_bytes) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    let body = Bytes::copy_from_slice(parts.next().unwrap_or_default());
    let Ok(event) = CloudEvent::read(&headers, &body) else { return };
    // Numbers and depths that a `Value` does not take are taken from the wire: the payload is
    // looked at as it stands.
    let _: &RawValue = serde_json::from_slice(&event.payload).expect("an event is JSON");
    if let Ok(attributes) = serde_json::from_slice::<Map<String, Value>>(&event.payload) {
        assert!(
            ["specversion", "id", "source", "type"]
                .iter()
                .all(|name| attributes[*name].is_string())
        );
    }
}
