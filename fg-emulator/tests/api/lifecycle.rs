//! Start, stop and restart.

use fg_emulator::{Event, InvocationState, RuntimeApi};

use crate::client::{Client, LIMIT, POLL, response};

#[test]
fn a_stop_releases_polls_that_wait_and_frees_the_port() {
    let api = RuntimeApi::start().expect("a free port");
    let mut polls: Vec<_> = (0..3).map(|_| Client::connect(&api)).collect();
    polls.iter_mut().for_each(|client| client.send(POLL));
    assert!(api.wait_until(LIMIT, |counts| counts.polls == 3));

    api.stop();
    for client in &mut polls {
        assert_eq!(client.read_to_end().expect("an orderly close"), "");
    }
    assert_eq!((api.connections(), api.open_connections()), (3, 0));

    let again = RuntimeApi::start_at(api.address()).expect("the port is free");
    assert_eq!(again.address(), api.address());
    api.stop();
    assert_eq!(Client::connect(&again).ask(response("r-1", "")).status, 404);
}

#[test]
fn a_drop_closes_the_sockets_and_frees_the_port() {
    let api = RuntimeApi::start().expect("a free port");
    let mut client = Client::connect(&api);
    client.send(POLL);
    assert!(api.wait_until(LIMIT, |counts| counts.polls == 1));
    let address = api.address();
    drop(api);
    assert_eq!(client.read_to_end().expect("an orderly close"), "");
    RuntimeApi::start_at(address).expect("the port is free");
}

#[test]
fn a_stop_ends_the_wait_for_an_answer() {
    let api = RuntimeApi::start().expect("a free port");
    let pending = api.invoke(Event::new("{}").request_id("r-1"));
    api.stop();
    let no_answer = pending.wait(LIMIT).expect_err("no answer");
    assert_eq!((no_answer.state, no_answer.stopped), (InvocationState::NeverPolled, true));
    assert_eq!(
        no_answer.to_string(),
        "invocation r-1 has no answer: no poll has taken it; the API is stopped"
    );
}

#[test]
fn an_invocation_can_be_answered_after_a_restart() {
    let api = RuntimeApi::start().expect("a free port");
    let pending = api.invoke(Event::new("{}").request_id("r-1"));
    Client::connect(&api).ask(POLL);
    api.restart().expect("the port is free");
    assert_eq!(Client::connect(&api).ask(response("r-1", "late")).status, 200);
    assert_eq!(pending.wait(LIMIT).expect("an answer").text(), "late");
}

#[test]
fn two_apis_do_not_know_each_other() {
    let (one, other) =
        (RuntimeApi::start().expect("a free port"), RuntimeApi::start().expect("a free port"));
    let _pending = one.invoke(Event::new("{}").request_id("r-1"));
    Client::connect(&one).ask(POLL);
    assert_eq!(Client::connect(&other).ask(response("r-1", "")).status, 404);
}
