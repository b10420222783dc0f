//! The servers under test, and the process of each.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::process::{cpu_time, end};
use crate::programs::{Folders, PLATFORM, succeed};

/// Longer than a server takes to start, even under valgrind.
const LIMIT: Duration = Duration::from_secs(60);

/// A row of the tables, and its binary.
#[derive(Clone, Copy)]
pub(crate) struct Program {
    pub(crate) title: &'static str,
    binary: &'static str,
    /// How the names of its budgets begin, if it has any.
    pub(crate) budgets: Option<&'static str>,
}

/// In the order of a round.
pub(crate) const ALL: [Program; 4] = [
    Program { title: "hyper", binary: "server-hyper", budgets: None },
    Program { title: AXUM, binary: "server-axum", budgets: None },
    Program { title: "fg", binary: "server-fg", budgets: Some("server") },
    Program { title: "axum under fg", binary: "server-fg-axum", budgets: Some("router") },
];

/// The reference of all ratios.
pub(crate) const AXUM: &str = "axum";

/// Builds all servers.
pub(crate) fn build(folders: &Folders) -> Result<(), String> {
    let mut cargo = folders.cargo();
    cargo
        .args(["build", "--release", "--quiet", "--locked", "-p", "bench-servers", "--target-dir"])
        .arg(&folders.target);
    succeed(cargo)
}

/// A running server. It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a server with these variables and the platform's, optionally under a tool, and waits
    /// until it listens.
    pub(crate) fn start(
        folders: &Folders,
        program: Program,
        variables: &[(&str, &str)],
        tool: &[&str],
    ) -> Result<Self, String> {
        let path = folders.target.join("release").join(program.binary);
        Self::run(&path, variables, tool).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn run(path: &Path, variables: &[(&str, &str)], tool: &[&str]) -> io::Result<Self> {
        let address = free_address()?;
        let mut command = match tool.split_first() {
            Some((tool, arguments)) => {
                let mut command = Command::new(tool);
                command.args(arguments).arg(path);
                command
            }
            None => Command::new(path),
        };
        command
            .env_clear()
            .envs(PLATFORM)
            .envs(variables.iter().copied())
            .env("PORT", address.port().to_string());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let server = Self { child, address };
        let begun = Instant::now();
        while let Err(error) = TcpStream::connect(address) {
            if begun.elapsed() > LIMIT {
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    /// The processor time of its threads, kernel included.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        cpu_time(self.child.id())
    }

    /// Sends SIGTERM, and waits for its end.
    pub(crate) fn end(mut self) -> Result<ExitStatus, String> {
        let id = self.child.id();
        end(&mut self.child, id)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port on which nothing listens.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Checks that the tool is installed, for a clear error.
pub(crate) fn is_installed(tool: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| fs::metadata(folder.join(tool)).is_ok())
}
