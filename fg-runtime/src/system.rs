//! Code that depends on the operating system: the signals that end a process, the immediate exit,
//! and the standard streams.
//!
//! The platform is Linux. Developers also work on macOS and Windows.

use std::io;
use std::time::Duration;

pub(crate) use imp::{Signals, WakeReceiver, Waker, end_now, input, read_input, write_to_stderr};

/// The kind of standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A pipe or a file, with an event.
    Given,
    /// A terminal.
    Terminal,
    /// `/dev/null` and the like, as on the platform.
    #[cfg_attr(not(unix), allow(dead_code, reason = "only Unix can tell"))]
    Nothing,
}

/// Why a waiting thread was woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WakeReason {
    /// By a signal, with the exit code of a process that is killed by it.
    #[cfg_attr(not(unix), allow(dead_code, reason = "elsewhere the event loop polls the signals"))]
    Signal(i32),
    /// By its [`Waker`], or by the end of the wait.
    Check,
}

/// The shortest wait: a read timeout of zero is an error.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// The standard library's own. Where it is not given, a variable is looked up for it.
const STACK_BYTES: usize = 2 << 20;

/// Starts a detached thread. The closure is boxed so that `Builder::spawn` is compiled once.
pub(crate) fn spawn(name: &str, run: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    let thread = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK_BYTES);
    thread.spawn(run).map(drop)
}

#[cfg(unix)]
mod imp {
    use std::fs::File;
    use std::io::{self, ErrorKind, IsTerminal, Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net::UnixStream;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Poll, ready};
    use std::time::Duration;

    use fg_core::__private::Mutex;
    use signal_hook::SigId;
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::low_level::{pipe, unregister};
    use tokio::time::{Sleep, sleep};

    use super::{Input, SHORTEST_WAIT, WakeReason};

    const END_SIGNALS: [i32; 2] = [SIGTERM, SIGINT];

    /// The index of SIGINT there.
    const INTERRUPT: usize = 1;

    /// The byte that a [`Waker`] sends. A signal sends another one.
    const WAKE_BYTE: u8 = b'l';

    /// The longest wait if the socket is unusable, so that no byte can end it.
    const FALLBACK_WAIT: Duration = Duration::from_secs(1);

    /// Lets a thread wait for SIGTERM and SIGINT, for its waker, and for a time.
    #[derive(Debug)]
    pub(crate) struct WakeReceiver {
        socket: UnixStream,
        /// The read timeout that is set on the socket.
        wait: Option<Duration>,
        registration: Option<SignalRegistration>,
    }

    /// Wakes the waiting thread.
    #[derive(Debug)]
    pub(crate) struct Waker(UnixStream);

    impl WakeReceiver {
        /// Creates a pair, with or without the signals.
        pub(crate) fn new(with_signals: bool) -> io::Result<(Self, Waker)> {
            let (socket, sender) = UnixStream::pair()?;
            let registration =
                with_signals.then(|| SignalRegistration::begin(&sender)).transpose()?;
            // A full socket buffer needs no further byte to wake the thread.
            sender.set_nonblocking(true)?;
            Ok((Self { socket, wait: None, registration }, Waker(sender)))
        }

        /// Waits at most this long.
        pub(crate) fn wait(&mut self, wait: Duration) -> WakeReason {
            let wait = wait.max(SHORTEST_WAIT);
            let mut byte = [0];
            if self.wait != Some(wait) && self.socket.set_read_timeout(Some(wait)).is_err() {
                std::thread::park_timeout(wait);
                return WakeReason::Check;
            }
            self.wait = Some(wait);
            match self.socket.read(&mut byte) {
                Ok(1) if byte[0] != WAKE_BYTE => self
                    .registration
                    .as_mut()
                    .map_or(WakeReason::Check, |signals| WakeReason::Signal(signals.exit_code())),
                Ok(1) => WakeReason::Check,
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                    ) =>
                {
                    WakeReason::Check
                }
                // The user's code has closed the file descriptor.
                Ok(_) | Err(_) => {
                    std::thread::park_timeout(wait.min(FALLBACK_WAIT));
                    WakeReason::Check
                }
            }
        }
    }

    impl Waker {
        pub(crate) fn wake(&self) {
            let _ = (&self.0).write(&[WAKE_BYTE]);
        }
    }

    /// The registration of the signals, until it is dropped.
    #[derive(Debug)]
    struct SignalRegistration {
        sender: UnixStream,
        /// Whether the last signal was SIGINT; `None` before the first signal.
        is_interrupt: Option<Arc<AtomicBool>>,
        registered: Vec<SigId>,
    }

    /// The number of registrations, and a flag that restores the default effect of the signals when
    /// there are none.
    static REGISTRATIONS: Mutex<(usize, Option<Arc<AtomicBool>>)> = Mutex::new((0, None));

    impl SignalRegistration {
        fn begin(sender: &UnixStream) -> io::Result<Self> {
            let mut registration = Self {
                sender: sender.try_clone()?,
                is_interrupt: None,
                registered: Vec::with_capacity(END_SIGNALS.len()),
            };
            let mut all = REGISTRATIONS.lock();
            all.0 += 1;
            if let Some(is_over) = &all.1 {
                is_over.store(false, Ordering::Relaxed);
            }
            drop(all);
            for signal in END_SIGNALS {
                registration.send_byte_on(signal)?;
            }
            Ok(registration)
        }

        // Not inlined, as it is called in two places.
        #[inline(never)]
        fn send_byte_on(&mut self, signal: i32) -> io::Result<()> {
            self.registered.push(pipe::register(signal, self.sender.try_clone()?)?);
            Ok(())
        }

        /// The exit code of a process that is killed by the signal that has been received. It is
        /// used from the second signal on, so the first one counts as SIGTERM.
        fn exit_code(&mut self) -> i32 {
            let is_interrupt = match &self.is_interrupt {
                Some(is_interrupt) => is_interrupt.swap(false, Ordering::Relaxed),
                None => {
                    // Without it the next signal counts as SIGTERM.
                    let _ = self.tell_signals_apart();
                    false
                }
            };
            128 + if is_interrupt { SIGINT } else { SIGTERM }
        }

        /// Lets the next signals be told apart. Not at the start, where a registration takes time,
        /// since it copies the earlier ones.
        fn tell_signals_apart(&mut self) -> io::Result<()> {
            let is_interrupt = Arc::new(AtomicBool::new(false));
            self.registered.push(signal_hook::flag::register(SIGINT, Arc::clone(&is_interrupt))?);
            // What is registered first is done first: the flag is set before the byte is sent.
            self.send_byte_on(SIGINT)?;
            if let Some(earlier) = self.registered.get(INTERRUPT) {
                unregister(*earlier);
            }
            self.is_interrupt = Some(is_interrupt);
            Ok(())
        }
    }

    impl Drop for SignalRegistration {
        fn drop(&mut self) {
            for id in self.registered.drain(..) {
                unregister(id);
            }
            let mut all = REGISTRATIONS.lock();
            all.0 -= 1;
            if all.0 > 0 {
                return;
            }
            match &all.1 {
                Some(is_over) => is_over.store(true, Ordering::Relaxed),
                None => {
                    let is_over = Arc::new(AtomicBool::new(true));
                    for signal in END_SIGNALS {
                        // Cannot fail: the signal has been registered before.
                        let _ = signal_hook::flag::register_conditional_default(
                            signal,
                            Arc::clone(&is_over),
                        );
                    }
                    all.1 = Some(is_over);
                }
            }
        }
    }

    /// How long a signal may stay unnoticed without the watchdog thread.
    const PAUSE: Duration = Duration::from_millis(50);

    /// The signals for a task, if the watchdog thread cannot be started. It looks for them again
    /// and again: that happens so rarely that tokio's sockets would not be worth their code.
    #[derive(Debug)]
    pub(crate) struct Signals {
        socket: UnixStream,
        pause: Pin<Box<Sleep>>,
        registration: SignalRegistration,
    }

    impl Signals {
        /// `None` if the signals were not registered.
        pub(crate) fn of(receiver: WakeReceiver) -> Option<Self> {
            let WakeReceiver { socket, registration, .. } = receiver;
            socket.set_nonblocking(true).ok()?;
            Some(Self { socket, pause: Box::pin(sleep(PAUSE)), registration: registration? })
        }

        /// Ready with the exit code of a process that is killed by the signal.
        pub(crate) fn poll(&mut self, task: &mut Context<'_>) -> Poll<i32> {
            loop {
                let mut byte = [0];
                match self.socket.read(&mut byte) {
                    Ok(1) if byte == [WAKE_BYTE] => {}
                    Ok(1) => return Poll::Ready(self.registration.exit_code()),
                    _ => {
                        ready!(self.pause.as_mut().poll(task));
                        self.pause = Box::pin(sleep(PAUSE));
                    }
                }
            }
        }
    }

    /// Ends the process at once. `std::process::exit` also takes locks and flushes, and may block.
    pub(crate) fn end_now(code: i32) -> ! {
        signal_hook::low_level::exit(code)
    }

    /// Writes to standard error without its lock, which the user's code may hold.
    pub(crate) fn write_to_stderr(bytes: &[u8]) {
        let stderr = io::stderr();
        let _ = match stderr.as_fd().try_clone_to_owned().map(File::from) {
            Ok(mut file) => file.write_all(bytes),
            // The duplication fails if there are too many open files.
            Err(_) => stderr.lock().write_all(bytes),
        };
    }

    /// Reads standard input to its end.
    pub(crate) fn read_input() -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::from(io::stdin().as_fd().try_clone_to_owned()?).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The kind of standard input.
    pub(crate) fn input() -> Input {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Input::Terminal;
        }
        let file = stdin.as_fd().try_clone_to_owned().map(File::from);
        match file.and_then(|file| file.metadata()).map(|metadata| metadata.file_type()) {
            Ok(kind) if kind.is_fifo() || kind.is_file() || kind.is_socket() => Input::Given,
            _ => Input::Nothing,
        }
    }
}

#[cfg(not(unix))]
mod imp {
    use std::io::{self, IsTerminal, Read, Write};
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::task::{Context, Poll};
    use std::time::Duration;

    use tokio::signal::windows::{CtrlC, ctrl_c};

    use super::{Input, SHORTEST_WAIT, WakeReason};

    /// Lets a thread wait for its waker, and for a time.
    #[derive(Debug)]
    pub(crate) struct WakeReceiver(Receiver<()>);

    /// Wakes the waiting thread.
    #[derive(Debug)]
    pub(crate) struct Waker(SyncSender<()>);

    impl WakeReceiver {
        /// Creates a pair. The event loop itself polls Ctrl-C.
        pub(crate) fn new(_: bool) -> io::Result<(Self, Waker)> {
            let (sender, receiver) = sync_channel(1);
            Ok((Self(receiver), Waker(sender)))
        }

        /// Waits at most this long.
        pub(crate) fn wait(&mut self, wait: Duration) -> WakeReason {
            let _ = self.0.recv_timeout(wait.max(SHORTEST_WAIT));
            WakeReason::Check
        }
    }

    impl Waker {
        pub(crate) fn wake(&self) {
            let _ = self.0.try_send(());
        }
    }

    /// The signal Ctrl-C.
    #[derive(Debug)]
    pub(crate) struct Signals(CtrlC);

    impl Signals {
        pub(crate) fn listen() -> io::Result<Self> {
            ctrl_c().map(Self)
        }

        /// Ready with the exit code that Windows gives a process ended by Ctrl-C.
        pub(crate) fn poll(&mut self, task: &mut Context<'_>) -> Poll<i32> {
            const STATUS_CONTROL_C_EXIT: i32 = 0xC000_013A_u32 as i32;
            self.0.poll_recv(task).map(|_| STATUS_CONTROL_C_EXIT)
        }
    }

    /// Ends the process at once.
    pub(crate) fn end_now(code: i32) -> ! {
        std::process::exit(code)
    }

    /// Writes to standard error.
    pub(crate) fn write_to_stderr(bytes: &[u8]) {
        let _ = io::stderr().write_all(bytes);
    }

    /// Reads standard input to its end.
    pub(crate) fn read_input() -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The kind of standard input. An empty device cannot be distinguished from a pipe.
    pub(crate) fn input() -> Input {
        if io::stdin().is_terminal() { Input::Terminal } else { Input::Given }
    }
}
