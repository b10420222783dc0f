//! Instances come with the load, and go.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use fg_emulator::{Event, PlatformErrorKind};

use crate::scripted::{LIMIT, event, function, start};

const HANG: &str = r#"{"do":"hang"}"#;

#[test]
fn invocations_at_the_same_time_have_an_instance_each() {
    let emulator = start(function().instances(3));
    thread::scope(|scope| {
        let invoked: Vec<_> =
            (0..3).map(|_| scope.spawn(|| emulator.invoke(Event::new(HANG)))).collect();
        assert!(emulator.wait_until(LIMIT, |instances| instances.busy == 3));
        emulator.stop();
        for invocation in invoked {
            let execution = invocation.join().expect("no panic");
            assert!(execution.platform_error().is_some(), "{execution}");
        }
    });
    assert_eq!(emulator.instances().started, 3);
}

#[test]
fn an_invocation_beyond_the_instances_waits_and_then_is_refused() {
    let emulator = start(function().instances(1).queue_limit(Duration::from_millis(50)));
    thread::scope(|scope| {
        let hanging = scope.spawn(|| emulator.invoke(event(HANG)));
        assert!(emulator.wait_until(LIMIT, |instances| instances.busy == 1));
        let refused = emulator.invoke(event("{}"));
        let error = refused.platform_error().expect("it is refused");
        assert_eq!(
            (error.kind(), error.code(), error.http_status()),
            (PlatformErrorKind::Overload, "FSS.0429", 429)
        );
        emulator.stop();
        hanging.join().expect("no panic");
    });
}

#[test]
fn an_invocation_that_waits_gets_the_instance_that_becomes_free() {
    let emulator = start(function().instances(1));
    thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| emulator.invoke(Event::new(r#"{"text":"ok"}"#))))
            .collect();
        for one in all {
            assert_eq!(one.join().expect("no panic").response().as_deref(), Some("ok"));
        }
    });
    assert_eq!(emulator.instances().started, 1);
}

#[test]
fn idle_instances_are_reclaimed_and_come_back() {
    let emulator = start(function().idle_limit(Duration::from_millis(20)));
    assert!(emulator.invoke(event("{}")).response().is_some());
    assert!(emulator.wait_until(LIMIT, |instances| instances.idle == 0 && instances.busy == 0));
    assert_eq!(emulator.invoke(event(r#"{"text":"back"}"#)).response().as_deref(), Some("back"));
    assert!(emulator.instances().started >= 2);
}

#[test]
fn every_line_is_told_as_it_comes() {
    let (lines, told) = channel();
    let emulator = start(function().on_line(move |line| drop(lines.send(line.to_owned()))));
    assert!(emulator.invoke(event(r#"{"say":"hello"}"#)).response().is_some());
    assert_eq!(told.recv_timeout(LIMIT).as_deref(), Ok("hello"));
}

#[test]
#[cfg(target_os = "linux")]
fn no_process_is_left_behind() {
    let emulator = start(function());
    assert!(emulator.invoke(event("{}")).response().is_some());
    let processes = emulator.process_ids();
    assert_eq!(processes.len(), 1);
    drop(emulator);
    for process in processes {
        assert!(!std::path::Path::new(&format!("/proc/{process}")).exists());
    }
}

#[test]
#[cfg(unix)]
fn an_instance_is_asked_to_end_before_it_is_killed() {
    let (lines, told) = channel();
    let script = "trap 'echo good-bye; exit' TERM; echo ready; while :; do sleep 0.01; done";
    let emulator = start(
        fg_emulator::Emulator::builder("sh")
            .arg("-c")
            .arg(script)
            .stop_grace(LIMIT)
            .on_line(move |line| drop(lines.send(line.to_owned()))),
    );
    assert_eq!(told.recv_timeout(LIMIT).as_deref(), Ok("ready"));
    drop(emulator);
    // Some shells also say that what they waited for was terminated.
    assert!(told.iter().any(|line| line == "good-bye"));
}

#[test]
#[cfg(unix)]
fn what_a_script_has_started_ends_with_it() {
    let (lines, told) = channel();
    let script = "(trap '' TERM; echo child; while :; do sleep 0.01; done) & wait";
    let emulator = start(
        fg_emulator::Emulator::builder("sh")
            .arg("-c")
            .arg(script)
            .on_line(move |line| drop(lines.send(line.to_owned()))),
    );
    assert_eq!(told.recv_timeout(LIMIT).as_deref(), Ok("child"));
    drop(emulator);
    // The pipe has no other end any more, so nobody is left to tell a line.
    assert!(told.iter().all(|line| line != "child"));
}

#[test]
fn a_function_is_ready_when_it_asks_for_an_event_and_not_when_it_ends_before() {
    assert!(start(function()).wait_until_ready().is_ok());
    let ends = start(function().variable("AT_START", r#"{"do":"exit","code":7}"#));
    let error = ends.wait_until_ready().expect_err("it ends");
    assert_eq!(error.kind(), PlatformErrorKind::ExitedBeforeEvent);
}

#[test]
fn the_life_of_each_process_is_told() {
    let (told, lives) = channel();
    let told = std::sync::Mutex::new(told);
    let emulator = start(function().on_process(move |id, runs| {
        // The test may have ended.
        let _ = told.lock().map(|told| told.send((id, runs)));
    }));
    let id = emulator.process_ids()[0];
    assert_eq!(lives.recv_timeout(LIMIT), Ok((id, true)));
    emulator.stop();
    assert_eq!(lives.recv_timeout(LIMIT), Ok((id, false)));
}
