//! The platform on this machine, with functions that are made through its API, and the program
//! under test as its user has it.

use std::fs;
use std::future::Future;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use fg_client::functions::{CreateFunction, PublishVersion, UpdateConfiguration};
use fg_client::{Client, Environment, FunctionUrn, RemoteFunction};
use fg_local::Local;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

pub(crate) const ACCESS_KEY: &str = "AccessKeyOfAda";
pub(crate) const SECRET_KEY: &str = "secret-key-of-ada";
pub(crate) const PROJECT: &str = "0123456789abcdef0123456789abcdef";

/// The URN of the function `greet`.
pub(crate) const URN: &str =
    "urn:fss:cn-north-4:0123456789abcdef0123456789abcdef:function:default:greet";

/// Generous: only a failing test waits this long.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A server, a client of it, and a folder that is home and project of the user.
pub(crate) struct Platform {
    local: Local,
    pub(crate) home: TempDir,
    runtime: Runtime,
    client: Client,
}

/// The exit code and the output of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Platform {
    pub(crate) fn start() -> Self {
        let local = Local::builder().key_pair(ACCESS_KEY, SECRET_KEY).start_blocking();
        let local = local.expect("a server");
        let client = Client::builder()
            .environment(Environment::empty())
            .credentials(ACCESS_KEY, SECRET_KEY, "")
            .region("cn-north-4")
            .project_id(PROJECT)
            .endpoint(format!("http://{}", local.address()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Self {
            local,
            home: tempfile::tempdir().expect("a folder"),
            runtime: runtime.expect("a runtime"),
            client: client.build().expect("a client"),
        }
    }

    /// A server with the function `greet`, whose program never runs.
    pub(crate) fn with_greet() -> Self {
        let platform = Self::start();
        platform.create(new_function(), "#!/bin/sh\n");
        platform
    }

    /// A server with the function `greet`, which does what its events say.
    pub(crate) fn with_running_greet() -> Self {
        let platform = Self::start();
        let bootstrap = format!("#!/bin/sh\nexec '{}'\n", program().display());
        platform.create(new_function(), &bootstrap);
        platform
    }

    pub(crate) fn create(&self, function: CreateFunction, bootstrap: &str) {
        let function = function.zip("greet.zip", &package(bootstrap));
        self.wait(self.client.create_function(&function));
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.local.address())
    }

    /// The function `greet`.
    pub(crate) fn greet(&self) -> RemoteFunction {
        self.client.function(URN.parse::<FunctionUrn>().expect("a URN"))
    }

    /// The alias, or the version, of `greet`.
    pub(crate) fn alias(&self, name: &str) -> RemoteFunction {
        self.client.function(self.greet().urn().with_alias(name))
    }

    pub(crate) fn wait<T>(&self, request: impl Future<Output = Result<T, fg_client::Error>>) -> T {
        self.runtime.block_on(request).expect("the platform does it")
    }

    /// Changes the configuration of `greet`, and publishes it as a version.
    pub(crate) fn publish(&self, version: &str) {
        let function = self.greet();
        let mut configuration = UpdateConfiguration::default();
        configuration.func_name = "greet".to_owned();
        configuration.runtime = "Custom".to_owned();
        configuration.handler = "bootstrap".to_owned();
        configuration.timeout = 30;
        configuration.memory_size = 128;
        configuration.description = Some(format!("as in {version}"));
        self.wait(function.update_config(&configuration));
        let mut publish = PublishVersion::default();
        publish.version = Some(version.to_owned());
        publish.description = Some(format!("This is {version}"));
        self.wait(function.publish(&publish));
    }

    /// `cargo fg` with nothing but credentials, region and endpoint.
    pub(crate) fn fg(&self, arguments: &[&str]) -> Command {
        let mut command = self.fg_without_credentials(arguments);
        command.env("HUAWEICLOUD_SDK_AK", ACCESS_KEY).env("HUAWEICLOUD_SDK_SK", SECRET_KEY);
        command
    }

    pub(crate) fn fg_without_credentials(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-fg"));
        command.arg("fg").args(arguments).current_dir(self.home.path()).env_clear();
        // What cargo needs, for commands that look for a project.
        for name in ["PATH", "CARGO", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", self.home.path()).env("NO_PROXY", "*").stdin(Stdio::null());
        command.env("FG_ENDPOINT", self.endpoint()).env("HW_REGION_NAME", "cn-north-4");
        command
    }

    /// Runs `cargo fg`, checks its exit code, and that nothing shows a secret.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str], code: i32) -> Ran {
        run(&mut self.fg(arguments), code)
    }

    /// The same for `greet`.
    #[track_caller]
    pub(crate) fn run_greet(&self, arguments: &[&str], code: i32) -> Ran {
        let arguments: Vec<_> = arguments.iter().chain(&["--name", "greet"]).copied().collect();
        self.run(&arguments, code)
    }

    /// Writes a file below home.
    pub(crate) fn write(&self, file: &str, content: &str) {
        let path = self.home.path().join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        fs::write(path, content).expect("it is written");
    }
}

/// What a client sends to create `greet`, without its code.
pub(crate) fn new_function() -> CreateFunction {
    let mut function = CreateFunction::new("greet", "Custom", "bootstrap");
    function.timeout = 30;
    function
}

/// A package whose program is this script.
pub(crate) fn package(bootstrap: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", options).expect("an entry");
    zip.write_all(bootstrap.as_bytes()).expect("its content");
    zip.finish().expect("a zip file").into_inner()
}

/// `examples/remote_function.rs`, which cargo builds with all tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let target = test.ancestors().nth(2).expect("a test is in target/<profile>/deps");
    let program =
        target.join("examples").join(format!("remote_function{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: build it with `cargo build -p cargo-fg --examples`, or run all of `cargo test`",
        program.display()
    );
    program
}

/// Runs a command, checks its exit code, and that nothing shows a secret.
#[track_caller]
pub(crate) fn run(command: &mut Command, code: i32) -> Ran {
    let Output { status, stdout, stderr } = command.output().expect("the program is there");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is UTF-8");
    let ran = Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) };
    assert_eq!(ran.code, Some(code), "stdout:\n{}\nstderr:\n{}", ran.stdout, ran.stderr);
    for secret in [SECRET_KEY, "s3cr3t"] {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{ran:?}");
    }
    ran
}

impl Ran {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).expect("it is JSON")
    }
}

/// The text with the digits of its times and ids replaced by zeros, so that it can be compared.
pub(crate) fn still(text: &str) -> String {
    let is_of_time = |word: &str| {
        let bytes = word.as_bytes();
        bytes.len() == 20 && bytes[10] == b'T' && bytes[19] == b'Z' && bytes[4] == b'-'
    };
    let is_id = |word: &str| {
        word.len() == 36
            && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
            && word.matches('-').count() == 4
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':');
    let mut still = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        match word {
            word if is_of_time(word) => {
                still.push_str(&word.replace(|c: char| c.is_ascii_digit(), "0"));
            }
            word if is_id(word) => {
                still.push_str(&word.replace(|c: char| c.is_ascii_hexdigit(), "0"));
            }
            word => still.push_str(word),
        }
        let next = after.chars().next().map_or(0, char::len_utf8);
        still.push_str(&after[..next]);
        rest = &after[next..];
    }
    still
}

/// Polls until there is a value.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut value: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(value) = value() {
            return value;
        }
        assert!(Instant::now() < end, "{what}: not within {LIMIT:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
