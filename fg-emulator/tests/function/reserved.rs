//! Instances that are kept although they are idle.

use std::time::Duration;

use fg_emulator::Event;

use crate::http_function::{get, server};
use crate::scripted::{LIMIT, event, function, start};

#[test]
fn reserved_instances_are_started_at_once_and_not_reclaimed() {
    let emulator = start(function().reserved(2).idle_limit(Duration::from_millis(20)));
    assert!(emulator.wait_until(LIMIT, |instances| instances.idle == 2));
    std::thread::scope(|scope| {
        let hanging: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| emulator.invoke(Event::new(r#"{"text":"ok"}"#))))
            .collect();
        for one in hanging {
            assert_eq!(one.join().expect("no panic").response().as_deref(), Some("ok"));
        }
    });
    assert!(emulator.wait_until(LIMIT, |instances| instances.idle == 2 && instances.busy == 0));
    // None of them is reclaimed, however often the time limit passes.
    assert!(!emulator.wait_until(Duration::from_millis(200), |instances| instances.idle < 2));
}

#[test]
fn a_reserved_instance_that_ends_is_replaced_without_a_request() {
    let emulator = start(function().reserved(1));
    assert!(emulator.invoke(event(r#"{"text":"ok","exit_after":7}"#)).response().is_some());
    assert!(emulator.wait_until(LIMIT, |instances| instances.started == 2));
    assert!(emulator.wait_until_ready().is_ok());
    assert_eq!(emulator.invoke(event(r#"{"text":"again"}"#)).response().as_deref(), Some("again"));
    assert_eq!(emulator.instances().started, 2);
}

#[test]
fn a_reserved_instance_that_always_ends_is_not_started_again_and_again() {
    let emulator = start(function().reserved(1).variable("AT_START", r#"{"do":"exit","code":7}"#));
    assert!(emulator.wait_until(LIMIT, |instances| instances.started == 2));
    assert!(!emulator.wait_until(Duration::from_millis(500), |instances| instances.started > 2));
}

#[test]
fn reserved_instances_of_an_http_function_come_when_it_is_known_that_there_can_be_several() {
    let emulator = start(server().reserved(3).idle_limit(Duration::from_millis(20)));
    assert!(emulator.wait_until(LIMIT, |instances| instances.idle == 3));
    assert!(emulator.invoke(get("/echo")).response().is_some());
    assert_eq!(emulator.instances().started, 3);
}
