//! `cargo fg dev`.

use std::io::{BufRead, BufReader, Cursor, Write};
use std::path::Path;
#[cfg(target_os = "linux")]
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zip::write::SimpleFileOptions;

use crate::fg::{NewProject, fg, run, wait_until};
#[cfg(target_os = "linux")]
use crate::fg::{free_port, processes_of, signal};
#[cfg(unix)]
use crate::fg::{target_directory, without_settings};
use crate::http::{request, send};

/// A running `cargo fg dev`, on a free port.
pub(crate) struct Dev {
    pub(crate) child: Child,
    /// Its standard error so far.
    said: Arc<Mutex<String>>,
}

impl Dev {
    pub(crate) fn start(project: &NewProject, arguments: &[&str]) -> Self {
        Self::start_in(&project.directory, arguments)
    }

    pub(crate) fn start_in(directory: &Path, arguments: &[&str]) -> Self {
        Self::start_with(fg(directory, &["dev"]), arguments)
    }

    fn start_with(mut command: Command, arguments: &[&str]) -> Self {
        let mut child = command
            .env("FG_LISTEN", "0")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let said = Arc::<Mutex<String>>::default();
        let (lines, writer) =
            (BufReader::new(child.stderr.take().expect("a pipe")), Arc::clone(&said));
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                *writer.lock().expect("no panic") += &format!("{line}\n");
            }
        });
        Self { child, said }
    }

    pub(crate) fn said(&self) -> String {
        self.said.lock().expect("no panic").clone()
    }

    /// Waits until the text has appeared on its standard error this many times.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str, times: usize) {
        let said = Arc::clone(&self.said);
        wait_until(text, || {
            let said = said.lock().expect("no panic");
            let ended = self.child.try_wait().expect("it can be asked");
            assert!(ended.is_none(), "it has ended: {said}");
            said.matches(text).count() >= times
        });
    }

    /// The host and port that it listens on.
    pub(crate) fn address(&mut self) -> String {
        self.wait_for("on http://", 1);
        let said = self.said();
        let from = said.find("on http://").expect("it was said") + "on http://".len();
        let rest = &said[from..];
        rest[..rest.find(['\n', '/']).expect("the end of a line")].to_owned()
    }

    pub(crate) fn ask(&mut self, method_and_target: &str, body: &str) -> (u16, String) {
        let address = self.address();
        let answer = request(&address, method_and_target, body);
        answer.unwrap_or_else(|| panic!("{method_and_target} is not answered: {}", self.said()))
    }

    /// The directory of the programs that it starts.
    #[cfg(target_os = "linux")]
    fn directory(&mut self) -> PathBuf {
        let address = self.address();
        let port = address.rsplit(':').next().expect("a port");
        target_directory().join("fg").join(format!("dev-{port}"))
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // Fails if it has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_edit_is_served_and_a_broken_one_keeps_the_previous_version() {
    let project = NewProject::new("edited", &["--event", "apig"]);
    let mut dev = Dev::start(&project, &[]);
    dev.wait_for("Ready edited\n", 1);
    let (status, body) = dev.ask("GET /orders/7?name=Ada%20L.", "");
    assert_eq!(
        (status, body.as_str()),
        (200, r#"{"message":"Hello, Ada L.!","path":"/orders/7"}"#)
    );
    let (status, body) = dev.ask("POST /", r#"{"httpMethod":"GET","path":"/by/hand"}"#);
    assert!(status == 200 && body.starts_with(r#"{"statusCode":200,"#), "{body}");

    project.edit("src/main.rs", "Hello, {name}", "Good day, {name}");
    dev.wait_for("Ready edited\n", 2);
    assert!(dev.said().contains("Changed src/main.rs\n"), "{}", dev.said());
    assert!(dev.ask("GET /?name=Ada", "").1.contains("Good day, Ada!"));

    project.edit("src/main.rs", "fn main()", "fn main() oops");
    dev.wait_for("the previous version keeps running\n", 1);
    assert!(dev.said().contains("error: the function does not compile"), "{}", dev.said());
    assert!(
        dev.said().contains(" --> src/main.rs:"),
        "the compiler's words are shown: {}",
        dev.said()
    );
    assert!(dev.ask("GET /?name=Bob", "").1.contains("Good day, Bob!"));

    project.edit("src/main.rs", "fn main() oops", "fn main()");
    dev.wait_for("Ready edited\n", 3);
    assert!(dev.ask("GET /?name=Eve", "").1.contains("Good day, Eve!"));
}

#[test]
fn a_version_that_does_not_start_does_not_replace_the_running_one() {
    let project = NewProject::new("stubborn", &[]);
    let mut dev = Dev::start(&project, &[]);
    dev.wait_for("Ready stubborn\n", 1);
    project.edit(
        "src/main.rs",
        "fg::run::<handle>()",
        "println!(\"no licence\");\n    std::process::exit(7)",
    );
    dev.wait_for("error: stubborn does not run\n", 1);
    dev.wait_for("the previous version keeps running\n", 1);
    assert!(
        dev.said()
            .contains("because: the function exited with code 7 before it asked for an event"),
        "{}",
        dev.said()
    );
    assert_eq!(
        dev.ask("POST /", r#"{"name":"Ada"}"#),
        (200, r#"{"message":"Hello, Ada!"}"#.to_owned())
    );
}

#[test]
fn included_and_new_files_are_watched() {
    let project = NewProject::new("included", &[]);
    project.write("greeting.txt", "Hello");
    project.edit(
        "src/main.rs",
        "format!(\"Hello, {}!\", event.name)",
        "format!(\"{}, {}!\", include_str!(\"../greeting.txt\"), event.name)",
    );
    let mut dev = Dev::start(&project, &[]);
    dev.wait_for("Ready included\n", 1);
    project.write("greeting.txt", "Ahoy");
    dev.wait_for("Changed greeting.txt\n", 1);
    dev.wait_for("Ready included\n", 2);
    assert_eq!(dev.ask("POST /", r#"{"name":"Ada"}"#).1, r#"{"message":"Ahoy, Ada!"}"#);

    project.edit("src/main.rs", "fn main()", "mod later;\n\nfn main()");
    dev.wait_for("the previous version keeps running\n", 1);
    project.write("src/later.rs", "//! It is here now.\n");
    dev.wait_for("Changed src/later.rs\n", 1);
    dev.wait_for("Ready included\n", 3);
}

#[test]
fn several_functions_are_served_under_their_names_and_timers_fire() {
    let project = NewProject::new("several", &[]);
    std::fs::create_dir(project.directory.join("src/bin")).expect("it is made");
    let timer = "#[fg::handler]\nasync fn handle(event: serde_json::Value) -> Result<(), fg::Error> {\n    println!(\"tick of {}\", event[\"trigger_type\"]);\n    Ok(())\n}\n\nfn main() -> std::process::ExitCode {\n    fg::run::<handle>()\n}\n";
    project.write("src/bin/several-ticks.rs", timer);
    project.edit("Cargo.toml", "serde = {", "serde_json = \"1\"\nserde = {");
    let mut dev = Dev::start(
        &project,
        &["--timer", "several-ticks=@every 100ms", "--timer", "several-ticks=* * * * * *"],
    );
    dev.wait_for("tick of \"TIMER\"\n", 3);
    dev.wait_for("several-ticks trigger timer-2 fired: asynchronous invocation ", 1);
    dev.wait_for("several-ticks asynchronous invocation ", 1);
    let urn = "urn%3Afss%3Alocal%3Ap%3Afunction%3Adefault%3Aseveral-ticks";
    let (status, triggers) = dev.ask(&format!("GET /v2/p/fgs/triggers/{urn}"), "");
    assert!(status == 200 && triggers.contains("@every 100ms"), "{triggers}");
    assert_eq!(
        dev.ask("POST /several", r#"{"name":"Ada"}"#),
        (200, r#"{"message":"Hello, Ada!"}"#.to_owned())
    );
    let sdk =
        "POST /v2/p/fgs/functions/urn%3Afss%3Alocal%3Ap%3Afunction%3Adefault%3Aseveral/invocations";
    assert_eq!(dev.ask(sdk, r#"{"name":"SDK"}"#), (200, r#"{"message":"Hello, SDK!"}"#.to_owned()));
    let (status, body) = dev.ask("GET /other", "");
    assert!(status == 404 && body.contains("/several, /several-ticks"), "{body}");

    let which =
        run(&mut project.fg(&["dev", "--listen", "0", "--timer", "@every 1s"])).ended_with(2);
    assert!(
        which.stderr.contains("error: --timer \"@every 1s\" does not name its function"),
        "{}",
        which.stderr
    );
    let when = run(&mut project.fg(&["dev", "--timer", "sometimes"])).ended_with(2);
    assert!(
        when.stderr
            .contains("\"sometimes\" has 1 fields; it needs seconds, minutes, hours, day, month"),
        "{}",
        when.stderr
    );
}

#[test]
fn requests_from_other_sites_are_rejected_and_reported() {
    let project = NewProject::new("guarded", &[]);
    let mut dev = Dev::start(&project, &["--accept-host", "api.example"]);
    dev.wait_for("Ready guarded\n", 1);
    let address = dev.address();
    for (name, value) in [
        ("REGION_FUNCTIONGRAPH_CN_NORTH_4", format!("http://{address}")),
        ("REGION_LTS_CN_NORTH_4", format!("http://{address}")),
        ("IAM_ENDPOINT", format!("http://{address}")),
        ("AK", "local".to_owned()),
    ] {
        dev.wait_for(&format!("  export HUAWEICLOUD_SDK_{name}={value}\n"), 1);
    }
    dev.wait_for("note: signatures of SDKs are not verified; set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK to verify them\n", 1);
    let post = |host: &str, more: &str| {
        let body = r#"{"name":"Ada"}"#;
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        send(&address, &format!("{head}{body}")).expect("an answer")
    };
    for (host, more) in [
        ("evil.example", ""),
        ("localhost", "Origin: http://evil.example\r\n"),
        ("localhost", "Sec-Fetch-Site: cross-site\r\n"),
    ] {
        let (status, body) = post(host, more);
        assert!(status == 403 && body.contains("--accept-host"), "{host} {more}: {body}");
    }
    dev.wait_for("http POST / -> 403: the ", 3);
    for host in ["localhost:9", "api.example"] {
        assert_eq!(post(host, ""), (200, r#"{"message":"Hello, Ada!"}"#.to_owned()));
    }
    let (status, body) = dev.ask("GET /v2/p/fgs/workflows", "");
    assert!(status == 501 && body.contains("is not emulated here"), "{body}");
}

#[test]
fn signatures_are_verified_with_the_keys_that_the_sdks_have() {
    let project = NewProject::new("signed", &[]);
    let mut command = project.fg(&["dev"]);
    command.env("HUAWEICLOUD_SDK_AK", "AccessKey").env("HUAWEICLOUD_SDK_SK", "SecretKey");
    let mut dev = Dev::start_with(command, &["--listen", "0.0.0.0:0"]);
    dev.wait_for("note: every machine that can reach 0.0.0.0:", 1);
    dev.wait_for("note: signatures of SDKs are verified with HUAWEICLOUD_SDK_AK", 1);
    dev.wait_for("Ready signed\n", 1);
    let (status, body) =
        dev.ask("POST /v2/p/fgs/functions/signed/invocations", r#"{"name":"Ada"}"#);
    assert!(status == 401 && body.contains("there is no Authorization header"), "{body}");
    assert_eq!(dev.ask("POST /", r#"{"name":"Ada"}"#).0, 200);
    assert!(!dev.said().contains("SecretKey"), "{}", dev.said());
}

#[test]
fn a_data_folder_in_use_is_reported_and_keeps_what_came_over_the_api() {
    let project = NewProject::new("kept", &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").display().to_string();
    let mut dev = Dev::start(&project, &["--data", &data]);
    dev.wait_for("Ready kept\n", 1);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let executable = SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", executable).expect("it is a name");
    zip.write_all(b"#!/bin/sh\necho I was sent\n").expect("it is memory");
    let package = BASE64_STANDARD.encode(zip.finish().expect("it is memory").into_inner());
    let function = format!(
        r#"{{"func_name":"sent","package":"default","runtime":"Custom","handler":"h","timeout":3,"memory_size":128,
        "code_type":"zip","code_filename":"sent.zip","func_code":{{"file":"{package}"}}}}"#
    );
    let (status, body) = dev.ask("POST /v2/p/fgs/functions", &function);
    assert_eq!(status, 200, "{body}");
    // It is no function, but what it writes is seen.
    dev.ask("POST /v2/p/fgs/functions/sent/invocations", "{}");
    dev.wait_for("sent I was sent\n", 1);

    let ran = run(&mut project.fg(&["dev", "--listen", "0", "--data", &data])).ended_with(3);
    let expected = format!("error: the data folder {data} is in use by process {}", dev.child.id());
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);

    drop(dev);
    let mut again = Dev::start(&project, &["--data", &data]);
    let (status, functions) = again.ask("GET /v2/p/fgs/functions", "");
    assert!(status == 200 && functions.contains("\"sent\""), "{functions}");
}

#[test]
fn a_port_in_use_is_reported() {
    let project = NewProject::new("taken", &[]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it has one").port().to_string();
    let ran = run(&mut project.fg(&["dev", "--listen", &port])).ended_with(3);
    let expected = format!("error: cannot listen on 127.0.0.1:{port}\n  because: ");
    assert!(
        ran.stderr.contains(&expected) && ran.stderr.contains("Choose another port with --listen"),
        "{}",
        ran.stderr
    );
}

#[cfg(unix)]
#[test]
fn a_process_started_elsewhere_is_served() {
    let project = NewProject::new("debugged", &[]);
    run(&mut project.fg(&["invoke", "-d", r#"{"name":"Ada"}"#])).ended_with(0);
    let mut dev = Dev::start(&project, &["--attach", "--env", "COLOUR=it's red"]);
    dev.wait_for("Waiting for a process that polls 127.0.0.1:", 1);
    let stdout = BufReader::new(dev.child.stdout.take().expect("a pipe"));
    let mut script = String::new();
    for line in stdout.lines().map_while(Result::ok) {
        script += &format!("{line}\n");
        if line.starts_with("export COLOUR=") {
            break;
        }
    }
    let program = target_directory().join("debug").join("debugged");
    script += &format!("test \"$COLOUR\" = \"it's red\" && exec '{}'", program.display());
    let mut debugged = without_settings(&mut Command::new("sh"))
        .args(["-c", &script])
        .spawn()
        .expect("there is a shell");
    dev.wait_for("Attached debugged\n", 1);
    assert_eq!(
        dev.ask("POST /", r#"{"name":"Ada"}"#),
        (200, r#"{"message":"Hello, Ada!"}"#.to_owned())
    );
    debugged.kill().expect("it runs");
    debugged.wait().expect("it ends");
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_everything() {
    let project = NewProject::new("interrupted", &[]);
    let mut dev = Dev::start(&project, &[]);
    dev.wait_for("Ready interrupted\n", 1);
    let directory = dev.directory();
    assert_eq!(processes_of(&directory), 1);
    signal(&dev.child, rustix::process::Signal::INT);
    let status = dev.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0), "{}", dev.said());
    assert_eq!(processes_of(&directory), 0);
    assert!(!directory.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn after_a_kill_nothing_is_left_and_the_port_is_free() {
    let project = NewProject::new("killed", &[]);
    let mut dev = Dev::start(&project, &["--listen", &free_port().to_string()]);
    dev.wait_for("Ready killed\n", 1);
    let (directory, address) = (dev.directory(), dev.address());
    assert_eq!(processes_of(&directory), 1);
    dev.child.kill().expect("it runs");
    dev.child.wait().expect("it ends");
    wait_until("the function's process ends", || processes_of(&directory) == 0);

    let mut again = Dev::start(&project, &["--listen", &address]);
    again.wait_for("Ready killed\n", 1);
    assert_eq!(again.address(), address);
    assert_eq!(
        again.ask("POST /", r#"{"name":"Ada"}"#),
        (200, r#"{"message":"Hello, Ada!"}"#.to_owned())
    );
}
