//! The largest streamed response over the invoke API: 200 MB pass through little memory. Alone in its
//! process, whose peak of memory is looked at.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fg_emulator::Emulator;
use fg_local::Local;

const MB: u64 = 1 << 20;

/// Far less than the response, and far more than what is read ahead of the caller.
const MOST: u64 = 32 * MB;

/// Long enough for any machine: only a failing test waits so long.
const LIMIT: Duration = Duration::from_secs(300);

fn function() -> Arc<Emulator> {
    let test = std::env::current_exe().expect("a test is a program");
    let target = test.ancestors().nth(2).expect("a test is in target/<profile>/deps");
    let program: PathBuf =
        target.join("examples").join(format!("scripted_function{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: build it with `cargo build -p fg-local --examples`",
        program.display()
    );
    let builder = Emulator::builder(program).name("scripted").streaming();
    Arc::new(builder.timeout(LIMIT).init_timeout(LIMIT).start().expect("it starts"))
}

/// The peak of the resident memory of this process, in bytes, where the system tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

#[test]
fn a_response_of_200_mb_passes_through_little_memory() {
    let local = Local::builder().start_blocking().expect("a free port");
    local.serve("scripted", function()).expect("it can be written");
    let before = peak_memory();
    let mut caller = TcpStream::connect(local.address()).expect("it listens");
    caller.set_read_timeout(Some(LIMIT)).expect("a valid time limit");
    let body = format!(r#"{{"do":"stream","bytes":{MB},"times":200}}"#);
    write!(
        caller,
        "POST /v2/p/fgs/functions/scripted/invocations HTTP/1.1\r\nHost: localhost\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
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
    match (before, peak_memory()) {
        (Some(before), Some(after)) => {
            assert!(after - before < MOST, "{} KB more", (after - before) / 1024);
        }
        _ => println!("SKIPPED: the peak of the memory, which this system does not tell"),
    }
}
