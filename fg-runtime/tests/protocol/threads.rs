//! A system on which the process cannot start threads.

use std::process::Command;

use crate::function::{Setup, act, api, ask, assert_serves};

/// Lets the function run without the permission to start threads; `None` if the system cannot do
/// that.
fn without_threads(setup: Setup) -> Option<Setup> {
    // The limit does not apply to root, so the function runs as a user without other processes.
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let as_another: &[&str] = if is_root {
        &["setpriv", "--reuid=61234", "--regid=61234", "--clear-groups"]
    } else {
        &[]
    };
    let within = [&["prlimit", "--nproc=1"], as_another].concat();
    let setup = setup.within(&within);
    // The program prints usage, so it can be executed.
    setup.can_be_run().then_some(setup)
}

#[test]
fn a_function_that_cannot_start_threads_resolves_the_api_and_serves() {
    for cpu in ["300", "2000"] {
        let Some(setup) = without_threads(act().with("RUNTIME_CPU", cpu)) else {
            println!("skipped: `prlimit` and `setpriv` cannot run the probe here");
            return;
        };
        let api = api();
        let address = api.address();
        let (_, port) = address.rsplit_once(':').expect("an address has a port");
        let function = setup.start_at(&format!("localhost:{port}"));
        assert_serves(&api);
        assert_eq!(ask(&api, r#""count""#).text(), "2");
        let ended = function.stop();
        assert_eq!((ended.code, ended.count("panicked")), (0, 0), "{ended:#?}");
        assert_eq!(
            ended.count("fg: a blocked thread will not be noticed, since the watchdog thread"),
            1,
            "{ended:#?}"
        );
        assert_eq!(
            ended.count("fg: running on one thread"),
            usize::from(cpu == "2000"),
            "{ended:#?}"
        );
    }
}
