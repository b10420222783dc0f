//! The question before a deployment, on a terminal and without one.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::fg::run;
use crate::platform::Platform;
use crate::project::deploy;
use crate::proxy::Proxy;
use crate::serving::titles;

/// Runs it on a pseudo-terminal, and types this when it asks. Returns the exit code, and all that
/// was on the screen.
fn on_a_terminal(command: &mut Command, question: &str, typed: &str) -> (Option<i32>, String) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&terminal).expect("it is ours");
    unlockpt(&terminal).expect("it is ours");
    let name = ptsname(&terminal, Vec::new()).expect("it has a name");
    let path = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
    let mut options = OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        i32::try_from(OFlags::NOCTTY.bits()).expect("a flag"),
    );
    let other = options.read(true).write(true).open(path).expect("it is there");
    let end = || other.try_clone().expect("one more");
    let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("it starts");
    // With the last one here closed, its output ends with the process.
    drop(other);
    // The command has kept its three.
    command.stdin(std::process::Stdio::null());
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut terminal = std::fs::File::from(terminal);
    let (mut seen, mut piece, mut has_typed) = (Vec::new(), [0; 4096], false);
    // On Linux, an error says that there is no one at the other end any more.
    while let Ok(length @ 1..) = terminal.read(&mut piece) {
        seen.extend_from_slice(&piece[..length]);
        if !has_typed && String::from_utf8_lossy(&seen).contains(question) {
            terminal.write_all(typed.as_bytes()).expect("it reads");
            has_typed = true;
        }
    }
    let status = child.wait().expect("it ends");
    let seen = String::from_utf8_lossy(&seen).into_owned();
    assert!(has_typed, "it does not ask:\n{seen}");
    (status.code(), seen)
}

#[test]
fn on_a_terminal_it_asks_and_no_sends_nothing() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    for no in ["n\n", "\n"] {
        let (code, seen) = on_a_terminal(&mut deploy(proxy.address, "one", &[]), "[y/N]", no);
        assert_eq!(code, Some(1), "{seen}");
        assert_eq!(titles(&proxy.take()), [""; 0], "{seen}");
        assert!(seen.contains("nothing was changed"), "{seen}");
    }
    let (code, seen) = on_a_terminal(&mut deploy(proxy.address, "one", &[]), "[y/N]", "y\n");
    assert_eq!(code, Some(0), "{seen}");
    assert_eq!(titles(&proxy.take()), ["POST /functions"]);
    assert_eq!(platform.release("").as_deref(), Some("one"));
}

#[test]
fn without_a_terminal_and_without_yes_it_is_an_error() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    let ran = run(&mut deploy(proxy.address, "one", &[])).ended_with(2);
    assert!(ran.stderr.contains("--yes"), "{}", ran.stderr);
    assert_eq!(titles(&proxy.take()), [""; 0]);
}
