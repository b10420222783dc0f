//! The largest streamed response: 200 MB pass through a few hundred KB, and no more than that is
//! taken. Alone in its process, whose peak of memory is looked at.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fg_emulator::Emulator;
use fg_local::Local;

const MB: u64 = 1 << 20;

/// Far less than the response, and far more than what is read ahead of the caller.
const MOST: u64 = 24 * MB;

/// Long enough for any machine: only a failing test waits so long.
const LIMIT: Duration = Duration::from_secs(300);

fn function() -> Emulator {
    let test = std::env::current_exe().expect("a test is a program");
    let target = test.ancestors().nth(2).expect("a test is in target/<profile>/deps");
    let program: PathBuf =
        target.join("examples").join(format!("scripted_function{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: build it with `cargo build -p fg-local --examples`",
        program.display()
    );
    Emulator::builder(program)
        .name("scripted")
        .timeout(LIMIT)
        .init_timeout(LIMIT)
        .streaming()
        .start()
        .expect("it starts")
}

/// A response in chunks of 1 MB.
fn response_of(megabytes: u64) -> String {
    format!(r#"{{"do":"stream","bytes":{MB},"times":{megabytes}}}"#)
}

/// The peak of the resident memory of this process, in bytes, where the system tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

fn call(address: SocketAddr, body: &str) -> TcpStream {
    let mut caller = TcpStream::connect(address).expect("it listens");
    caller.set_read_timeout(Some(LIMIT)).expect("a valid time limit");
    write!(
        caller,
        "POST /v2/p/fgs/functions/scripted/invocations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("it reads");
    caller
}

/// How many bytes come until the connection is closed, and the last of them.
fn read(mut caller: TcpStream) -> (u64, Vec<u8>) {
    let (mut buffer, mut bytes, mut last) = (vec![0; 64 << 10], 0, Vec::new());
    loop {
        let read = caller.read(&mut buffer).expect("an orderly close");
        if read == 0 {
            return (bytes, last);
        }
        bytes += read as u64;
        last.extend_from_slice(&buffer[..read]);
        last.drain(..last.len().saturating_sub(7));
    }
}

fn pass_200_mb_over_http(address: SocketAddr) {
    let (bytes, last) = read(call(address, &response_of(200)));
    assert!(bytes > 200 * MB && last == b"\r\n0\r\n\r\n", "{bytes} bytes");
}

/// The rest is not sent, and there is no last chunk.
fn refuse_201_mb_over_http(address: SocketAddr) {
    let (bytes, last) = read(call(address, &response_of(201)));
    assert!((200 * MB..201 * MB).contains(&bytes), "{bytes} bytes");
    assert_ne!(last, b"\r\n0\r\n\r\n");
    // It has seen the refusal, and serves on.
    let (_, last) = read(call(address, r#"{"text":"still here"}"#));
    assert!(last.ends_with(b"here"), "{last:?}");
}

#[test]
fn a_streamed_response_has_at_most_200_mb_and_passes_through_little_memory() {
    let local = Local::builder().start_blocking().expect("a free port");
    let before = local.serve("scripted", Arc::new(function())).expect("it can be written");
    assert!(before.is_none());
    let before = peak_memory();
    pass_200_mb_over_http(local.address());
    refuse_201_mb_over_http(local.address());
    match (before, peak_memory()) {
        (Some(before), Some(after)) => {
            assert!(after - before < MOST, "{} KB more", (after - before) / 1024);
        }
        _ => println!("SKIPPED: the peak of the memory, which this system does not tell"),
    }
}
