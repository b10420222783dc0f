//! Ctrl-C during a deployment.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use rustix::process::Signal;

use crate::fg::{LIMIT, signal};
use crate::platform::Platform;
use crate::project::{deploy, deployed};
use crate::proxy::{Deal, Proxy};
use crate::serving::titles;

#[test]
fn after_ctrl_c_the_old_version_serves_and_the_next_run_finishes() {
    const ALL: [&str; 3] = [
        "PUT /functions/URN/code",
        "POST /functions/URN/versions",
        "PUT /functions/URN/aliases/prod",
    ];
    let arguments = ["--alias", "prod"];
    // Once the request that runs gets its answer, and once it is given up.
    let cases = [(0, true), (0, false), (1, true), (1, false), (2, false)];
    for (number, is_answered) in cases {
        let held = ALL[number];
        let platform = Platform::start();
        let proxy = Proxy::start(platform.address);
        deployed(proxy.address, "one", &arguments);
        let (arrived, arrives) = sync_channel(1);
        let (release, released) = sync_channel::<()>(1);
        let released = Mutex::new(released);
        proxy.set(move |_, recorded| {
            if recorded.title() != held {
                return Deal::Forward;
            }
            arrived.send(()).expect("the test waits for it");
            let released = released.lock().expect("no thread has panicked");
            released.recv_timeout(LIMIT).expect("it was interrupted");
            if is_answered { Deal::Forward } else { Deal::CutBefore }
        });
        let mut command = deploy(proxy.address, "two", &arguments);
        command.arg("--yes").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        arrives.recv_timeout(LIMIT).expect("the request arrives");
        signal(&child, Signal::INT);
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut said = String::new();
        while !said.contains("note: interrupted") {
            assert_ne!(stderr.read_line(&mut said).expect("it is text"), 0, "{said}");
        }
        if is_answered {
            release.send(()).expect("the proxy waits for it");
        }
        stderr.read_to_string(&mut said).expect("it is text");
        let output = child.wait_with_output().expect("it ends");
        if !is_answered {
            release.send(()).expect("the proxy waits for it");
        }
        assert_eq!(output.status.code(), Some(130), "{held}:\n{said}");
        let (_, error) = said.split_once("error: ").expect("an error");
        let message = if is_answered { "before" } else { "during" };
        assert!(error.starts_with(&format!("interrupted {message}: ")), "{error}");
        assert!(error.ends_with("run the same command again: it goes on from there\n"), "{error}");
        assert!(output.stdout.is_empty(), "nothing is deployed");
        assert_eq!(platform.release("!prod").as_deref(), Some("one"), "{held}");

        proxy.set(|_, _| Deal::Forward);
        deployed(proxy.address, "two", &arguments);
        // What had been done is not done again.
        let left = if is_answered { number + 1 } else { number };
        assert_eq!(titles(&proxy.take()), ALL[left..]);
        assert_eq!(platform.release("!prod").as_deref(), Some("two"));
    }
}
