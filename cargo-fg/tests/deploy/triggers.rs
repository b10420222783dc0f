//! Triggers: created, and changed by hand in between.

use serde_json::{Value, json};

use crate::platform::{Platform, urn};
use crate::project::deployed;
use crate::proxy::Proxy;
use crate::serving::titles;

const FULL: [&str; 2] = ["--environment", "full"];

/// The trigger with this in its settings.
fn trigger(platform: &Platform, word: &str) -> Option<Value> {
    let all = platform.triggers();
    let all = all.as_array().expect("a list").iter();
    all.clone().find(|trigger| trigger["event_data"].to_string().contains(word)).cloned()
}

fn path(trigger: &Value) -> String {
    let part = |name: &str| trigger[name].as_str().expect("a string").to_owned();
    format!("/triggers/{}/{}/{}", urn(""), part("trigger_type_code"), part("trigger_id"))
}

fn succeeds(platform: &Platform, method: &str, path: &str, body: Option<&Value>) {
    let (status, body) = platform.call(method, path, body);
    assert!((200..300).contains(&status), "{method} {path}: {status} {body}");
}

#[test]
fn a_trigger_that_was_deleted_by_hand_is_created_again() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    deployed(proxy.address, "one", &FULL);
    let state = platform.state();
    assert_eq!(state["triggers"].as_array().map(Vec::len), Some(2), "{state}");
    succeeds(
        &platform,
        "DELETE",
        &path(&trigger(&platform, "nightly").expect("it is there")),
        None,
    );
    proxy.take();
    let ran = deployed(proxy.address, "one", &FULL);
    assert_eq!(titles(&proxy.take()), ["POST /triggers/URN"]);
    assert!(ran.stderr.contains("nightly"), "{}", ran.stderr);
    assert_eq!(platform.state(), state);
}

#[test]
fn a_trigger_that_was_switched_off_by_hand_stays_off_and_is_shown() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    deployed(proxy.address, "one", &FULL);
    let nightly = path(&trigger(&platform, "nightly").expect("it is there"));
    succeeds(&platform, "PUT", &nightly, Some(&json!({"trigger_status": "DISABLED"})));
    proxy.take();
    // The manifest does not say that it is on: that stays as it is on the platform.
    deployed(proxy.address, "one", &FULL);
    assert_eq!(titles(&proxy.take()), [""; 0]);
    let is = |platform: &Platform| {
        trigger(platform, "nightly").expect("it is there")["trigger_status"].clone()
    };
    assert_eq!(is(&platform), "DISABLED");
    // Now it does.
    let ran = deployed(proxy.address, "one", &["--environment", "enabled"]);
    let recorded = proxy.take();
    assert_eq!(recorded.iter().filter(|request| !request.reads()).count(), 1, "{}", ran.stderr);
    assert_eq!(is(&platform), "ACTIVE");
}

#[test]
fn a_trigger_that_the_manifest_does_not_have_is_shown_and_removed_only_with_prune() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    deployed(proxy.address, "one", &FULL);
    let state = platform.state();
    let unknown = json!({
        "trigger_type_code": "TIMER", "trigger_status": "ACTIVE",
        "event_data": {"name": "by_hand", "schedule_type": "Rate", "schedule": "1h"},
    });
    succeeds(&platform, "POST", &format!("/triggers/{}", urn("")), Some(&unknown));
    proxy.take();
    let ran = deployed(proxy.address, "one", &FULL);
    assert_eq!(titles(&proxy.take()), [""; 0]);
    assert!(ran.stderr.contains("by_hand") && ran.stderr.contains("--prune"), "{}", ran.stderr);
    let unknown = path(&trigger(&platform, "by_hand").expect("it is kept"));

    let ran = deployed(proxy.address, "one", &[&FULL[..], &["--prune"]].concat());
    assert!(ran.stderr.contains("by_hand"), "{}", ran.stderr);
    assert_eq!(titles(&proxy.take()), [format!("DELETE {}", unknown.replace(&urn(""), "URN"))]);
    assert_eq!(platform.state(), state);
}

#[test]
fn a_timer_whose_schedule_was_changed_by_hand_is_as_in_the_manifest_again() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    deployed(proxy.address, "one", &FULL);
    let before = platform.state();
    let nightly = trigger(&platform, "nightly").expect("it is there");
    let mut changed = nightly["event_data"].clone();
    changed["schedule"] = "0 0 9 * * ?".into();
    let body = json!({"trigger_status": "ACTIVE", "event_data": changed});
    let (status, answer) = platform.call("PUT", &path(&nightly), Some(&body));
    if status >= 300 {
        // A platform on which a timer cannot be changed has one of another schedule in its place.
        assert_eq!(status, 400, "{answer}");
        succeeds(&platform, "DELETE", &path(&nightly), None);
        let body = json!({"trigger_type_code": "TIMER", "trigger_status": "ACTIVE", "event_data": changed});
        succeeds(&platform, "POST", &format!("/triggers/{}", urn("")), Some(&body));
    }
    let ran = deployed(proxy.address, "one", &FULL);
    let shown = ran.stderr.lines().any(|line| {
        line.find("0 0 9 * * ?").is_some_and(|old| line[old..].contains("0 15 2 * * ?"))
    });
    assert!(shown, "old and new are shown:\n{}", ran.stderr);
    assert_eq!(platform.state(), before);
}

#[test]
fn with_an_alias_triggers_lead_to_the_alias() {
    let platform = Platform::start();
    deployed(platform.address, "one", &[&FULL[..], &["--alias", "prod"]].concat());
    let triggers = platform.triggers();
    for trigger in triggers.as_array().expect("a list") {
        assert_eq!(trigger["of"], "!prod", "{triggers}");
    }
    let state = platform.state();
    // Both versions have the same triggers, once.
    deployed(platform.address, "two", &[&FULL[..], &["--alias", "prod"]].concat());
    assert_eq!(platform.state()["triggers"], state["triggers"]);
}
