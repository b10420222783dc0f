//! What differs from system to system: the signals that end a process, how it ends at once, and
//! what its standard streams are.
//!
//! The platform is Linux; developers also work on macOS and Windows. Everything else in this crate
//! is the same everywhere.

use std::io;
use std::time::Duration;

pub(crate) use imp::{Signals, Waker, Wakes, end_now, input, write_to_stderr};

/// What standard input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A pipe or a file, with an event.
    Given,
    /// A person at a keyboard.
    Terminal,
    /// `/dev/null` and the like, as on the platform.
    #[cfg_attr(not(unix), allow(dead_code, reason = "only a Unix tells"))]
    Nothing,
}

/// Why a thread that waited goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// By a signal; this is the exit code that a process killed by it would have.
    #[cfg_attr(not(unix), allow(dead_code, reason = "elsewhere the loop itself listens"))]
    BySignal(i32),
    /// By its [`Waker`], or because the time is over.
    ToLook,
}

/// The shortest wait that a socket takes.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// Starts a thread that is not joined. In a box, so that a program has the standard library's part
/// of it once.
pub(crate) fn spawn(name: &str, run: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
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
    use std::task::{Context, Poll};
    use std::time::Duration;

    use fg_core::__private::Mutex;
    use signal_hook::SigId;
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::low_level::{pipe, unregister};
    use tokio::io::{AsyncRead, ReadBuf};

    use super::{Input, SHORTEST_WAIT, Woken};

    const ENDING: [i32; 2] = [SIGTERM, SIGINT];

    /// What a [`Waker`] sends, unlike a signal.
    const LOOK: u8 = b'l';

    /// How long a wait is at the most that nothing can end.
    const WITHOUT_SOCKET: Duration = Duration::from_secs(1);

    /// Where a thread waits: for SIGTERM and SIGINT, for its waker, and for a time.
    #[derive(Debug)]
    pub(crate) struct Wakes {
        arrivals: UnixStream,
        /// How long a read of it takes at the most.
        wait: Option<Duration>,
        listening: Option<Listening>,
    }

    /// Wakes the thread that waits.
    #[derive(Debug)]
    pub(crate) struct Waker(UnixStream);

    impl Wakes {
        /// With or without the signals.
        pub(crate) fn new(with_signals: bool) -> io::Result<(Self, Waker)> {
            let (arrivals, sender) = UnixStream::pair()?;
            let listening = with_signals.then(|| Listening::begin(&sender)).transpose()?;
            // There is always room for a byte, unless there are so many that one more makes no
            // difference.
            sender.set_nonblocking(true)?;
            Ok((Self { arrivals, wait: None, listening }, Waker(sender)))
        }

        /// Waits for so long, and for nothing longer.
        pub(crate) fn wait(&mut self, wait: Duration) -> Woken {
            let wait = wait.max(SHORTEST_WAIT);
            let mut byte = [0];
            if self.wait != Some(wait) && self.arrivals.set_read_timeout(Some(wait)).is_err() {
                std::thread::sleep(wait);
                return Woken::ToLook;
            }
            self.wait = Some(wait);
            match self.arrivals.read(&mut byte) {
                Ok(1) if byte[0] != LOOK => {
                    self.listening.as_ref().map_or(Woken::ToLook, Listening::by_signal)
                }
                Ok(1) => Woken::ToLook,
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                    ) =>
                {
                    Woken::ToLook
                }
                // The user's code has closed what is not its own.
                Ok(_) | Err(_) => {
                    std::thread::sleep(wait.min(WITHOUT_SOCKET));
                    Woken::ToLook
                }
            }
        }
    }

    impl Waker {
        pub(crate) fn wake(&self) {
            let _ = (&self.0).write(&[LOOK]);
        }
    }

    /// That the signals come to us, until this is dropped.
    #[derive(Debug)]
    struct Listening {
        /// Whether the last signal was SIGINT. All that is registered is copied for each one more,
        /// so there is no flag for the other.
        is_interrupt: Arc<AtomicBool>,
        registered: Vec<SigId>,
    }

    /// How many listen; and whether there are none any more, in which case a signal does what it
    /// does without us.
    static LISTENING: Mutex<(usize, Option<Arc<AtomicBool>>)> = Mutex::new((0, None));

    impl Listening {
        fn begin(sender: &UnixStream) -> io::Result<Self> {
            let is_interrupt = Arc::new(AtomicBool::new(false));
            let mut listening =
                Self { is_interrupt: Arc::clone(&is_interrupt), registered: Vec::with_capacity(3) };
            let mut all = LISTENING.lock();
            all.0 += 1;
            if let Some(is_over) = &all.1 {
                is_over.store(false, Ordering::Relaxed);
            }
            drop(all);
            // Before the byte that wakes the thread.
            listening.registered.push(signal_hook::flag::register(SIGINT, is_interrupt)?);
            for signal in ENDING {
                listening.registered.push(pipe::register(signal, sender.try_clone()?)?);
            }
            Ok(listening)
        }

        fn by_signal(&self) -> Woken {
            Woken::BySignal(self.exit_code())
        }

        fn exit_code(&self) -> i32 {
            let is_interrupt = self.is_interrupt.swap(false, Ordering::Relaxed);
            128 + if is_interrupt { SIGINT } else { SIGTERM }
        }
    }

    impl Drop for Listening {
        fn drop(&mut self) {
            for id in self.registered.drain(..) {
                unregister(id);
            }
            let mut all = LISTENING.lock();
            all.0 -= 1;
            if all.0 > 0 {
                return;
            }
            match &all.1 {
                Some(is_over) => is_over.store(true, Ordering::Relaxed),
                None => {
                    let is_over = Arc::new(AtomicBool::new(true));
                    for signal in ENDING {
                        // It has been possible to listen to it.
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

    /// The signals, for a task: where no thread can be made that waits for them.
    #[derive(Debug)]
    pub(crate) struct Signals {
        arrivals: tokio::net::UnixStream,
        listening: Listening,
    }

    impl Signals {
        /// None where that is not possible, nor needed.
        pub(crate) fn of(wakes: Wakes) -> Option<Self> {
            let Wakes { arrivals, listening, .. } = wakes;
            arrivals.set_nonblocking(true).ok()?;
            Some(Self {
                arrivals: tokio::net::UnixStream::from_std(arrivals).ok()?,
                listening: listening?,
            })
        }

        /// Ready with the exit code that a process killed by this signal would have.
        pub(crate) fn poll(&mut self, task: &mut Context<'_>) -> Poll<i32> {
            loop {
                let mut byte = [0];
                let mut buffer = ReadBuf::new(&mut byte);
                match Pin::new(&mut self.arrivals).poll_read(task, &mut buffer) {
                    Poll::Ready(Ok(())) if buffer.filled() == [LOOK] => {}
                    Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                        return Poll::Ready(self.listening.exit_code());
                    }
                    _ => return Poll::Pending,
                }
            }
        }
    }

    /// Ends the process at once: what `exit` does besides takes locks, and may wait for a reader.
    pub(crate) fn end_now(code: i32) -> ! {
        signal_hook::low_level::exit(code)
    }

    /// Writes to standard error as it is now, past the lock that the user's code may hold.
    pub(crate) fn write_to_stderr(bytes: &[u8]) {
        let stderr = io::stderr();
        let _ = match stderr.as_fd().try_clone_to_owned().map(File::from) {
            Ok(mut file) => file.write_all(bytes),
            // There may be too many open files.
            Err(_) => stderr.lock().write_all(bytes),
        };
    }

    /// What standard input of this process is.
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
    use std::io::{self, IsTerminal, Write};
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::task::{Context, Poll};
    use std::time::Duration;

    use tokio::signal::windows::{CtrlC, ctrl_c};

    use super::{Input, SHORTEST_WAIT, Woken};

    /// Where a thread waits: for its waker, and for a time.
    #[derive(Debug)]
    pub(crate) struct Wakes(Receiver<()>);

    /// Wakes the thread that waits.
    #[derive(Debug)]
    pub(crate) struct Waker(SyncSender<()>);

    impl Wakes {
        /// The loop itself listens to Ctrl-C.
        pub(crate) fn new(_: bool) -> io::Result<(Self, Waker)> {
            let (sender, receiver) = sync_channel(1);
            Ok((Self(receiver), Waker(sender)))
        }

        /// Waits for so long, and for nothing longer.
        pub(crate) fn wait(&mut self, wait: Duration) -> Woken {
            let _ = self.0.recv_timeout(wait.max(SHORTEST_WAIT));
            Woken::ToLook
        }
    }

    impl Waker {
        pub(crate) fn wake(&self) {
            let _ = self.0.try_send(());
        }
    }

    /// Ctrl-C.
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

    /// What standard input of this process is; a device that has nothing to say cannot be told from
    /// a pipe.
    pub(crate) fn input() -> Input {
        if io::stdin().is_terminal() { Input::Terminal } else { Input::Given }
    }
}
