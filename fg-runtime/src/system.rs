//! What differs from system to system: the signals that end a process, and what standard input is.
//!
//! The platform is Linux; developers also work on macOS and Windows. Everything else in this crate is the same everywhere.

pub(crate) use imp::{Signals, input};

/// What standard input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A pipe or a file: somebody hands us an event.
    Given,
    /// A person at a keyboard.
    Terminal,
    /// `/dev/null` and the like, as on the platform.
    #[cfg_attr(not(unix), allow(dead_code, reason = "only a Unix tells"))]
    Nothing,
}

#[cfg(unix)]
mod imp {
    use std::fs::File;
    use std::io::{self, IsTerminal};
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::low_level::pipe;
    use tokio::io::{AsyncRead, ReadBuf};
    use tokio::net::UnixStream;

    use super::Input;

    /// SIGTERM and SIGINT: each with a socket on which a byte arrives for every time that it comes.
    #[derive(Debug)]
    pub(crate) struct Signals([(i32, UnixStream); 2]);

    impl Signals {
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self([(SIGTERM, arrivals_of(SIGTERM)?), (SIGINT, arrivals_of(SIGINT)?)]))
        }

        /// Ready with the exit code that a process killed by this signal would have.
        pub(crate) fn poll(&mut self, task: &mut Context<'_>) -> Poll<i32> {
            for (signal, arrivals) in &mut self.0 {
                let mut byte = [0];
                let mut buffer = ReadBuf::new(&mut byte);
                if Pin::new(arrivals).poll_read(task, &mut buffer).is_ready() && !buffer.filled().is_empty() {
                    return Poll::Ready(128 + *signal);
                }
            }
            Poll::Pending
        }
    }

    fn arrivals_of(signal: i32) -> io::Result<UnixStream> {
        let (arrivals, sender) = std::os::unix::net::UnixStream::pair()?;
        pipe::register(signal, sender)?;
        arrivals.set_nonblocking(true)?;
        UnixStream::from_std(arrivals)
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
    use std::io::{self, IsTerminal};
    use std::task::{Context, Poll};

    use tokio::signal::windows::{CtrlC, ctrl_c};

    use super::Input;

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

    /// What standard input of this process is; a device that has nothing to say cannot be told from a pipe.
    pub(crate) fn input() -> Input {
        if io::stdin().is_terminal() { Input::Terminal } else { Input::Given }
    }
}
