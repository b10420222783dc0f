//! Ctrl-C during a deployment.

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
    let arguments = ["--alias", "prod"];
    for held in ["PUT /functions/URN/code", "POST /functions/URN/versions", "PUT /functions/URN/aliases/prod"]
    {
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
            released.recv_timeout(LIMIT).expect("the client ends");
            Deal::CutBefore
        });
        let mut command = deploy(proxy.address, "two", &arguments);
        command.arg("--yes").stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("it starts");
        arrives.recv_timeout(LIMIT).expect("the request arrives");
        signal(&child, Signal::INT);
        let output = child.wait_with_output().expect("it ends");
        release.send(()).expect("the proxy waits for it");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{held}:\n{stderr}");
        assert!(stderr.contains("run it again") || stderr.contains("again"), "{held}:\n{stderr}");
        assert!(output.stdout.is_empty(), "nothing is deployed");
        assert_eq!(platform.release("!prod").as_deref(), Some("one"), "{held}");

        proxy.set(|_, _| Deal::Forward);
        deployed(proxy.address, "two", &arguments);
        // What had been done is not done again.
        let all =
            ["PUT /functions/URN/code", "POST /functions/URN/versions", "PUT /functions/URN/aliases/prod"];
        let at = all.iter().position(|title| *title == held).expect("one of them");
        assert_eq!(titles(&proxy.take()), all[at..]);
        assert_eq!(platform.release("!prod").as_deref(), Some("two"));
    }
}
