//! A server always ends, and says why: the cells of the table in `docs/lifecycle.md` that are its
//! own.

use std::thread::sleep;
use std::time::Duration;

use super::{Server, invocation};
use crate::function::Stream::Stderr;
use crate::function::{Function, act};
use crate::gate::Gate;

/// Both flavours of tokio's runtime: with one thread, and with several.
const CPUS: [&str; 2] = ["300", "2000"];

fn assert_ends_at_second_signal(function: Function, state: &str) {
    function.signal_twice();
    let ended = function.wait();
    assert!(ended.code == 128 + 15 || ended.code == 128 + 2, "{state}: {ended:#?}");
}

#[test]
fn an_init_that_blocks_ends_with_its_time() {
    for cpu in CPUS {
        let gate = Gate::new();
        let init = format!("blocks at {}", gate.address());
        let setup = act()
            .with("RUNTIME_CPU", cpu)
            .with("PROBE_INIT", &init)
            .with("RUNTIME_INITIALIZER_TIMEOUT", "1");
        let function = setup.with("FG_PORT", "0").start_alone();
        let _blocked = gate.reached();
        let ended = function.wait();
        let line = "fg: ending the process: init has blocked its thread for ";
        assert_eq!((ended.code, ended.count(line)), (1, 1), "{ended:#?}");
    }
}

#[test]
fn a_handler_whose_line_nobody_reads_is_answered_and_a_signal_ends_the_process() {
    for cpu in CPUS {
        let server = Server::start(
            act().stall(Stderr).with("RUNTIME_CPU", cpu).with("RUNTIME_TIMEOUT", "1"),
        );
        let response = server.invoke(r#"{"print_error":"hello"}"#);
        assert_eq!(response.error_type(500), "FunctionTimeout");
        if cpu == "2000" {
            server.assert_serves();
            server.function.signal("TERM");
        }
        // On one thread it has ended by itself.
        let ended = server.function.wait();
        assert_eq!(ended.code, i32::from(cpu == "300"), "{ended:#?}");
    }
}

#[test]
fn a_second_signal_ends_the_process_in_every_state() {
    for cpu in CPUS {
        let gate = Gate::for_many(4);
        let setup = || act().stall(Stderr).with("RUNTIME_CPU", cpu);

        // With several threads the first signal is enough.
        if cpu == "300" {
            let init = format!("blocks at {}", gate.address());
            let function = setup().with("PROBE_INIT", &init).with("FG_PORT", "0").start_alone();
            let _blocked = gate.reached();
            assert_ends_at_second_signal(function, "init");
        }

        for event in [
            format!(r#"{{"block_at":"{}"}}"#, gate.address()),
            format!(r#"{{"after":{{"block_at":"{}"}}}}"#, gate.address()),
        ] {
            let server = Server::start(setup());
            let _client = server.send(invocation("", &event));
            let _blocked = gate.reached();
            assert_ends_at_second_signal(server.function, &event);
        }

        let server = Server::start(setup().with("PROBE_PRE_STOP", gate.address()));
        server.assert_serves();
        server.function.signal("TERM");
        let _blocked = gate.reached();
        server.function.signal("INT");
        assert_eq!(server.function.wait().code, 128 + 2);
    }
}

#[test]
fn a_pre_stop_that_blocks_ends_with_its_time() {
    let gate = Gate::for_many(2);
    let servers = CPUS.map(|cpu| {
        let server =
            Server::start(act().with("RUNTIME_CPU", cpu).with("PROBE_PRE_STOP", gate.address()));
        server.assert_serves();
        server.function.signal("TERM");
        (server, gate.reached())
    });
    for (server, _blocked) in servers {
        let ended = server.function.wait();
        let line = "fg: ending the process: pre_stop has blocked its thread for 1";
        assert_eq!((ended.code, ended.count(line)), (1, 1), "{ended:#?}");
    }
}

#[test]
fn work_left_for_later_that_blocks_every_thread_ends_the_process_and_is_named() {
    let server = Server::start(act().with("RUNTIME_TIMEOUT", "1"));
    let gate = Gate::new();
    let response = server.invoke(format!(r#"{{"after":{{"block_at":"{}"}}}}"#, gate.address()));
    assert_eq!(response.status, 200);
    let _blocked = gate.reached();
    let ended = server.function.wait();
    let line = "fg: ending the process: work left by spawn_after has blocked all threads for 1s";
    assert_eq!((ended.code, ended.count(line)), (1, 1), "{ended:#?}");
}

#[test]
fn work_left_for_later_that_blocks_one_of_several_threads_is_logged_and_does_not_hold_up_the_end() {
    let server = Server::start(act().with("RUNTIME_CPU", "2000").with("RUNTIME_TIMEOUT", "1"));
    let gate = Gate::new();
    let response = server.ask(invocation(
        "X-CFF-Request-Id: r-1\r\n",
        format!(r#"{{"after":{{"block_at":"{}"}}}}"#, gate.address()),
    ));
    assert_eq!(response.status, 200);
    let _blocked = gate.reached();
    server.function.wait_for_line(" r-1 ERROR work left by spawn_after has blocked its thread past the time of its invocation");
    server.assert_serves();
    let ended = server.stop();
    assert_eq!((ended.code, ended.count("pre_stop after 2 calls")), (0, 1), "{ended:#?}");
}

#[test]
fn a_request_that_was_frozen_past_its_time_ends_as_it_would_have() {
    for cpu in CPUS {
        let server = Server::start(act().with("RUNTIME_CPU", cpu).with("RUNTIME_TIMEOUT", "1"));
        server.assert_serves();
        let gate = Gate::new();
        let mut waits =
            server.send(invocation("", format!(r#"{{"wait_at":"{}"}}"#, gate.address())));
        let waiting = gate.reached();
        server.function.signal("STOP");
        // Nothing happens in this time, and that is the point.
        sleep(Duration::from_millis(1500));
        drop(waiting);
        server.function.signal("CONT");
        assert_eq!(waits.read_response().text(), r#""waited""#);
        server.assert_serves();
        let ended = server.stop();
        assert_eq!((ended.code, ended.stderr.len(), ended.count("ERROR")), (0, 0, 0), "{ended:#?}");
    }
}

#[test]
fn a_panic_that_ends_the_process_is_answered_and_so_is_everybody_else() {
    for (cpu, profile) in [("300", "dev"), ("2000", "dev"), ("300", "abort")] {
        let server = Server::start(act().built_as(profile).with("RUNTIME_CPU", cpu));
        let gate = Gate::new();
        let mut waits =
            server.send(invocation("", format!(r#"{{"wait_at":"{}"}}"#, gate.address())));
        let _waiting = gate.reached();
        let response = server.invoke(r#"{"panic":"in_drop_while_unwinding"}"#);
        assert_eq!(response.error_type(500), "panic");
        let expected =
            if profile == "abort" { "the first panic (at " } else { "the bomb went off (at " };
        assert!(response.error_message().starts_with(expected), "{}", response.text());
        let other = waits.read_response();
        assert_eq!(other.error_type(500), "panic");
        assert!(
            other.error_message().starts_with("another invocation has ended the process"),
            "{}",
            other.text()
        );
        assert_eq!(server.function.wait().code, -6);
    }
}

#[test]
fn a_panic_that_cannot_be_printed_is_what_the_caller_is_told() {
    for profile in ["dev", "abort"] {
        // Long enough to find the names of the frames on a machine with other work.
        let server =
            Server::start(act().built_as(profile).stall(Stderr).with("RUNTIME_TIMEOUT", "5"));
        let response = server.invoke(r#"{"panic":"plain"}"#);
        assert_eq!(response.error_type(500), "panic");
        assert!(
            response.error_message().starts_with("article 17 is out of stock (at "),
            "{}",
            response.text()
        );
        // The only thread is lost; or the process was to abort.
        assert_eq!(server.function.wait().code, if profile == "dev" { 1 } else { 128 + 6 });
    }
}
