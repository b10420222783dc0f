//! Programs that are no machine code: scripts with and without a shebang, and other languages.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use fg_emulator::{Emulator, Event, PlatformErrorKind};
use serde_json::Value;

use crate::http_function::get;
use crate::scripted::{LIMIT, example, program, start};

/// A code folder with a bootstrap of this text and mode.
fn folder(bootstrap: &str, mode: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("bootstrap");
    fs::write(&path, bootstrap).expect("it is writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
    folder
}

fn has(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

#[test]
fn the_bootstrap_of_an_http_function_is_one_line_without_a_shebang_and_not_executable() {
    let server = example("scripted_server");
    // Two commands, so that the shell stays.
    let line = format!("pwd\n'{}'\necho gone\n", server.display());
    for mode in [0o644, 0o755] {
        let code = folder(&line, mode);
        let emulator = start(
            Emulator::builder(code.path().join("bootstrap"))
                .http_function()
                .init_timeout(LIMIT)
                .timeout(LIMIT),
        );
        let execution = emulator.invoke(get("/say/hello"));
        assert!(execution.response().is_some(), "{execution}");
        let root = fs::canonicalize(code.path()).expect("it is there").display().to_string();
        assert_eq!(execution.log.before().first(), Some(&root));
        // The figures are those of the server, and not of the shell.
        let memory = execution.summary.memory_used;
        assert_eq!(memory.is_some(), cfg!(target_os = "linux"));
        let error = emulator.invoke(get("/exit/3"));
        assert!(error.platform_error().is_some(), "{error}");
    }
}

#[test]
fn the_bootstrap_of_a_custom_runtime_needs_no_shebang_but_has_to_be_executable() {
    let line = format!("exec '{}'\n", program().display());
    let code = folder(&line, 0o755);
    let bootstrap = code.path().join("bootstrap");
    let emulator = start(Emulator::builder(&bootstrap).init_timeout(LIMIT).timeout(LIMIT));
    let execution = emulator.invoke(Event::new(r#"{"text":"hello"}"#));
    assert_eq!(execution.response().as_deref(), Some("hello"), "{execution}");
    drop(emulator);
    fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let error = Emulator::builder(&bootstrap).start().expect_err("it is not executable");
    assert_eq!(error.kind(), PlatformErrorKind::NotStarted);
    assert!(error.to_string().ends_with("could not be started: it is not executable"), "{error}");
}

/// Python's own server, which knows nothing of this platform.
const PYTHON: &str = "
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = ('python has ' + self.path + ' for ' + self.headers['X-CFF-Request-Id']).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'text/plain')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(('127.0.0.1', int(os.environ['PORT'])), Handler).serve_forever()
";

#[test]
fn a_server_in_python_is_an_http_function() {
    if !has("python3") {
        println!("SKIPPED: there is no python3");
        return;
    }
    let code = folder("exec python3 -u $RUNTIME_CODE_ROOT/server.py\n", 0o644);
    fs::write(code.path().join("server.py"), PYTHON).expect("it is writable");
    let bootstrap = code.path().join("bootstrap");
    let emulator = start(
        Emulator::builder(&bootstrap)
            .http_function()
            .concurrency(5)
            .inherit("PYENV_ROOT")
            .init_timeout(LIMIT)
            .timeout(LIMIT),
    );
    let execution = emulator.invoke(get("/orders/7"));
    let response = execution.response().unwrap_or_else(|| panic!("no response: {execution}"));
    let response: Value = serde_json::from_str(&response).expect("JSON");
    use base64::Engine;
    let body = base64::prelude::BASE64_STANDARD
        .decode(response["body"].as_str().unwrap_or_default())
        .expect("base64");
    assert_eq!(String::from_utf8_lossy(&body), "python has /orders/7 for r-1");
    assert_eq!(response["headers"]["Content-Type"][0], "text/plain");
    assert!(
        execution.log.lines().iter().any(|line| line.contains("GET /orders/7")),
        "{execution:#}"
    );
    assert!(Path::new(&bootstrap).exists());
}
