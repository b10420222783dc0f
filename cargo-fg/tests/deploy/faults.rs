//! Each request of a deployment fails once, in each way. Afterwards it has succeeded, or the next
//! run finishes what it began, and all the time the old version served, or the new one.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;

use crate::fg::{LIMIT, Ran, run};
use crate::platform::{Platform, differences};
use crate::project::{deploy, deployed};
use crate::proxy::{Deal, Proxy};

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Status500,
    Status429,
    /// With `Retry-After`.
    Status429Later,
    CutBefore,
    CutAfter,
    /// It is carried out, but the answer says 500.
    Done500,
    /// From this request on, nothing comes through.
    Lost,
    /// There is no answer until the client gives up.
    TimeOut,
    /// The client is killed before the request arrives.
    Killed,
}

const FAULTS: [Fault; 7] = [
    Fault::Status500,
    Fault::CutAfter,
    Fault::Lost,
    Fault::Status429,
    Fault::Done500,
    Fault::CutBefore,
    Fault::Status429Later,
];

/// What is deployed, onto what.
struct Scenario {
    name: &'static str,
    /// What the platform has before.
    before: TempDir,
    release: &'static str,
    arguments: [&'static str; 4],
    /// What it has afterwards, if nothing fails.
    state: Value,
    /// How many requests that takes, and what they are.
    requests: Vec<String>,
    /// What may serve all the time.
    serving: &'static [Option<&'static str>],
}

impl Scenario {
    /// Measures a deployment without faults.
    fn measure(
        name: &'static str,
        before: TempDir,
        release: &'static str,
        arguments: [&'static str; 4],
        serving: &'static [Option<&'static str>],
    ) -> (Self, TempDir) {
        let platform = Platform::start_as(before.path());
        let proxy = Proxy::start(platform.address);
        deployed(proxy.address, release, &arguments);
        let requests = proxy.take().iter().map(crate::proxy::Recorded::title).collect();
        let state = platform.state();
        (Self { name, before, release, arguments, state, requests, serving }, platform.end())
    }

    fn command(&self, proxy: &Proxy) -> Command {
        let mut command = deploy(proxy.address, self.release, &self.arguments);
        command.arg("--yes").stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// One request fails.
    fn fail(&self, at: usize, fault: Fault) {
        let what = format!("{}, {at} ({}): {fault:?}", self.name, self.requests[at]);
        let platform = Arc::new(Platform::start_as(self.before.path()));
        let proxy = Proxy::start(platform.address);
        let (arrived, arrives) = sync_channel(1);
        let (release, released) = sync_channel::<()>(1);
        let released = Mutex::new(released);
        let served = Arc::clone(&platform);
        let serving = self.serving;
        let about = what.clone();
        proxy.set(move |number, recorded| {
            // After what was done so far.
            if !recorded.reads() || number == at {
                let release = served.release("!prod");
                assert!(serving.contains(&release.as_deref()), "{about}: {release:?} serves");
            }
            if number > at && fault == Fault::Lost {
                return Deal::CutBefore;
            }
            if number != at {
                return Deal::Forward;
            }
            let body = |code: &str, text: &str| {
                format!(r#"{{"error_code":"{code}","error_msg":"{text}"}}"#)
            };
            match fault {
                Fault::Status500 => {
                    Deal::Answer(500, String::new(), body("FSS.0500", "Internal error"))
                }
                Fault::Status429 => {
                    Deal::Answer(429, String::new(), body("FSS.0429", "Too many requests"))
                }
                Fault::Status429Later => {
                    let headers = "Retry-After: 1\r\n".to_owned();
                    Deal::Answer(429, headers, body("FSS.0429", "Too many requests"))
                }
                Fault::CutBefore | Fault::Lost => Deal::CutBefore,
                Fault::CutAfter => Deal::CutAfter,
                Fault::Done500 => {
                    Deal::AnswerAfter(500, String::new(), body("FSS.0500", "Internal error"))
                }
                Fault::TimeOut => Deal::Swallow,
                Fault::Killed => {
                    arrived.send(()).expect("the test waits for it");
                    // Until the client has been killed.
                    let released = released.lock().expect("no thread has panicked");
                    released.recv_timeout(LIMIT).expect("it is killed");
                    Deal::CutBefore
                }
            }
        });
        let failed = if fault == Fault::Killed {
            let mut child = self.command(&proxy).spawn().expect("it starts");
            arrives.recv_timeout(LIMIT).expect("the request arrives");
            child.kill().expect("it runs");
            child.wait().expect("it ends");
            release.send(()).expect("the proxy waits for it");
            true
        } else {
            let ran = run(&mut self.command(&proxy));
            if ran.code != Some(0) {
                check_message(&what, &ran);
            }
            ran.code != Some(0)
        };
        if failed {
            let release = platform.release("!prod");
            assert!(self.serving.contains(&release.as_deref()), "{what}: {release:?} serves");
            proxy.set(|_, _| Deal::Forward);
            let again = run(&mut self.command(&proxy));
            assert_eq!(
                again.code,
                Some(0),
                "{what}: the next run does not finish:\n{}",
                again.stderr
            );
        }
        // The same as without a fault: nothing is missing, and nothing is there twice.
        let differences = differences(&platform.state(), &self.state);
        assert!(differences.is_empty(), "{what}: {differences:#?}");
        assert_eq!(platform.release("!prod").as_deref(), Some(self.release), "{what}");
    }
}

/// A failed deployment says what failed, and that it can be run again.
fn check_message(what: &str, ran: &Ran) {
    let Ran { code, stderr, .. } = ran;
    assert!(matches!(code, Some(1 | 3)), "{what}: {code:?}\n{stderr}");
    let error = stderr.lines().find(|line| line.starts_with("error: "));
    let error = error.unwrap_or_else(|| panic!("{what}: no error:\n{stderr}"));
    assert!(error.len() > 30 && !stderr.contains("panicked"), "{what}:\n{stderr}");
}

/// Whether each request fails in each way, or in one way, chosen by its number.
fn is_full() -> bool {
    std::env::var("FG_FAULTS").is_ok_and(|value| value == "full")
}

#[test]
fn whichever_request_fails_the_next_run_finishes() {
    let nothing = tempfile::tempdir().expect("a folder");
    let (first, one) = Scenario::measure(
        "first",
        nothing,
        "one",
        ["--environment", "full", "--alias", "prod"],
        &[None, Some("one")],
    );
    let (update, _) = Scenario::measure(
        "update",
        one,
        "two",
        ["--environment", "fuller", "--alias", "prod"],
        &[Some("one"), Some("two")],
    );
    println!("first: {:#?}", first.requests);
    println!("update: {:#?}", update.requests);
    assert!(first.requests.len() >= 8 && update.requests.len() >= 8);

    let mut cases = VecDeque::new();
    for scenario in [&first, &update] {
        let count = scenario.requests.len();
        let mut changes = (0..count).filter(|at| !scenario.requests[*at].starts_with("GET"));
        // A minute each, in which they need nothing: first.
        let timeouts: Vec<_> = if is_full() {
            (0..count).collect()
        } else {
            // The last one has a small body.
            changes.next_back().into_iter().collect()
        };
        for at in timeouts {
            cases.push_front((scenario, at, Fault::TimeOut));
        }
        for at in 0..count {
            let chosen = at % FAULTS.len();
            // What is sent again only once the platform has been asked whether it was carried out.
            let is_post = scenario.requests[at].starts_with("POST");
            let faults = FAULTS.iter().enumerate();
            let faults = faults.filter(|(index, fault)| {
                is_full() || *index == chosen || (is_post && matches!(fault, Fault::Status500))
            });
            cases.extend(faults.map(|(_, fault)| (scenario, at, *fault)));
            cases.push_back((scenario, at, Fault::Killed));
        }
    }
    println!("{} cases", cases.len());
    let failed = side_by_side(cases, |(scenario, at, fault)| scenario.fail(at, fault));
    assert_eq!(failed, 0, "cases failed; what is wrong is said above");
}

/// Calls this for each, a few at a time: most of the time they wait. Returns how many panicked.
fn side_by_side<T: Send>(cases: VecDeque<T>, call: impl Fn(T) + Sync) -> usize {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let cases = Mutex::new(cases);
    let failed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..cores + 4 {
            scope.spawn(|| {
                loop {
                    let next = cases.lock().expect("no thread panics with it").pop_front();
                    let Some(case) = next else { break };
                    // One that fails does not hide the others.
                    if catch_unwind(AssertUnwindSafe(|| call(case))).is_err() {
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    failed.into_inner()
}
