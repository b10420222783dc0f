//! The program under test, and projects for it. Projects are outside of this repository, so that
//! they are in no workspace. They share one target folder and this repository's lock file, so that
//! their dependencies are built once, and are those that were resolved here.

use std::fs;
#[cfg(unix)]
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
#[cfg(unix)]
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Generous, even for a full build: only a failing test waits this long.
pub(crate) const LIMIT: Duration = Duration::from_secs(300);

/// The root of this repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in the workspace")
}

/// What all generated projects are built into.
pub(crate) fn target_directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated")
}

/// An environment without settings of the user, and without network access.
pub(crate) fn without_settings(command: &mut Command) -> &mut Command {
    for name in [
        "FG_MEMORY",
        "FG_TIMEOUT",
        "FG_HANDLER",
        "FG_LISTEN",
        "FG_LOG_LEVEL",
        "FG_CREDENTIALS",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_PROFILE_DEV_DEBUG",
    ] {
        command.env_remove(name);
    }
    command.env_remove("HUAWEICLOUD_SDK_AK").env_remove("HUAWEICLOUD_SDK_SK");
    // These programs are built once.
    command.env("CARGO_INCREMENTAL", "0");
    command
        .env("CARGO_TARGET_DIR", target_directory())
        .env("CARGO_NET_OFFLINE", "true")
        .env("FG_PATH", repository());
    command.stdin(Stdio::null())
}

/// Turns off optimizations below this directory. Variables cannot do so, because `package` ignores
/// them.
pub(crate) fn build_quickly(directory: &Path) {
    fs::create_dir_all(directory.join(".cargo")).expect("it is made");
    let profiles = "[profile.dev]\ndebug = 0\n\n[profile.release]\nlto = \"off\"\nopt-level = 0\ncodegen-units = 16\n";
    fs::write(directory.join(".cargo/config.toml"), profiles).expect("it is written");
}

/// A port that stays free: it is below the range of ephemeral ports, and no two tests get the same
/// one.
#[cfg(unix)]
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        // Listening there would leave the listener to a process that another test is starting.
        if TcpStream::connect(("127.0.0.1", port)).is_err() {
            return port;
        }
    }
}

/// `cargo fg` in this directory.
pub(crate) fn fg(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-fg"));
    without_settings(&mut command).arg("fg").args(arguments).current_dir(directory);
    command
}

/// `cargo` in this directory.
pub(crate) fn cargo(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    without_settings(&mut command).args(arguments).current_dir(directory);
    command
}

/// Copies this repository's lock file into a project.
pub(crate) fn use_lock_file(directory: &Path) {
    fs::copy(repository().join("Cargo.lock"), directory.join("Cargo.lock")).expect("it is copied");
    // Removes crates that the project does not use: `--locked` rejects them.
    run(&mut cargo(directory, &["tree", "--quiet", "--depth", "0"])).ended_with(0);
}

/// The exit code and the output of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn run(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().expect("the program is there");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

impl Ran {
    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// A project created by `cargo fg new`. Each test uses a different name: programs of the same
/// name would overwrite each other.
pub(crate) struct NewProject {
    pub(crate) directory: PathBuf,
    _parent: TempDir,
}

impl NewProject {
    pub(crate) fn new(name: &str, arguments: &[&str]) -> Self {
        let parent = tempfile::tempdir().expect("a directory");
        build_quickly(parent.path());
        let all: Vec<_> = ["new", name].iter().chain(arguments).copied().collect();
        run(&mut fg(parent.path(), &all)).ended_with(0);
        let directory = parent.path().join(name);
        use_lock_file(&directory);
        Self { directory, _parent: parent }
    }

    /// A package without dependencies, which builds quickly: for tests that do not need a real
    /// function.
    pub(crate) fn bare(name: &str, main: &str) -> Self {
        let parent = tempfile::tempdir().expect("a directory");
        build_quickly(parent.path());
        let directory = parent.path().join(name);
        fs::create_dir_all(directory.join("src")).expect("it is made");
        let project = Self { directory, _parent: parent };
        project.write(
            "Cargo.toml",
            &format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        );
        project.write("src/main.rs", main);
        project
    }

    pub(crate) fn fg(&self, arguments: &[&str]) -> Command {
        fg(&self.directory, arguments)
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.directory.join(file)).expect("it is there")
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.directory.join(file), text).expect("it is written");
    }

    /// Replaces a string in a file, which has to contain it.
    #[track_caller]
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{from:?} is not in {file}: {text}");
        self.write(file, &text.replace(from, to));
    }
}

/// Polls until the condition is true.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not within {LIMIT:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// How many processes run this program, or a program in this directory.
#[cfg(target_os = "linux")]
pub(crate) fn processes_of(program: &Path) -> usize {
    let processes = fs::read_dir("/proc").expect("this is Linux").flatten();
    // The link of a deleted program ends with ` (deleted)`, but its directory is the
    // same.
    processes
        .filter(|process| {
            process.path().join("exe").read_link().is_ok_and(|found| found.starts_with(program))
        })
        .count()
}

#[cfg(target_os = "linux")]
pub(crate) fn signal(child: &std::process::Child, signal: rustix::process::Signal) {
    let id =
        i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("an id");
    rustix::process::kill_process(id, signal).expect("it runs");
}
