//! What a connection knows of itself: when it is idle, late, or gives way.

use super::*;
use std::future::poll_fn;
use std::io::Read;

use fg_core::Environment;

use crate::log::format::LineFormat;
use crate::log::sink::{Stream, StreamSink};
use crate::run::Start;
use crate::run::mode::Mode;

const LIMITS: Limits = Limits { response_size: 1000, timeouts: true };

async fn link() -> (Arc<Link>, std::net::TcpStream) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let client = std::net::TcpStream::connect(listener.local_addr().expect("it has an address"))
        .expect("it listens");
    let (stream, address) = listener.accept().await.expect("it is connected");
    stream.writable().await.expect("it can be written to");
    let place = Place::of_its_own();
    (Link::new(stream, address, place, Run::first().0, &Lookout::new()), client)
}

fn idle_since(link: &Link) -> Option<Instant> {
    link.poll_rest(&TaskContext::from_waker(Waker::noop())).expect("its place is not wanted")
}

async fn flush(link: &Link) {
    poll_fn(|task| link.poll_flush(task)).await.expect("nothing is left to write");
}

fn contexts() -> Arc<Contexts> {
    let environment = Environment::from_variables([("RUNTIME_TIMEOUT", "1")]);
    let sink = Arc::new(StreamSink::new(Stream::Stdout, LineFormat::Text));
    Arc::new(Contexts::new(Arc::new(Start::new(environment, sink, LIMITS, Mode::Server))))
}

#[tokio::test]
async fn a_connection_is_idle_from_the_end_of_a_response_to_the_next_request() {
    let (link, _client) = link().await;
    assert_eq!(idle_since(&link), None);
    flush(&link).await;
    assert!(idle_since(&link).is_some());
    link.begin_request();
    // A part of the response has left.
    flush(&link).await;
    assert_eq!(idle_since(&link), None);
    link.end_response();
    assert_eq!(idle_since(&link), None);
    flush(&link).await;
    assert!(idle_since(&link).is_some());
    link.begin_request();
    link.end_response();
    link.begin_request();
    flush(&link).await;
    assert_eq!(idle_since(&link), None, "the next request has come before the response has left");
}

#[tokio::test]
async fn a_handler_is_answered_for_once_it_is_late_and_then_has_nobody_to_answer() {
    let ((link, mut client), places, contexts) = (link().await, Places::new(), contexts());
    let begin = || {
        let mut ctx = Context::default();
        ctx.begin(Instant::now(), []);
        link.begin(
            &ctx,
            link.begin_invocation(&places).expect("there is a place"),
            LIMITS,
            Caller::Platform,
        )
    };
    let look = |time| link.look(time, Duration::ZERO);
    let now = Instant::now();
    let in_time = begin();
    assert!(matches!(look(now), Looked::Later(too_late) if too_late > now));
    assert!(in_time.end(&contexts));
    assert!(matches!(look(now + NEVER), Looked::Idle), "nothing runs");
    let late = begin();
    let Looked::Later(second) = look(now + NEVER) else { panic!("it may have stood still") };
    assert!(matches!(look(second), Looked::Answered(..)));
    assert!(!late.end(&contexts));
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("it is an answer, and the end");
    let (head, body) = answer.split_once("\r\n\r\n").expect("it has a head");
    assert!(
        head.starts_with("HTTP/1.1 500 ")
            && head.contains(&format!("content-length: {}", body.len())),
        "{head}"
    );
    assert!(body.contains("FunctionTimeout") && body.contains("has blocked its thread"), "{body}");
    assert!(link.begin_invocation(&places).is_none(), "the connection is over");
}

#[tokio::test]
async fn a_connection_gives_way_while_it_waits_for_a_request_and_at_no_other_time() {
    let (link, _client) = link().await;
    assert!(link.waits_since().is_some(), "for the first one");
    link.begin_request();
    assert_eq!(link.waits_since(), None);
    link.end_response();
    assert_eq!(link.waits_since(), None, "the response has not left");
    flush(&link).await;
    assert!(link.waits_since().is_some());
    link.ask_to_give_way();
    assert_eq!(link.waits_since(), None, "it has been asked");
    assert_eq!(link.poll_rest(&TaskContext::from_waker(Waker::noop())), Err(GivesWay));
    link.begin_request();
    assert!(idle_since(&link).is_none(), "a request has come first");
    link.ask_to_give_way();
    assert!(idle_since(&link).is_none(), "it is at work");
}
