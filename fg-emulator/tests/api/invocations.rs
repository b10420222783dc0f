//! Events and their answers.

use std::time::Duration;

use fg_emulator::{AnswerKind, Event, InvocationState, RuntimeApi, Verdict};

use crate::client::{Client, LIMIT, POLL, error, response};

#[test]
fn an_event_reaches_the_poll_and_its_answer_reaches_the_test() {
    let api = RuntimeApi::start().expect("a free port");
    let pending = api.invoke(Event::new(r#"{"name":"Ada"}"#).header("X-CFF-Auth-Token", "t-1"));
    let mut client = Client::connect(&api);

    let event = client.ask(POLL);
    assert_eq!((event.status, event.body.as_str()), (200, r#"{"name":"Ada"}"#));
    assert_eq!(event.request_id(), pending.request_id());
    assert_eq!(event.header("X-CFF-Invoke-Type"), Some("sync"));
    assert_eq!(event.header("X-CFF-Auth-Token"), Some("t-1"));

    let id = event.request_id();
    let post = format!(
        "POST /v1/runtime/invocation/response/{id} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\ntrue"
    );
    assert_eq!(client.ask(post).status, 200);
    let answer = pending.wait(LIMIT).expect("an answer");
    assert_eq!((answer.kind, answer.text().as_ref()), (AnswerKind::Response, "true"));
    assert_eq!(answer.content_type(), Some("application/json"));
}

#[test]
fn an_error_is_told_from_a_result() {
    let api = RuntimeApi::start().expect("a free port");
    let pending = api.invoke(Event::new("{}").request_id("r-1").asynchronous());
    let mut client = Client::connect(&api);
    assert_eq!(client.ask(POLL).header("x-cff-invoke-type"), Some("async"));
    assert_eq!(client.ask(error("r-1", r#"{"errorMessage":"no"}"#)).status, 200);
    assert_eq!(pending.wait(LIMIT).expect("an answer").kind, AnswerKind::Error);
}

#[test]
fn a_poll_waits_for_the_next_event() {
    let api = RuntimeApi::start().expect("a free port");
    let mut client = Client::connect(&api);
    client.send(POLL);
    assert!(api.wait_until(LIMIT, |counts| counts.polls == 1));
    let _pending = api.invoke(Event::new("late"));
    assert_eq!(client.read_response().body, "late");
}

#[test]
fn events_are_handed_out_in_order_over_one_connection() {
    let api = RuntimeApi::start().expect("a free port");
    let pending: Vec<_> =
        (0..50).map(|number| api.invoke(Event::new(number.to_string()))).collect();
    let mut client = Client::connect(&api);
    for number in 0..50 {
        let event = client.ask(POLL);
        assert_eq!(event.body, number.to_string());
        assert_eq!(client.ask(response(event.request_id(), &event.body)).status, 200);
    }
    for (number, pending) in pending.iter().enumerate() {
        assert_eq!(pending.wait(LIMIT).expect("an answer").text(), number.to_string());
    }
    assert_eq!((api.connections(), api.polls(), api.posts().len()), (1, 50, 50));
}

#[test]
fn an_answer_and_the_next_poll_in_one_write_are_handled_in_order() {
    let api = RuntimeApi::start().expect("a free port");
    let first = api.invoke(Event::new("one").request_id("r-1"));
    let _second = api.invoke(Event::new("two").request_id("r-2"));
    let mut client = Client::connect(&api);
    assert_eq!(client.ask(POLL).body, "one");

    let answer = response("r-1", "done");
    let acknowledgement = client.ask(format!("{answer}{POLL}"));
    assert_eq!((acknowledgement.status, acknowledgement.body.as_str()), (200, ""));
    assert_eq!(client.read_response().body, "two");
    assert_eq!(first.wait(LIMIT).expect("an answer").text(), "done");
    assert_eq!(api.raw_requests(), [POLL.as_bytes(), answer.as_bytes(), POLL.as_bytes()]);
}

#[test]
fn a_large_event_and_a_large_answer_pass_unchanged() {
    let api = RuntimeApi::start().expect("a free port");
    let body = "0123456789abcdef".repeat(6 << 16);
    let pending = api.invoke(Event::new(body.as_str()).request_id("r-1"));
    let mut client = Client::connect(&api);
    assert!(client.ask(POLL).body == body);
    assert_eq!(client.ask(response("r-1", &body)).status, 200);
    assert!(pending.wait(LIMIT).expect("an answer").body == body.as_bytes());
}

#[test]
fn a_second_answer_is_refused_and_recorded() {
    let api = RuntimeApi::start().expect("a free port");
    let pending = api.invoke(Event::new("{}").request_id("r-1"));
    let mut client = Client::connect(&api);
    client.ask(POLL);
    assert_eq!(client.ask(response("r-1", "first")).status, 200);
    let refusal = client.ask(error("r-1", "second"));
    assert_eq!(
        (refusal.status, refusal.body.as_str()),
        (400, "/v1/runtime/invocation/error/r-1 is answered already")
    );

    assert_eq!(pending.wait(LIMIT).expect("an answer").text(), "first");
    let posts: Vec<_> = api
        .posts()
        .into_iter()
        .map(|post| (post.kind, post.body, post.connection, post.verdict))
        .collect();
    assert_eq!(
        posts,
        [
            (AnswerKind::Response, b"first".to_vec(), 1, Verdict::Accepted),
            (AnswerKind::Error, b"second".to_vec(), 1, Verdict::Duplicate)
        ]
    );
}

#[test]
fn an_answer_to_nothing_is_refused_and_recorded() {
    let api = RuntimeApi::start().expect("a free port");
    let _not_polled = api.invoke(Event::new("{}").request_id("r-1"));
    let mut client = Client::connect(&api);
    assert_eq!(client.ask(response("r-1", "too early")).status, 404);
    assert_eq!(client.ask(response("r-9", "unknown")).status, 404);
    assert!(api.posts().iter().all(|post| post.verdict == Verdict::Unknown));
}

#[test]
fn a_request_id_can_be_used_again_once_it_is_answered() {
    let api = RuntimeApi::start().expect("a free port");
    let mut client = Client::connect(&api);
    for body in ["first", "repeated"] {
        let pending = api.invoke(Event::new("{}").request_id("r-1"));
        client.ask(POLL);
        assert_eq!(client.ask(response("r-1", body)).status, 200);
        assert_eq!(pending.wait(LIMIT).expect("an answer").text(), body);
    }
}

#[test]
fn the_absence_of_an_answer_is_explained() {
    let api = RuntimeApi::start().expect("a free port");
    let pending = api.invoke(Event::new("{}").request_id("r-1"));
    let explain = || pending.wait(Duration::ZERO).expect_err("no answer");
    assert_eq!(explain().to_string(), "invocation r-1 has no answer: no poll has taken it");

    let mut client = Client::connect(&api);
    client.ask(POLL);
    assert_eq!(explain().state, InvocationState::HandedOut { connection: 1 });

    drop(client);
    assert!(api.wait_until(LIMIT, |counts| counts.open_connections == 0));
    assert_eq!(
        explain().to_string(),
        "invocation r-1 has no answer: it was handed out to connection 1, which closed before an answer"
    );

    // It can still be answered, on another connection.
    assert_eq!(Client::connect(&api).ask(response("r-1", "late")).status, 200);
    assert_eq!(pending.wait(LIMIT).expect("an answer").text(), "late");
}

#[test]
fn an_event_is_not_handed_to_a_function_that_has_gone() {
    let api = RuntimeApi::start().expect("a free port");
    let mut gone = Client::connect(&api);
    gone.send(POLL);
    assert!(api.wait_until(LIMIT, |counts| counts.polls == 1));
    drop(gone);
    assert!(api.wait_until(LIMIT, |counts| counts.open_connections == 0));

    let pending = api.invoke(Event::new("{}"));
    assert_eq!(
        pending.wait(Duration::ZERO).expect_err("no answer").state,
        InvocationState::NeverPolled
    );
    assert_eq!(Client::connect(&api).ask(POLL).request_id(), pending.request_id());
}
