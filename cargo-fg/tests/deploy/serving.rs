//! A deployment, and what the next one sends.

use serde_json::{Value, json};

use crate::fg::run;
use crate::platform::{Platform, urn};
use crate::project::{deployed, fg};
use crate::proxy::{Proxy, Recorded};

/// The requests that change something.
pub(crate) fn changes(recorded: &[Recorded]) -> Vec<&Recorded> {
    recorded.iter().filter(|request| !request.reads()).collect()
}

/// What they are.
pub(crate) fn titles(recorded: &[Recorded]) -> Vec<String> {
    changes(recorded).into_iter().map(Recorded::title).collect()
}

#[test]
fn the_first_deployment_serves() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    let ran = deployed(proxy.address, "one", &[]);
    assert!(ran.stdout.contains(&urn("")), "{}", ran.stdout);
    let served = json!({"release": "one\n", "greeting": "Hello"});
    assert_eq!(platform.invoke(""), (200, served.clone()));
    assert_eq!(titles(&proxy.take()), ["POST /functions"]);

    let arguments = ["invoke", "--remote", "-d", "{}", "--output", "json"];
    let remote = run(&mut fg(proxy.address, &arguments)).ended_with(0).stdout;
    let remote: Value = serde_json::from_str(&remote).expect("the result is JSON");
    assert_eq!((&remote["ok"], &remote["return"]), (&true.into(), &served), "{remote:#}");
    assert!(remote["log"].to_string().contains("serving one"), "{remote:#}");
}

#[test]
fn a_second_run_only_reads() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    for arguments in [&["--environment", "full", "--alias", "prod"][..], &["--publish"], &[]] {
        deployed(proxy.address, "one", arguments);
        let state = platform.state();
        proxy.take();
        let ran = deployed(proxy.address, "one", arguments);
        let recorded = proxy.take();
        assert_eq!(titles(&recorded), [""; 0], "{arguments:?}: {}", ran.stderr);
        assert!(!recorded.is_empty());
        assert_eq!(platform.state(), state);
    }
}

#[test]
fn other_code_is_all_that_is_sent_if_only_the_code_differs() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    deployed(proxy.address, "one", &[]);
    proxy.take();
    deployed(proxy.address, "two", &[]);
    assert_eq!(titles(&proxy.take()), ["PUT /functions/URN/code"]);
    assert_eq!(platform.release("").as_deref(), Some("two"));
}

#[test]
fn another_configuration_is_sent_in_one_request_and_shown_by_field() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    deployed(proxy.address, "one", &[]);
    proxy.take();
    let ran = deployed(proxy.address, "one", &["--environment", "larger"]);
    let recorded = proxy.take();
    assert_eq!(titles(&recorded), ["PUT /functions/URN/config"]);
    let body = changes(&recorded)[0].json();
    assert_eq!(body["memory_size"], 256);
    for (field, old, new) in
        [("memory", "128", "256"), ("timeout", "5", "9"), ("GREETING", "Hello", "Good day")]
    {
        let shown = ran.stderr.lines().any(|line| {
            let place = line.find(field);
            let order = place.and_then(|place| {
                let rest = &line[place..];
                Some((rest.find(old)?, rest.rfind(new)?))
            });
            order.is_some_and(|(old, new)| old < new)
        });
        assert!(shown, "{field}: {old} -> {new} is not shown:\n{}", ran.stderr);
    }
    let (_, response) = platform.invoke("");
    assert_eq!(response["greeting"], "Good day");
    assert_eq!(platform.state()["config"]["memory_size"], 256);
}

#[test]
fn what_the_manifest_does_not_have_stays() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    deployed(proxy.address, "one", &[]);
    let by_hand = json!({
        "func_name": "orders", "runtime": "Custom", "handler": "bootstrap", "timeout": 5,
        "memory_size": 128, "description": "by hand",
        "user_data": json!({"GREETING": "Hello", "BY_HAND": "1"}).to_string(),
    });
    let (status, body) =
        platform.call("PUT", &format!("/functions/{}/config", urn("")), Some(&by_hand));
    assert_eq!(status, 200, "{body}");
    proxy.take();
    let ran = deployed(proxy.address, "one", &[]);
    assert_eq!(titles(&proxy.take()), [""; 0]);
    assert!(ran.stderr.contains("BY_HAND"), "an unknown variable is shown:\n{}", ran.stderr);
    deployed(proxy.address, "one", &["--environment", "larger"]);
    let config = platform.state()["config"].clone();
    assert_eq!(config["description"], "by hand");
    let data = config["user_data"].as_str().expect("variables");
    assert!(data.contains("BY_HAND") && data.contains("Good day"), "{data}");
    deployed(proxy.address, "one", &["--environment", "larger", "--prune"]);
    let config = platform.state()["config"].clone();
    assert!(!config["user_data"].as_str().expect("variables").contains("BY_HAND"), "{config}");
}
