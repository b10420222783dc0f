//! The largest streamed response: 200 MB pass through a few hundred KB, and no more than that is
//! taken. Alone in its process, whose peak of memory is looked at.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fg_emulator::{Emulator, Event, InvokeApi, PlatformError, PlatformErrorKind};

const MB: u64 = 1 << 20;

/// Far less than the response, and far more than what is read ahead of the caller.
const MOST: u64 = 24 * MB;

/// Long enough for any machine: only a failing test waits so long.
const LIMIT: Duration = Duration::from_secs(300);

fn function() -> Emulator {
    let test = std::env::current_exe().expect("a test is a program");
    let target = test.ancestors().nth(2).expect("a test is in target/<profile>/deps");
    let program: PathBuf =
        target.join("examples").join(format!("scripted{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: build it with `cargo build --examples`",
        program.display()
    );
    Emulator::builder(program)
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

fn pass_200_mb_to_a_reader(emulator: &Emulator) {
    let mut response = emulator.invoke_streaming(Event::new(response_of(200)));
    let mut bytes = 0;
    while let Some(chunk) = response.next_chunk().expect("a complete response") {
        bytes += chunk.len() as u64;
    }
    assert_eq!(bytes, 200 * MB);
}

fn pass_200_mb_over_http(emulator: &Arc<Emulator>) {
    let api = InvokeApi::start("127.0.0.1:0", Arc::clone(emulator)).expect("a free port");
    let mut caller = TcpStream::connect(api.address()).expect("it listens");
    caller.set_read_timeout(Some(LIMIT)).expect("a valid time limit");
    let (path, body) =
        (format!("/v2/p/fgs/functions/{}/invocations", emulator.urn()), response_of(200));
    write!(
        caller,
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("it reads");
    let (mut buffer, mut bytes, mut last) = (vec![0; 64 << 10], 0, Vec::new());
    loop {
        let read = caller.read(&mut buffer).expect("an orderly close");
        if read == 0 {
            break;
        }
        bytes += read as u64;
        last.extend_from_slice(&buffer[..read]);
        last.drain(..last.len().saturating_sub(7));
    }
    assert!(bytes > 200 * MB && last == b"\r\n0\r\n\r\n", "{bytes} bytes");
}

fn refuse_201_mb(emulator: &Emulator) {
    let mut response = emulator.invoke_streaming(Event::new(response_of(201)));
    let mut bytes = 0;
    let error = loop {
        match response.next_chunk() {
            Ok(Some(chunk)) => bytes += chunk.len() as u64,
            Ok(None) => panic!("it is taken for complete after {bytes} bytes"),
            Err(error) => break error,
        }
    };
    assert_eq!((bytes, error.kind()), (200 * MB, ErrorKind::UnexpectedEof));
    let execution = response.finish();
    assert_eq!(
        execution.platform_error().map(PlatformError::kind),
        Some(PlatformErrorKind::ResponseTooLarge)
    );
    assert!(
        execution.to_string().contains("more than 209715200 bytes, the platform's limit"),
        "{execution}"
    );
    // It has seen the refusal, and serves on.
    assert_eq!(
        emulator.invoke(Event::new(r#"{"text":"still here"}"#)).response().as_deref(),
        Some("still here")
    );
    assert_eq!(emulator.instances().started, 1);
}

#[test]
fn a_streamed_response_has_at_most_200_mb_and_passes_through_little_memory() {
    let emulator = Arc::new(function());
    let before = peak_memory();
    pass_200_mb_to_a_reader(&emulator);
    pass_200_mb_over_http(&emulator);
    refuse_201_mb(&emulator);
    match (before, peak_memory()) {
        (Some(before), Some(after)) => {
            assert!(after - before < MOST, "{} KB more", (after - before) / 1024);
        }
        _ => println!("SKIPPED: the peak of the memory, which this system does not tell"),
    }
}
