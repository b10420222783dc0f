//! What else runs on this machine can reach a Runtime API, and gets nothing from it. Linux tells
//! who has the other end of a connection.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::channel;

use fg_emulator::{Emulator, Event};

use crate::scripted::{LIMIT, function, start};

/// The address of the Runtime API, as this function sees it.
fn api_of(emulator: &Emulator) -> String {
    let process = emulator.process_ids()[0];
    let environment = std::fs::read_to_string(format!("/proc/{process}/environ")).expect("it runs");
    let address =
        environment.split('\0').find_map(|variable| variable.strip_prefix("RUNTIME_API_ADDR="));
    address.expect("the platform sets it").to_owned()
}

/// A request as it is, and all that comes back.
fn exchange(address: &str, request: &str) -> String {
    let mut socket = TcpStream::connect(address).expect("it listens");
    socket.set_read_timeout(Some(LIMIT)).expect("a valid time limit");
    socket.write_all(request.as_bytes()).expect("it reads");
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer);
    assert!(read.is_ok() || !answer.is_empty(), "{request}: {read:?}");
    String::from_utf8_lossy(&answer).into_owned()
}

const POLL: &str = "GET /v1/runtime/invocation/request HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[test]
fn events_go_to_the_functions_own_process_and_to_no_other() {
    let (lines, told) = channel();
    let emulator = start(function().on_line(move |line| drop(lines.send(line.to_owned()))));
    emulator.wait_until_ready().expect("it polls");
    let address = api_of(&emulator);
    for request in [
        POLL.to_owned(),
        "POST /v1/runtime/invocation/response/r-1 HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n"
            .to_owned(),
    ] {
        let answer = exchange(&address, &request);
        assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");
        assert!(
            answer.contains("was refused by the Runtime API: it is not the function's"),
            "{answer}"
        );
    }
    // While it is busy, too; and it is told once for each process.
    std::thread::scope(|scope| {
        let running = scope.spawn(|| emulator.invoke(Event::new(r#"{"do":"hang"}"#)));
        assert!(emulator.wait_until(LIMIT, |instances| instances.busy == 1));
        assert!(exchange(&address, POLL).starts_with("HTTP/1.1 403 "));
        emulator.stop();
        assert!(running.join().expect("no panic").platform_error().is_some());
    });
    let strangers: Vec<_> =
        told.try_iter().filter(|line| line.contains("was refused by the Runtime API")).collect();
    assert_eq!(strangers.len(), 1, "{strangers:?}");
    assert!(
        strangers[0].starts_with(&format!("process {} (", std::process::id())),
        "{strangers:?}"
    );
}

#[test]
fn strangers_that_stay_do_not_keep_the_function_out() {
    let emulator = start(function());
    let address = api_of(&emulator);
    let strangers: Vec<_> =
        (0..200).map(|_| TcpStream::connect(&address).expect("it listens")).collect();
    assert_eq!(emulator.invoke(Event::new(r#"{"text":"ok"}"#)).response().as_deref(), Some("ok"));
    drop(strangers);
    assert_eq!(
        emulator.invoke(Event::new(r#"{"text":"again"}"#)).response().as_deref(),
        Some("again")
    );
}

#[test]
fn what_the_function_has_started_may_ask_for_events_in_its_place() {
    use std::process::{Command, Stdio};
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("SKIPPED: a function in shell needs curl");
        return;
    }
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bootstrap.sh");
    let emulator = start(
        Emulator::builder("sh")
            .arg("-c")
            .arg(format!("sh '{}' & wait", script.display()))
            .init_timeout(LIMIT)
            .timeout(LIMIT),
    );
    assert_eq!(
        emulator.invoke(Event::new(r#""from a grandchild""#)).response().as_deref(),
        Some(r#""from a grandchild""#)
    );
}

#[test]
fn an_attached_process_is_one_that_was_started_with_the_variables() {
    use std::process::{Command, Stdio};
    let emulator = start(Emulator::attach().handler("h"));
    let variables = emulator.variables();
    let (_, address) =
        variables.iter().find(|(name, _)| name == "RUNTIME_API_ADDR").expect("it is told");
    let script = format!(
        "exec 3<>/dev/tcp/{}; printf 'GET /v1/runtime/invocation/request HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n' >&3; head -n 1 <&3",
        address.replace(':', "/")
    );
    let bash = || {
        let mut command = Command::new("bash");
        command
            .args(["-c", &script])
            .env_remove("RUNTIME_API_ADDR")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command
    };
    let Ok(stranger) = bash().output() else {
        println!("SKIPPED: a client by hand needs bash");
        return;
    };
    assert_eq!(String::from_utf8_lossy(&stranger.stdout), "HTTP/1.1 403 Forbidden\r\n");
    let announced = bash()
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .spawn()
        .expect("there is a shell");
    emulator.wait_until_ready().expect("it polls");
    std::thread::scope(|scope| {
        scope.spawn(|| emulator.invoke(Event::new("{}")));
        let output = announced.wait_with_output().expect("it ends");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "HTTP/1.1 200 OK\r\n");
        emulator.stop();
    });
}
