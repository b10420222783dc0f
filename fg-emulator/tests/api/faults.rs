//! Each misbehaviour does what it says, once.

use std::io::ErrorKind;
use std::time::Duration;

use fg_emulator::{Afterwards, Event, Fault, InvocationState, Misbehaviour, RuntimeApi, Verdict};

use crate::client::{Client, LIMIT, POLL, response};

fn api_with(fault: Fault) -> RuntimeApi {
    let api = RuntimeApi::start().expect("a free port");
    api.script(fault);
    api
}

/// An API that has handed out the event `r-1`, and the client that has it.
fn api_with_running_invocation(on_post: Misbehaviour) -> (RuntimeApi, Client) {
    let api = api_with(Fault::OnPost(on_post));
    let _pending = api.invoke(Event::new("{}").request_id("r-1"));
    let mut client = Client::connect(&api);
    assert_eq!(client.ask(POLL).request_id(), "r-1");
    (api, client)
}

fn verdicts(api: &RuntimeApi) -> Vec<Verdict> {
    api.posts().iter().map(|post| post.verdict).collect()
}

/// What a poll with this fault reads to the end of the connection, where an event `r-1` with the
/// body `hello` waits.
fn poll_to_end(misbehaviour: Misbehaviour) -> (RuntimeApi, String) {
    let api = api_with(Fault::OnPoll(misbehaviour));
    let _pending = api.invoke(Event::new("hello").request_id("r-1"));
    let mut client = Client::connect(&api);
    client.send(POLL);
    let read = client.read_to_end().expect("an orderly close");
    (api, read)
}

fn assert_next_poll_gets_the_event(api: &RuntimeApi) {
    let event = Client::connect(api).ask(POLL);
    assert_eq!((event.request_id(), event.body.as_str()), ("r-1", "hello"));
    assert!(api.faults_left().is_empty());
}

#[test]
fn faults_happen_in_order_and_once() {
    let api = RuntimeApi::start().expect("a free port");
    let _pending = api.invoke(Event::new("{}"));
    let status = |code| Misbehaviour::Status {
        code,
        headers: vec![("Location".into(), "/".into())],
        body: b"later".to_vec(),
    };
    for code in [500, 302, 404] {
        api.script(Fault::OnPoll(status(code)));
    }
    api.script(Fault::OnPost(status(503)));
    assert_eq!(
        api.faults_left()[1..],
        [302, 404]
            .map(status)
            .map(Fault::OnPoll)
            .into_iter()
            .chain([Fault::OnPost(status(503))])
            .collect::<Vec<_>>()
    );

    let mut client = Client::connect(&api);
    for code in [500, 302, 404] {
        let response = client.ask(POLL);
        assert_eq!(
            (response.status, response.body.as_str(), response.header("Location")),
            (code, "later", Some("/"))
        );
    }
    assert_eq!(client.ask(POLL).status, 200);
    assert_eq!((api.connections(), api.polls(), api.faults_left().len()), (1, 4, 1));
}

#[test]
fn a_status_without_content_has_no_length() {
    let api =
        api_with(Fault::OnPoll(Misbehaviour::Status { code: 204, headers: vec![], body: vec![] }));
    let mut client = Client::connect(&api);
    client.send(POLL);
    assert_eq!(client.read_head(), "HTTP/1.1 204 No Content\r\n\r\n");
}

#[test]
fn a_poll_that_already_waits_meets_a_fault_that_comes_instead_of_its_answer() {
    let api = RuntimeApi::start().expect("a free port");
    let mut client = Client::connect(&api);
    client.send(POLL);
    assert!(api.wait_until(LIMIT, |counts| counts.polls == 1));
    api.script(Fault::OnPoll(Misbehaviour::Raw { bytes: vec![], then: Afterwards::Close }));
    assert_eq!(client.read_to_end().expect("an orderly close"), "");
}

#[test]
fn a_poll_that_already_waits_does_not_meet_a_fault_of_reading() {
    let api = RuntimeApi::start().expect("a free port");
    let mut client = Client::connect(&api);
    client.send(POLL);
    assert!(api.wait_until(LIMIT, |counts| counts.polls == 1));
    api.script(Fault::OnPoll(Misbehaviour::CloseBeforeReading));
    let _pending = api.invoke(Event::new("{}"));
    assert_eq!(client.read_response().status, 200);
    client.send(POLL);
    assert_eq!(client.read_to_end().expect("an orderly close"), "");
}

#[test]
fn a_refused_post_does_not_count_and_its_retry_does() {
    let unavailable = Misbehaviour::Status { code: 503, headers: vec![], body: b"later".to_vec() };
    let (api, mut client) = api_with_running_invocation(unavailable);
    assert_eq!(client.ask(response("r-1", "answer")).status, 503);
    assert_eq!(client.ask(response("r-1", "answer")).status, 200);
    assert_eq!(verdicts(&api), [Verdict::Refused, Verdict::Accepted]);
}

#[test]
fn a_post_that_is_answered_with_another_2xx_counts() {
    let (api, mut client) = api_with_running_invocation(Misbehaviour::Status {
        code: 202,
        headers: vec![],
        body: vec![],
    });
    assert_eq!(client.ask(response("r-1", "answer")).status, 202);
    assert_eq!(verdicts(&api), [Verdict::Accepted]);
}

#[test]
fn raw_bytes_are_sent_as_given_and_the_connection_can_go_on() {
    let raw = |bytes: &str, then| Misbehaviour::Raw { bytes: bytes.into(), then };
    let (api, read) = poll_to_end(raw("\0garbage", Afterwards::Close));
    assert_eq!(read, "\0garbage");
    assert_next_poll_gets_the_event(&api);

    let api = api_with(Fault::OnPoll(raw(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        Afterwards::KeepOpen,
    )));
    let mut client = Client::connect(&api);
    assert_eq!(client.ask(POLL).header("X-CFF-Request-Id"), None);
    let _pending = api.invoke(Event::new("{}").request_id("r-1"));
    assert_eq!(client.ask(POLL).request_id(), "r-1");
}

#[test]
fn a_close_before_reading_is_orderly_and_leaves_the_event() {
    let (api, read) = poll_to_end(Misbehaviour::CloseBeforeReading);
    assert_eq!((read.as_str(), api.polls(), api.raw_requests().len()), ("", 0, 0));
    assert_next_poll_gets_the_event(&api);
}

#[test]
fn a_close_before_reading_a_post_leaves_the_invocation_unanswered() {
    let (api, mut client) = api_with_running_invocation(Misbehaviour::CloseBeforeReading);
    client.send(response("r-1", "answer"));
    assert_eq!(client.read_to_end().expect("an orderly close"), "");
    assert_eq!(Client::connect(&api).ask(response("r-1", "answer")).status, 200);
    assert_eq!(verdicts(&api), [Verdict::Accepted]);
}

#[test]
fn a_close_after_some_bytes_reads_no_more_than_these() {
    let api = api_with(Fault::OnPoll(Misbehaviour::CloseAfterReading(7)));
    let mut client = Client::connect(&api);
    client.send(POLL);
    // What was not read makes it a reset on Linux.
    assert!(client.read_to_end().is_err() || cfg!(not(target_os = "linux")));
    assert_eq!(api.raw_requests(), [&POLL.as_bytes()[..7]]);
    assert_eq!(api.polls(), 0);
}

#[test]
fn a_close_after_a_whole_post_does_not_count_it() {
    let (api, mut client) =
        api_with_running_invocation(Misbehaviour::CloseAfterReading(usize::MAX));
    let post = response("r-1", "answer");
    client.send(&post);
    assert_eq!(client.read_to_end().expect("an orderly close"), "");
    assert_eq!(api.raw_requests().last().map(Vec::as_slice), Some(post.as_bytes()));
    assert!(api.posts().is_empty());
}

#[test]
#[cfg(target_os = "linux")]
fn a_reset_is_a_reset() {
    let api = api_with(Fault::OnPoll(Misbehaviour::Reset));
    let _pending = api.invoke(Event::new("hello").request_id("r-1"));
    let mut client = Client::connect(&api);
    client.send(POLL);
    assert_eq!(client.read_to_end().map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
    assert_eq!((api.polls(), api.raw_requests()), (1, vec![POLL.as_bytes().to_vec()]));
    assert_next_poll_gets_the_event(&api);
}

#[test]
fn a_post_that_is_reset_counts() {
    let (api, mut client) = api_with_running_invocation(Misbehaviour::Reset);
    client.send(response("r-1", "answer"));
    let read = client.read_to_end();
    assert!(
        read.as_ref().is_ok_and(String::is_empty)
            || read.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
    );
    assert_eq!(Client::connect(&api).ask(response("r-1", "answer")).status, 400);
    assert_eq!(verdicts(&api), [Verdict::Accepted, Verdict::Duplicate]);
}

#[test]
fn a_half_close_ends_the_answers_and_not_the_connection() {
    let (api, mut client) = api_with_running_invocation(Misbehaviour::HalfClose);
    client.send(response("r-1", "answer"));
    assert_eq!(client.read_to_end().expect("an orderly close"), "");
    assert_eq!((api.open_connections(), verdicts(&api)), (1, vec![Verdict::Accepted]));
    drop(client);
    assert!(api.wait_until(LIMIT, |counts| counts.open_connections == 0));
}

#[test]
fn an_event_that_is_cut_goes_back_to_the_front_of_the_queue() {
    for length in [0, 1, 40] {
        let api = api_with(Fault::OnPoll(Misbehaviour::CutAt(length)));
        let pending = api.invoke(Event::new("hello").request_id("r-1"));
        let _later = api.invoke(Event::new("later").request_id("r-2"));
        let mut client = Client::connect(&api);
        client.send(POLL);
        let read = client.read_to_end().expect("an orderly close");
        assert_eq!(read.len(), length);
        assert!("HTTP/1.1 200 OK\r\nX-CFF-Request-Id: r-1\r\n".starts_with(&read));
        let no_answer = pending.wait(Duration::ZERO).expect_err("no answer");
        assert_eq!(no_answer.state, InvocationState::CutShort { connection: 1 });
        assert_next_poll_gets_the_event(&api);
    }
}

#[test]
fn an_event_that_is_cut_behind_its_request_id_can_be_answered_and_is_not_handed_out_again() {
    let api = api_with(Fault::OnPoll(Misbehaviour::CutAt(40)));
    let pending = api.invoke(Event::new("hello").request_id("r-1"));
    let _later = api.invoke(Event::new("later").request_id("r-2"));
    let mut client = Client::connect(&api);
    client.send(POLL);
    client.read_to_end().expect("an orderly close");
    let mut client = Client::connect(&api);
    assert_eq!(client.ask(response("r-1", "too large")).status, 200);
    assert_eq!(pending.wait(LIMIT).expect("an answer").body, b"too large");
    assert_eq!(client.ask(POLL).request_id(), "r-2");
}

#[test]
fn a_cut_behind_the_end_delivers_the_event_and_closes() {
    let (api, read) = poll_to_end(Misbehaviour::CutAt(usize::MAX));
    assert!(read.ends_with("\r\n\r\nhello"));
    assert_eq!(Client::connect(&api).ask(response("r-1", "answer")).status, 200);
}

#[test]
fn a_post_whose_answer_is_cut_counts() {
    let (api, mut client) = api_with_running_invocation(Misbehaviour::CutAt(9));
    client.send(response("r-1", "answer"));
    assert_eq!(client.read_to_end().expect("an orderly close"), "HTTP/1.1 ");
    assert_eq!(verdicts(&api), [Verdict::Accepted]);
}

#[test]
fn a_dripped_event_arrives_whole_and_the_connection_goes_on() {
    let api = api_with(Fault::OnPoll(Misbehaviour::Drip {
        bytes_per_write: 3,
        pause: Duration::from_micros(1),
    }));
    let _pending = api.invoke(Event::new("hello").request_id("r-1"));
    let mut client = Client::connect(&api);
    assert_eq!(client.ask(POLL).body, "hello");
    assert_eq!(client.ask(response("r-1", "answer")).status, 200);
}

#[test]
fn a_chunked_event_has_the_chunks_asked_for() {
    let api = api_with(Fault::OnPoll(Misbehaviour::Chunked {
        sizes: vec![1, 3],
        extension: Some("a=b".into()),
        trailers: vec![("X-Late".into(), "1".into())],
    }));
    let _pending = api.invoke(Event::new("hello").request_id("r-1"));
    let mut client = Client::connect(&api);
    client.send(POLL);
    let head = client.read_head();
    assert!(
        head.contains("\r\nTransfer-Encoding: chunked\r\n") && !head.contains("Content-Length")
    );
    assert_eq!(
        client.read_head(),
        "1;a=b\r\nh\r\n3;a=b\r\nell\r\n1;a=b\r\no\r\n0;a=b\r\nX-Late: 1\r\n\r\n"
    );
    assert_eq!(client.ask(response("r-1", "answer")).status, 200);
}

#[test]
fn a_close_delimited_event_ends_with_the_connection() {
    let (_api, read) = poll_to_end(Misbehaviour::CloseDelimited);
    assert!(read.contains("\r\nConnection: close\r\n") && !read.contains("Content-Length"));
    assert!(read.ends_with("\r\n\r\nhello"));
}

#[test]
fn interim_heads_come_before_the_event() {
    let api = api_with(Fault::OnPoll(Misbehaviour::InterimFirst(vec![100, 103])));
    let _pending = api.invoke(Event::new("hello").request_id("r-1"));
    let mut client = Client::connect(&api);
    client.send(POLL);
    assert_eq!(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(client.read_head(), "HTTP/1.1 103 Early Hints\r\n\r\n");
    assert_eq!(client.read_response().body, "hello");
}

#[test]
fn a_delay_ends_in_the_usual_answer() {
    let (api, mut client) =
        api_with_running_invocation(Misbehaviour::Delay(Duration::from_millis(1)));
    assert_eq!(client.ask(response("r-1", "answer")).status, 200);
    assert!(api.faults_left().is_empty());
}

#[test]
fn a_delayed_event_is_not_lost_when_the_connection_ends_meanwhile() {
    let api = api_with(Fault::OnPoll(Misbehaviour::Delay(Duration::MAX)));
    let _pending = api.invoke(Event::new("hello").request_id("r-1"));
    let mut client = Client::connect(&api);
    client.send(POLL);
    assert!(api.wait_until(LIMIT, |counts| counts.faults_left == 0));
    drop(client);
    assert_next_poll_gets_the_event(&api);
}

#[test]
fn a_stop_does_not_wait_for_a_delay() {
    let (api, mut client) = api_with_running_invocation(Misbehaviour::Delay(Duration::MAX));
    client.send(response("r-1", "answer"));
    assert!(api.wait_until(LIMIT, |counts| counts.posts == 1));
    api.stop();
    assert_eq!(client.read_to_end().expect("an orderly close"), "");
}

#[test]
fn an_announced_close_follows_the_event() {
    let (api, read) = poll_to_end(Misbehaviour::ConnectionClose);
    assert!(read.contains("\r\nConnection: close\r\n") && read.ends_with("\r\n\r\nhello"));
    assert_eq!(Client::connect(&api).ask(response("r-1", "answer")).status, 200);
}

#[test]
fn an_unannounced_close_follows_the_event() {
    let (api, read) = poll_to_end(Misbehaviour::CloseAfterResponse);
    assert!(!read.contains("Connection:") && read.ends_with("\r\n\r\nhello"));
    assert_eq!(Client::connect(&api).ask(response("r-1", "answer")).status, 200);
}

#[test]
fn a_duplicate_hands_out_the_same_request_id_again() {
    let api = RuntimeApi::start().expect("a free port");
    let _pending = api.invoke(Event::new("hello").request_id("r-1"));
    let mut client = Client::connect(&api);
    assert_eq!(client.ask(POLL).request_id(), "r-1");
    assert_eq!(client.ask(response("r-1", "answer")).status, 200);

    let _later = api.invoke(Event::new("later").request_id("r-2"));
    api.script(Fault::OnPoll(Misbehaviour::Duplicate));
    assert_eq!(client.ask(POLL).request_id(), "r-1");
    assert_eq!(client.ask(response("r-1", "answer")).status, 400);
    assert_eq!(client.ask(POLL).request_id(), "r-2");
}
