//! What the API accepts as a request, and what it says to anything else.

use fg_emulator::{Event, RuntimeApi};

use crate::client::{Client, LIMIT, POLL, response};

#[test]
fn a_chunked_answer_is_put_together() {
    let api = RuntimeApi::start().expect("a free port");
    let pending = api.invoke(Event::new("{}").request_id("r-1"));
    let mut client = Client::connect(&api);
    client.ask(POLL);
    client.send("POST /v1/runtime/invocation/response/r-1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    assert_eq!(client.ask("2;x=y\r\nde\r\n0\r\n\r\n").status, 200);
    assert_eq!(pending.wait(LIMIT).expect("an answer").text(), "abcde");
}

#[test]
fn an_answer_that_is_not_sent_to_its_end_does_not_count_and_can_be_seen() {
    let api = RuntimeApi::start().expect("a free port");
    let mut client = Client::connect(&api);
    let part = "POST /v1/runtime/invocation/response/r-1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    client.send(part);
    client.stop_sending();
    assert_eq!(client.read_to_end().expect("an orderly close"), "");
    assert!(api.posts().is_empty());
    assert_eq!(api.raw_requests(), [part.as_bytes()]);
}

#[test]
fn a_function_that_does_not_keep_its_connection_gets_it_closed() {
    let api = RuntimeApi::start().expect("a free port");
    for request in
        [POLL.replace("Host: localhost", "Connection: close"), POLL.replace("HTTP/1.1", "HTTP/1.0")]
    {
        let _pending = api.invoke(Event::new("{}"));
        let mut client = Client::connect(&api);
        assert_eq!(client.ask(request).header("Connection"), Some("close"));
        assert_eq!(client.read_to_end().expect("an orderly close"), "");
    }
}

#[test]
fn a_wrong_path_or_method_is_refused_and_the_connection_goes_on() {
    let api = RuntimeApi::start().expect("a free port");
    let mut client = Client::connect(&api);
    let refusal = client.ask("GET /v1/runtime/invocation/next HTTP/1.1\r\n\r\n");
    assert_eq!(refusal.status, 404);
    assert!(
        refusal.body.starts_with("there is nothing at /v1/runtime/invocation/next: FunctionGraph"),
        "{}",
        refusal.body
    );
    assert_eq!(client.ask("DELETE /v1/runtime/invocation/request HTTP/1.1\r\n\r\n").status, 405);
    assert_eq!(client.ask(response("r-1", "{}")).status, 404);
    assert_eq!((api.connections(), api.polls()), (1, 0));
}

#[test]
fn what_is_not_http_is_answered_400_with_the_reason_and_closed() {
    let api = RuntimeApi::start().expect("a free port");
    let mut client = Client::connect(&api);
    let refusal = client.ask("POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n");
    assert_eq!(
        (refusal.status, refusal.body.as_str()),
        (400, "invalid request: Content-Length many")
    );
    assert_eq!(client.read_to_end().expect("an orderly close"), "");
}
