//! A terminal in the hands of the test.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::platform::wait_for;

/// A command that runs on a terminal.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    shown: Arc<Mutex<Vec<u8>>>,
    reading: JoinHandle<()>,
}

impl Terminal {
    pub(crate) fn run(mut command: Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("it may be used");
        unlockpt(&master).expect("it may be used");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let name = name.into_string().expect("it is UTF-8");
        let open = || OpenOptions::new().read(true).write(true).open(&name).expect("it is there");
        let child = command.stdin(open()).stdout(open()).stderr(open()).spawn();
        // The command has the other ends, too: reading would not end before it is dropped.
        drop(command);
        let keyboard = File::from(master);
        let mut screen = keyboard.try_clone().expect("it can be shared");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&shown);
        let reading = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // At the end of the command, Linux reports an error instead of the end.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                seen.lock().expect("no panic").extend(&bytes[..count]);
            }
        });
        Self { child: child.expect("the program is there"), keyboard, shown, reading }
    }

    /// What is shown so far.
    pub(crate) fn shown(&self) -> String {
        let shown = self.shown.lock().expect("no panic");
        String::from_utf8_lossy(&shown).replace("\r\n", "\n")
    }

    /// Waits until this is shown.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        wait_for(text, || self.shown().contains(text).then_some(()));
    }

    /// Types a line.
    pub(crate) fn enter(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").expect("it is read");
    }

    /// Sends what Ctrl-C sends, and returns the signal that ended the command.
    #[track_caller]
    pub(crate) fn interrupt(mut self) -> Option<i32> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("an id");
        kill_process(id, Signal::INT).expect("it runs");
        wait_for("the end", || self.child.try_wait().expect("it can be asked")).signal()
    }

    /// Waits for the end, and returns the exit code and all that was shown.
    #[track_caller]
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let status = wait_for("the end", || self.child.try_wait().expect("it can be asked"));
        wait_for("the rest", || self.reading.is_finished().then_some(()));
        (status.code(), self.shown())
    }
}
