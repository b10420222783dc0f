//! A process that another program starts.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use fg_emulator::{Credentials, Emulator};

use crate::scripted::{LIMIT, event, program, start};

fn address(emulator: &Emulator) -> String {
    let variables = emulator.variables();
    let (_, address) =
        variables.iter().find(|(name, _)| name == "RUNTIME_API_ADDR").expect("it is told");
    address.clone()
}

/// Takes one event by hand, answers it, and gives the head of the event.
pub(crate) fn poll_once(emulator: &Emulator) -> String {
    thread::scope(|scope| {
        let invoked = scope.spawn(|| emulator.invoke(event("{}")));
        let mut function = TcpStream::connect(address(emulator)).expect("it listens");
        function
            .write_all(b"GET /v1/runtime/invocation/request HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("it reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            function.read_exact(&mut byte).expect("a whole head");
            head.push(byte[0]);
        }
        let answer = "POST /v1/runtime/invocation/response/r-1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nok";
        function.write_all(answer.as_bytes()).expect("it reads");
        assert_eq!(invoked.join().expect("no panic").response().as_deref(), Some("ok"));
        String::from_utf8_lossy(&head).into_owned()
    })
}

#[test]
fn a_process_that_somebody_else_starts_is_told_its_variables_and_has_no_timeout() {
    let emulator = start(
        Emulator::attach()
            .handler("greet")
            .timeout(Duration::from_millis(1))
            .variable("COLOUR", "red"),
    );
    let variables = emulator.variables();
    assert!(variables.contains(&("RUNTIME_HANDLER".into(), "greet".into())));
    let mut function = Command::new(program()).envs(variables).spawn().expect("it starts");
    let execution = emulator.invoke(event(r#"{"do":"environment"}"#));
    assert!(execution.response().expect("a response").contains("COLOUR=red"));
    assert!(emulator.process_ids().is_empty());
    drop(emulator);
    function.wait().expect("it ends when its Runtime API is gone");
}

/// Tries until it succeeds. A process that another test is starting has this one's listeners until
/// it runs its own program, so that an address is not free at once.
fn soon<T, E: std::fmt::Debug>(mut attempt: impl FnMut() -> Result<T, E>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        match attempt() {
            Ok(done) => return done,
            Err(error) if Instant::now() > end => panic!("it never succeeds: {error:?}"),
            Err(_) => thread::yield_now(),
        }
    }
}

#[test]
fn the_runtime_api_of_an_attached_process_has_the_address_that_was_chosen() {
    // Below the ports that the system gives to others.
    let free = (20_000..30_000)
        .map(|port| SocketAddr::from(([127, 0, 0, 1], port)))
        .find(|address| TcpStream::connect(address).is_err())
        .expect("a free port");
    for _ in 0..2 {
        let emulator = soon(|| {
            Emulator::attach()
                .runtime_api_at(free)
                .process_variable("FG_HTTP_ERRORS", "full")
                .start()
        });
        assert_eq!(address(&emulator), free.to_string());
        assert!(emulator.variables().contains(&("FG_HTTP_ERRORS".into(), "full".into())));
    }
    let taken = soon(|| TcpListener::bind(free));
    let error =
        Emulator::attach().runtime_api_at(free).start().expect_err("it is taken").to_string();
    assert!(error.starts_with("the emulator could not open a port for the function: "), "{error}");
    drop(taken);
}

#[test]
fn keys_that_do_not_expire_are_sent_with_an_empty_token() {
    let keys = Credentials {
        security_access_key: "AK".into(),
        security_secret_key: "SK".into(),
        ..Credentials::default()
    };
    let head = poll_once(&start(Emulator::attach().credentials(keys)));
    assert!(
        head.contains("X-CFF-Security-Access-Key: AK\r\n")
            && head.contains("X-CFF-Security-Token: \r\n"),
        "{head}"
    );
}

#[test]
fn an_invocation_that_nobody_takes_ends_with_the_emulator() {
    let emulator = start(Emulator::attach());
    thread::scope(|scope| {
        let invoked = scope.spawn(|| emulator.invoke(event("{}")));
        assert!(emulator.wait_until(LIMIT, |instances| instances.busy == 1));
        emulator.stop();
        let execution = invoked.join().expect("no panic");
        assert_eq!(
            execution.platform_error().map(ToString::to_string).as_deref(),
            Some("the emulator has been stopped")
        );
    });
}

#[test]
fn a_request_that_an_attached_process_leaves_behind_is_told_when_it_comes_back() {
    let program = program();
    let emulator = start(Emulator::attach());
    thread::scope(|scope| {
        let invoked = scope.spawn(|| emulator.invoke(event(r#"{"do":"exit"}"#)));
        Command::new(&program)
            .envs(emulator.variables())
            .spawn()
            .expect("it starts")
            .wait()
            .expect("it ends");
        let mut again =
            Command::new(&program).envs(emulator.variables()).spawn().expect("it starts");
        let execution = invoked.join().expect("no panic");
        assert_eq!(
            execution.platform_error().map(ToString::to_string).as_deref(),
            Some(
                "the function closed its connection while it handled request r-1, and then asked for another event"
            )
        );
        assert_eq!(
            emulator.invoke(event(r#"{"text":"back"}"#)).response().as_deref(),
            Some("back")
        );
        again.kill().expect("it runs");
        again.wait().expect("it ends");
    });
}
