//! Many invocations at once: each has its own answer, deadline and log lines, whatever happens to
//! the others.

use super::client::Client;
use super::{Server, invocation};
use crate::function::{Ended, act};
use crate::gate::Gate;

fn send(server: &Server, id: usize, headers: &str, event: &str) -> Client {
    server.send(invocation(&format!("X-CFF-Request-Id: r-{id}\r\n{headers}"), event))
}

/// How many lines of this request have this text.
fn count(ended: &Ended, id: usize, text: &str) -> usize {
    ended.count(&format!(" r-{id} {text}"))
}

fn assert_isolated(cpu: &str) {
    const GROUPS: usize = 40;
    let server = Server::start(act().with("RUNTIME_CPU", cpu));
    let gate = Gate::for_many(GROUPS);
    let waits = format!(r#"{{"wait_at":"{}"}}"#, gate.address());
    let mut groups: Vec<_> = (0..GROUPS)
        .map(|group| {
            let id = 5 * group;
            [
                send(&server, id, "", &waits),
                send(&server, id + 1, "", &format!(r#"{{"echo":"{group}"}}"#)),
                send(&server, id + 2, "", r#""fail""#),
                send(&server, id + 3, "", r#"{"panic":"plain"}"#),
                send(&server, id + 4, "X-Cff-Timeout: 1\r\n", r#""hang""#),
            ]
        })
        .collect();
    let waiting: Vec<_> = (0..GROUPS).map(|_| gate.reached()).collect();
    for (group, [_, echoes, fails, panics, hangs]) in groups.iter_mut().enumerate() {
        assert_eq!(echoes.read_response().text(), format!("\"{group}\""));
        assert_eq!(fails.read_response().error_type(500), "OrderNotFound");
        assert_eq!(panics.read_response().error_type(500), "panic");
        assert_eq!(hangs.read_response().error_type(500), "FunctionTimeout");
    }
    drop(waiting);
    for [waits, ..] in &mut groups {
        assert_eq!(waits.read_response().text(), r#""waited""#);
    }
    let ended = server.stop();
    for id in (0..5 * GROUPS).step_by(5) {
        let errors = [0, 1, 2, 3, 4].map(|offset| count(&ended, id + offset, "ERROR "));
        assert_eq!(errors, [0, 0, 1, 1, 1], "{id}: {ended:#?}");
        assert_eq!(count(&ended, id + 2, "ERROR OrderNotFound: "), 1);
        assert_eq!(count(&ended, id + 3, "ERROR panic: article 17"), 1);
        assert_eq!(
            ["INFO cancelled", "INFO dropped", "ERROR FunctionTimeout: "].map(|text| count(
                &ended,
                id + 4,
                text
            )),
            [1, 1, 1]
        );
    }
    assert_eq!((ended.code, ended.count(&format!("pre_stop after {} calls", 5 * GROUPS))), (0, 1));
}

#[test]
fn each_of_two_hundred_invocations_at_once_has_its_own_end_on_one_thread() {
    assert_isolated("300");
}

#[test]
fn each_of_two_hundred_invocations_at_once_has_its_own_end_on_several_threads() {
    assert_isolated("2000");
}

#[test]
fn each_log_line_has_the_id_of_its_own_request_through_whichever_crate_it_comes() {
    let server = Server::start(act().with("RUNTIME_CPU", "2000"));
    let event = |id| format!(r#"{{"log_everywhere":"said in r-{id}."}}"#);
    let mut clients: Vec<_> = (0..200).map(|id| send(&server, id, "", &event(id))).collect();
    assert!(clients.iter_mut().all(|client| client.read_response().status == 200));
    let ended = server.stop();
    // The logger's own, and those of the features `log` and `tracing`, which the probe always has.
    let lines_each = 3;
    for id in 0..200 {
        let lines: Vec<_> =
            ended.stdout.iter().filter(|line| line.contains(&format!("said in r-{id}."))).collect();
        assert!(lines.iter().all(|line| line.contains(&format!(" r-{id} INFO "))), "{lines:#?}");
        assert_eq!(lines.len(), lines_each, "{lines:#?}");
    }
}

#[test]
fn a_handler_that_blocks_one_of_several_threads_is_answered_for_and_others_are_served_meanwhile() {
    // Which thread it blocks, and what that one was about to do, differs from run to run.
    for run in 0..4 {
        let server = Server::start(act().with("RUNTIME_CPU", "2000"));
        let mut blocks = server.connect();
        if run % 2 == 0 {
            blocks.send(invocation("", r#"{"echo":"on a connection that is kept"}"#));
            assert_eq!(blocks.read_response().status, 200);
        }
        blocks.send(invocation("X-CFF-Request-Id: r-1\r\nX-CFF-Timeout: 1\r\n", r#""block""#));
        for _ in 0..20 {
            server.assert_serves();
        }
        let response = blocks.read_response();
        assert_eq!(response.error_type(500), "FunctionTimeout");
        assert!(response.error_message().contains("has blocked its thread"), "{}", response.text());
        server.assert_serves();
        let ended = server.stop();
        assert_eq!(
            (ended.code, count(&ended, 1, "ERROR FunctionTimeout: "), ended.stderr.len()),
            (0, 1, 0),
            "{ended:#?}"
        );
    }
}

#[test]
fn a_handler_without_a_timeout_that_blocks_one_of_several_threads_does_not_hold_up_the_others() {
    // As above, what the blocked thread was about to do differs from run to run. If nothing woke
    // another thread, the requests that follow would never be answered.
    for run in 0..4 {
        let server =
            Server::start(act().with("RUNTIME_CPU", "2000").with("PROBE_NO_TIMEOUTS", "1"));
        let mut blocks = server.connect();
        if run % 2 == 0 {
            blocks.send(invocation("", r#"{"echo":"on a connection that is kept"}"#));
            assert_eq!(blocks.read_response().status, 200);
        }
        let gate = Gate::new();
        blocks.send(invocation("", format!(r#"{{"block_at":"{}"}}"#, gate.address())));
        let _blocked = gate.reached();
        for _ in 0..20 {
            server.assert_serves();
        }
    }
}

#[test]
fn handlers_that_block_every_thread_are_answered_for_and_end_the_process() {
    for cpu in ["300", "2000"] {
        let server = Server::start(act().with("RUNTIME_CPU", cpu).with("RUNTIME_TIMEOUT", "1"));
        server.assert_serves();
        let clients = [1, 2].map(|id| send(&server, id, "", r#""block""#));
        // With one thread the second request is never read.
        for mut client in clients.into_iter().take(if cpu == "300" { 1 } else { 2 }) {
            let response = client.read_response();
            assert_eq!(response.error_type(500), "FunctionTimeout");
            client.assert_closed();
        }
        let ended = server.function.wait();
        assert_eq!(ended.code, 1, "{ended:#?}");
        let [line] = &ended.stderr[..] else { panic!("{ended:#?}") };
        assert!(
            line.starts_with("fg: ending the process: handlers have blocked all threads for 1s"),
            "{line}"
        );
    }
}

#[test]
fn a_handler_may_block_the_only_thread_for_as_long_as_the_header_allows() {
    let server = Server::start(act().with("RUNTIME_TIMEOUT", "1"));
    let mut blocks =
        send(&server, 1, "X-Cff-Timeout: 20\r\n", r#"{"block_for_milliseconds":3000}"#);
    assert_eq!(blocks.read_response().text(), r#""blocked""#);
    assert_eq!(server.stop().code, 0);
}

#[test]
fn there_are_a_thousand_invocations_at_a_time_and_no_more() {
    let server = Server::start(act());
    let gate = Gate::for_many(1000);
    let waits = format!(r#"{{"wait_at":"{}"}}"#, gate.address());
    let mut clients: Vec<_> = (0..1000).map(|id| send(&server, id, "", &waits)).collect();
    let waiting: Vec<_> = (0..1000).map(|_| gate.reached()).collect();
    let response = server.invoke(r#"{"echo":"one more"}"#);
    assert_eq!(response.error_type(429), "TooManyRequests");
    assert_eq!(server.ask("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
    drop(waiting);
    assert!(clients.iter_mut().all(|client| client.read_response().text() == r#""waited""#));
    server.assert_serves();
}

#[test]
fn the_handler_of_a_client_that_goes_away_is_dropped_and_that_is_logged() {
    let server = Server::start(act());
    let gate = Gate::new();
    let client = send(&server, 1, "", &format!(r#"{{"wait_at":"{}"}}"#, gate.address()));
    let _waiting = gate.reached();
    drop(client);
    server.function.wait_for_line(
        " r-1 WARN the handler was dropped before its reply: the client has gone away",
    );
    server.assert_serves();
    assert_eq!(server.stop().code, 0);
}
