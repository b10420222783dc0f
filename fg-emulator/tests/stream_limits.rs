//! The largest streamed response: 200 MB pass through a few hundred KB, and no more than that is
//! taken. Alone in its process, whose peak of memory is looked at.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use fg_emulator::{Emulator, Event, PlatformError, PlatformErrorKind};

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
    let emulator = function();
    let before = peak_memory();
    pass_200_mb_to_a_reader(&emulator);
    refuse_201_mb(&emulator);
    match (before, peak_memory()) {
        (Some(before), Some(after)) => {
            assert!(after - before < MOST, "{} KB more", (after - before) / 1024);
        }
        _ => println!("SKIPPED: the peak of the memory, which this system does not tell"),
    }
}
