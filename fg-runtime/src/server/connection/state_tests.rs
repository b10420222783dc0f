//! When a connection is idle, evicted, or answered for.

use super::*;
use std::io::Read;
use std::sync::Weak;
use std::time::Duration;

use fg_core::__private::lifecycle;

use crate::server::connection::io::{ConnectionIo, HEAD_TIMEOUT};
use crate::server::connection::protocol::Protocol;
use crate::server::exchange::in_progress::InvocationSlots;
use crate::server::exchange::response_writer::Looked;

const LIMITS: Limits = Limits { response_size: 1000, timeouts: true };
const LATER: Duration = Duration::from_secs(365 * 24 * 3600);

async fn connection() -> (Arc<ConnectionState>, OwnedReadHalf, std::net::TcpStream) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let client = std::net::TcpStream::connect(listener.local_addr().expect("it has an address"))
        .expect("it listens");
    let (stream, address) = listener.accept().await.expect("it is connected");
    stream.writable().await.expect("it can be written to");
    let permit = Arc::new(tokio::sync::Semaphore::new(1)).try_acquire_owned();
    let slot = ConnectionSlot::new(permit.expect("there is one"), false);
    let schedule = Arc::new(WatchSchedule::new(Weak::new()));
    let (state, reader) =
        ConnectionState::new(stream, address, slot, ShutdownGuard::new().0, &schedule);
    (state, reader, client)
}

fn is_idle(state: &ConnectionState) -> bool {
    state.evictable_since().is_some()
}

#[tokio::test]
async fn a_connection_is_idle_from_the_end_of_a_response_to_the_next_request() {
    let (state, _reader, _client) = connection().await;
    assert!(is_idle(&state), "before the first request");
    state.begin_request();
    // A part of the response has left.
    state.flushed();
    assert!(!is_idle(&state));
    state.end_response();
    assert!(!is_idle(&state), "the response has not left");
    state.flushed();
    assert!(is_idle(&state));
    state.begin_request();
    state.end_response();
    state.begin_request();
    state.flushed();
    assert!(!is_idle(&state), "the next request has come before the response has left");
}

#[tokio::test]
async fn a_handler_is_answered_for_once_it_is_late_and_its_own_response_is_then_not_sent() {
    let ((state, _reader, mut client), slots) = (connection().await, InvocationSlots::default());
    let begin = || {
        let mut ctx = Context::default();
        lifecycle::begin(&mut ctx, Instant::now(), []);
        let slot = slots.acquire().expect("a slot is free");
        state.begin_invocation(&ctx, slot, LIMITS, ErrorAudience::Owner)
    };
    let look = |time| state.writer.look(time, Duration::ZERO);
    let now = Instant::now();
    let in_time = begin().expect("the connection is open");
    assert!(matches!(look(now), Looked::Running(Some(too_late)) if too_late > now));
    assert!(in_time.end().is_some());
    assert!(matches!(look(now + LATER), Looked::Idle), "nothing runs");
    let late = begin().expect("the connection is open");
    let Looked::Running(Some(second)) = look(now + LATER) else {
        panic!("it may have stood still")
    };
    let Looked::Answered(blocked) = look(second) else { panic!("it is late") };
    assert!(blocked.guard.is_some(), "the server waits for the log, and for nothing else");
    assert!(late.end().is_none());
    let mut response = String::new();
    client.read_to_string(&mut response).expect("it is a response, and the end");
    let (head, body) = response.split_once("\r\n\r\n").expect("it has a head");
    assert!(
        head.starts_with("HTTP/1.1 500 ")
            && head.contains(&format!("content-length: {}", body.len())),
        "{head}"
    );
    assert!(body.contains("FunctionTimeout") && body.contains("has blocked its thread"), "{body}");
    assert!(begin().is_none(), "the connection is over");
}

#[tokio::test]
async fn a_handler_without_a_deadline_runs_and_is_never_late() {
    let (state, _reader, _client) = connection().await;
    let slot = InvocationSlots::default().acquire().expect("a slot is free");
    let limits = Limits { timeouts: false, ..LIMITS };
    let running = state.begin_invocation(&Context::default(), slot, limits, ErrorAudience::Owner);
    let looked = state.writer.look(Instant::now() + LATER, Duration::ZERO);
    assert!(matches!(looked, Looked::Running(None)), "others must not be held up by it");
    drop(running);
    let looked = state.writer.look(Instant::now() + LATER, Duration::ZERO);
    assert!(matches!(looked, Looked::Idle));
}

#[tokio::test]
async fn a_connection_is_evicted_while_it_waits_for_a_request_and_at_no_other_time() {
    let (state, _reader, _client) = connection().await;
    assert!(state.evictable_since().is_some(), "before the first request");
    state.begin_request();
    assert_eq!(state.evictable_since(), None);
    state.end_response();
    assert_eq!(state.evictable_since(), None, "the response has not left");
    state.flushed();
    let since = state.evictable_since().expect("it is idle");
    state.evict(since);
    assert_eq!(state.evictable_since(), None, "it has been evicted");
    assert!(state.is_evicted());
    state.begin_request();
    assert!(!state.is_evicted(), "a request has come first");
    state.evict(since);
    assert!(!is_idle(&state), "it is at work");
}

#[tokio::test]
async fn a_connection_is_evicted_after_its_idle_time_and_a_head_is_late_after_its_own() {
    let (state, _reader, _client) = connection().await;
    let begun = Instant::now();
    let after = |time| {
        let next = state.schedule.instant(state.check_times(begun + time));
        (next.saturating_duration_since(begun) + Duration::from_millis(1)).as_secs()
    };
    let second = Duration::from_secs(1);
    state.begin_head(begun + 10 * second);
    assert_eq!(after(9 * second), 10);
    assert!(!state.is_head_late());
    assert_eq!(after(11 * second), 111);
    assert!(state.is_head_late());
    state.end_head();
    assert!(!state.is_head_late(), "it was complete after all");
    state.begin_request();
    assert_eq!(after(20 * second), 120, "it may be idle from then on");
    state.end_response();
    state.flushed();
    assert_eq!(after(99 * second), 100);
    assert!(!state.is_evicted());
    after(101 * second);
    assert!(state.is_evicted());
    state.begin_request();
    state.end_requests();
    after(LATER);
    assert!(!state.is_evicted(), "what is left to read has a time of its own");
}

#[tokio::test]
async fn a_client_of_http_2_has_no_time_left() {
    use std::io::Write;
    use std::task::{Context as TaskContext, Waker};
    use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
    let (state, reader, mut client) = connection().await;
    let mut io = ConnectionIo::new(Arc::clone(&state), reader, HEAD_TIMEOUT);
    assert!(!state.is_head_late());
    let mut seen = [0; 64];
    for part in ["PRI * H", "TTP/"] {
        client.write_all(part.as_bytes()).expect("it is read");
        assert_eq!(io.read(&mut seen).await.ok(), Some(part.len()));
    }
    client.write_all(b"2.0\r\n").expect("it is read");
    while io.protocol() != Protocol::Http2 {
        let (mut task, mut buffer) =
            (TaskContext::from_waker(Waker::noop()), ReadBuf::new(&mut seen));
        let read = std::pin::Pin::new(&mut io).poll_read(&mut task, &mut buffer);
        assert!(read.is_pending() && buffer.filled().is_empty());
        tokio::task::yield_now().await;
    }
    assert!(state.is_head_late());
}
