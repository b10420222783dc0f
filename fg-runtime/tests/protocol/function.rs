//! A function under test: a process of the example `probe`, with its captured output.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use fg_emulator::{Answer, AnswerKind, Event, Post, RuntimeApi, Verdict};
use serde_json::Value;

use crate::probe::probe;

/// Long enough for any machine. Only a failing test waits this long.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// The environment of a function that has not been started.
pub(crate) struct Setup {
    program: PathBuf,
    variables: Vec<(String, String)>,
    closed: Option<Stream>,
    stalled: Vec<Stream>,
    within: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// The probe's handler that performs the actions of its events.
pub(crate) fn act() -> Setup {
    setup("act")
}

/// The probe's handler that responds with its payload.
pub(crate) fn echo() -> Setup {
    setup("echo")
}

/// The probe's handler that takes HTTP requests and fails for each.
#[cfg(feature = "http")]
pub(crate) fn api_that_fails() -> Setup {
    setup("api")
}

/// The probe's handler that responds to CloudEvents.
#[cfg(feature = "server")]
pub(crate) fn mirror() -> Setup {
    setup("mirror")
}

/// The probe's handler that streams the steps of its events.
pub(crate) fn stream() -> Setup {
    setup("stream")
}

fn setup(handler: &str) -> Setup {
    let variables = [
        ("RUNTIME_HANDLER", handler),
        ("RUNTIME_TIMEOUT", "60"),
        ("RUNTIME_MEMORY", "128"),
        ("RUNTIME_CPU", "300"),
        ("RUNTIME_MAX_RESP_BODY_SIZE", "6291456"),
        ("RUNTIME_FUNC_NAME", "probe"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Setup {
        program: probe("dev"),
        variables,
        closed: None,
        stalled: Vec::new(),
        within: Vec::new(),
    }
}

impl Setup {
    /// Sets a variable. The last value of a name is used.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Uses a program that is built with another cargo profile.
    pub(crate) fn built_as(mut self, profile: &'static str) -> Self {
        self.program = probe(profile);
        self
    }

    /// Starts the program with this command, which takes it as its last argument.
    pub(crate) fn within(mut self, command: &[&str]) -> Self {
        self.within = command.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// Whether the program can be started at all, with an invalid mode.
    pub(crate) fn can_be_run(&self) -> bool {
        self.command()
            .env("FG_MODE", "none")
            .output()
            .is_ok_and(|output| output.status.code() == Some(2))
    }

    fn command(&self) -> Command {
        let mut words = self.within.iter().map(OsString::from).chain([self.program.clone().into()]);
        let mut command = Command::new(words.next().expect("there is the program"));
        command.args(words);
        command
    }

    /// Limits the number of open files.
    #[cfg(feature = "server")]
    pub(crate) fn limit_open_files(self, files: u32) -> Self {
        self.within(&["/bin/sh", "-c", &format!("ulimit -n {files}; exec \"$0\"")])
    }

    /// Leaves this stream unread.
    pub(crate) fn close(mut self, stream: Stream) -> Self {
        self.closed = Some(stream);
        self
    }

    /// Connects this stream to a full pipe that is not read.
    pub(crate) fn stall(mut self, stream: Stream) -> Self {
        self.stalled.push(stream);
        self
    }

    /// Runs in a shell: reads one event from standard input and writes the response to standard
    /// output.
    pub(crate) fn run_once(self, event: &str) -> Child {
        let mut child = Command::new(&self.program)
            .env_clear()
            .envs(self.variables)
            .env("FG_MODE", "one-shot")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the probe can be started");
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin.write_all(event.as_bytes()).expect("it reads");
        child
    }

    pub(crate) fn start(self, api: &RuntimeApi) -> Function {
        self.start_at(&api.address())
    }

    pub(crate) fn start_at(self, address: &str) -> Function {
        self.with("RUNTIME_API_ADDR", address).start_alone()
    }

    /// Starts the function without a Runtime API.
    pub(crate) fn start_alone(self) -> Function {
        let mut unread = Vec::new();
        let mut stream = |stream| {
            if self.stalled.contains(&stream) {
                let (full, reader) = full_stream();
                unread.push(reader);
                full
            } else {
                Stdio::piped()
            }
        };
        let (stdout, stderr) = (stream(Stream::Stdout), stream(Stream::Stderr));
        let mut child = self
            .command()
            .env_clear()
            .envs(self.variables)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .expect("the probe can be started");
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let output = Arc::<Output>::default();
        let read = |stream, pipe: Option<Box<dyn Read + Send>>| {
            let pipe = pipe.filter(|_| self.closed != Some(stream))?;
            let output = Arc::clone(&output);
            Some(thread::spawn(move || output.collect(stream, pipe)))
        };
        let readers = [
            read(Stream::Stdout, stdout.map(|pipe| Box::new(pipe) as _)),
            read(Stream::Stderr, stderr.map(|pipe| Box::new(pipe) as _)),
        ];
        let id = child.id();
        let (ended, exit_code) = channel();
        thread::spawn(move || {
            let code = wait(child);
            for reader in readers.into_iter().flatten() {
                reader.join().expect("a reader does not panic");
            }
            // The test may already have ended.
            let _ = ended.send(code);
        });
        Function { id, output, exit_code, ended: false, _unread: unread }
    }
}

/// A full stream for a process, and its other end.
fn full_stream() -> (Stdio, UnixStream) {
    let (mut full, reader) = UnixStream::pair().expect("there can be two sockets");
    full.set_nonblocking(true).expect("it can be set");
    // Writes until not even one byte fits.
    for size in [4096, 1] {
        while full.write(&vec![b'x'; size]).is_ok() {}
    }
    full.set_nonblocking(false).expect("it can be set");
    (OwnedFd::from(full).into(), reader)
}

/// The exit code, or the negated number of the signal that killed the process.
fn wait(mut child: Child) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    let status = child.wait().expect("it is our child");
    status.code().unwrap_or_else(|| -status.signal().unwrap_or_default())
}

/// The captured lines of a function.
#[derive(Default)]
struct Output {
    lines: Mutex<Vec<(Stream, String)>>,
    changed: Condvar,
}

impl Output {
    fn collect(&self, stream: Stream, pipe: Box<dyn Read + Send>) {
        for line in BufReader::new(pipe).split(b'\n') {
            let line = String::from_utf8_lossy(&line.expect("a pipe can be read")).into_owned();
            self.lines.lock().expect("it is not poisoned").push((stream, line));
            self.changed.notify_all();
        }
    }
}

/// A running function. It is killed on drop.
pub(crate) struct Function {
    id: u32,
    output: Arc<Output>,
    exit_code: Receiver<i32>,
    ended: bool,
    /// The other ends of unread streams.
    _unread: Vec<UnixStream>,
}

/// The exit code and the output of a function that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: Vec<String>,
}

impl Function {
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([format!("-{name}"), self.id.to_string()])
            .status()
            .expect("there is a `kill`");
        assert!(status.success(), "the function has ended before SIG{name}");
    }

    /// Sends two signals. The process may already have ended at the second one.
    pub(crate) fn signal_twice(&self) {
        self.signal("TERM");
        // Two equal signals could be merged before the process handles them.
        let _ = Command::new("kill")
            .args(["-INT", &self.id.to_string()])
            .stderr(Stdio::null())
            .status();
    }

    /// Waits for a line that contains this string.
    pub(crate) fn wait_for_line(&self, text: &str) -> String {
        let lines = self.output.lines.lock().expect("it is not poisoned");
        let find = |lines: &[(Stream, String)]| {
            lines.iter().find(|(_, line)| line.contains(text)).map(|(_, line)| line.clone())
        };
        let is_missing = |lines: &mut Vec<(Stream, String)>| find(lines).is_none();
        let (lines, _) = self
            .output
            .changed
            .wait_timeout_while(lines, LIMIT, is_missing)
            .expect("it is not poisoned");
        find(&lines).unwrap_or_else(|| panic!("there is no line with {text:?} in {lines:#?}"))
    }

    /// Sends SIGTERM, and waits for the end of the process.
    pub(crate) fn stop(self) -> Ended {
        self.signal("TERM");
        self.wait()
    }

    /// The exit code, if it ends within this time.
    pub(crate) fn try_wait(&self, limit: Duration) -> Option<i32> {
        self.exit_code.recv_timeout(limit).ok()
    }

    /// Waits until the process has ended.
    pub(crate) fn wait(mut self) -> Ended {
        let code = self.exit_code.recv_timeout(LIMIT).expect("the function ends");
        self.ended = true;
        let lines = self.output.lines.lock().expect("it is not poisoned");
        let of = |wanted| {
            lines
                .iter()
                .filter(|(stream, _)| *stream == wanted)
                .map(|(_, line)| line.clone())
                .collect()
        };
        Ended { code, stdout: of(Stream::Stdout), stderr: of(Stream::Stderr) }
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        if !self.ended && self.exit_code.try_recv().is_err() {
            // The process may already have ended.
            let _ = Command::new("kill")
                .args(["-KILL", &self.id.to_string()])
                .stderr(Stdio::null())
                .status();
        }
    }
}

impl Ended {
    /// The number of lines of both streams that contain this string.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.stdout.iter().chain(&self.stderr).filter(|line| line.contains(text)).count()
    }
}

/// Starts a Runtime API for a function.
pub(crate) fn api() -> RuntimeApi {
    RuntimeApi::start().expect("a port is free")
}

/// Sends an event and waits for its answer.
pub(crate) fn ask(api: &RuntimeApi, event: impl Into<Vec<u8>>) -> Answer {
    ask_event(api, Event::new(event))
}

pub(crate) fn ask_event(api: &RuntimeApi, event: Event) -> Answer {
    api.invoke(event).wait(LIMIT).expect("there is an answer")
}

/// Asserts that the function serves another event.
pub(crate) fn assert_serves(api: &RuntimeApi) {
    let answer = ask(api, r#"{"echo":"still here"}"#);
    assert_eq!((answer.kind, &*answer.text()), (AnswerKind::Response, r#""still here""#));
}

/// The error response of an answer.
pub(crate) fn failure(answer: &Answer) -> Value {
    assert_eq!(answer.kind, AnswerKind::Error, "{}", answer.text());
    serde_json::from_slice(&answer.body).expect("an error is JSON")
}

/// `errorType` and `errorMessage`.
pub(crate) fn type_and_message(failure: &Value) -> (&str, &str) {
    (
        failure["errorType"].as_str().expect("a string"),
        failure["errorMessage"].as_str().expect("a string"),
    )
}

/// The POSTs for a request that were accepted.
pub(crate) fn accepted(api: &RuntimeApi, request_id: &str) -> Vec<Post> {
    let is_accepted =
        |post: &Post| post.request_id == request_id && post.verdict == Verdict::Accepted;
    api.posts().into_iter().filter(is_accepted).collect()
}
