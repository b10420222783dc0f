//! A secret by reference is sent, and seen nowhere else.

use std::fs;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use crate::fg::{LIMIT, run};
use crate::platform::Platform;
use crate::project::{deploy, fg};
use crate::proxy::{Deal, Proxy};
use crate::serving::changes;

const SECRET: &str = "correct-horse-battery-staple";
const ARGUMENTS: [&str; 2] = ["--environment", "secret"];

#[test]
fn a_secret_is_in_the_request_and_nowhere_else() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    let run = |command: &mut std::process::Command, code: i32| {
        let ran = run(command.env("DB_PASSWORD", SECRET)).ended_with(code);
        for output in [&ran.stdout, &ran.stderr] {
            assert!(!output.contains(SECRET), "{output}");
        }
        ran
    };
    let plan = ["--dry-run", "--output", "json"];
    let plan = run(deploy(proxy.address, "one", &ARGUMENTS).args(plan), 0).stdout;
    assert!(plan.contains("DB_PASSWORD") && plan.contains("***"), "{plan}");
    run(deploy(proxy.address, "one", &ARGUMENTS).arg("--dry-run"), 0);
    run(deploy(proxy.address, "one", &ARGUMENTS).arg("--yes"), 0);
    let recorded = proxy.take();
    let sent = changes(&recorded)[0].json();
    let encrypted = sent["encrypted_user_data"].as_str().expect("it is encrypted");
    assert!(encrypted.contains(SECRET), "it is sent");
    assert!(!sent["user_data"].to_string().contains(SECRET));
    for command in [&["status"][..], &["versions"], &["logs"]] {
        run(fg(proxy.address, command).args(ARGUMENTS), 0);
    }

    // What the platform says about it is not repeated.
    proxy.set(|_, recorded| {
        if recorded.reads() {
            return Deal::Forward;
        }
        let body = format!(r#"{{"error_code":"FSS.1009","error_msg":"invalid value {SECRET}"}}"#);
        Deal::Answer(400, String::new(), body)
    });
    let ran = run(deploy(proxy.address, "one", &ARGUMENTS).args(["--secrets", "--yes"]), 1);
    assert!(ran.stderr.contains("FSS.1009"), "{}", ran.stderr);
}

#[test]
fn no_argument_of_a_process_is_a_secret() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    let (arrived, arrives) = sync_channel(1);
    let (release, released) = sync_channel::<()>(1);
    let released = Mutex::new(released);
    proxy.set(move |_, recorded| {
        if !recorded.reads() {
            arrived.send(()).expect("the test waits for it");
            let released = released.lock().expect("no thread has panicked");
            released.recv_timeout(LIMIT).expect("it was looked at");
        }
        Deal::Forward
    });
    let mut command = deploy(proxy.address, "one", &ARGUMENTS);
    command.env("DB_PASSWORD", SECRET).arg("--yes");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    // By then it has built, packaged and planned; what it has started may be there as well.
    arrives.recv_timeout(LIMIT).expect("the request arrives");
    let mut found = false;
    for process in fs::read_dir("/proc").expect("this is Linux").flatten() {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        assert!(!line.contains(SECRET), "an argument is the secret");
        found |= process.file_name().to_string_lossy() == child.id().to_string();
    }
    assert!(found, "it has been looked at");
    release.send(()).expect("the proxy waits for it");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
}

#[test]
fn a_secret_that_is_not_set_is_an_error_that_names_it() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    let mut command = deploy(proxy.address, "one", &ARGUMENTS);
    let ran = run(command.arg("--yes").env_remove("DB_PASSWORD")).ended_with(2);
    assert!(
        ran.stderr.contains("DB_PASSWORD") && ran.stderr.contains("Cargo.toml"),
        "{}",
        ran.stderr
    );
    assert!(proxy.take().is_empty());
}
