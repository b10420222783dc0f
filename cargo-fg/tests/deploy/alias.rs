//! Versions, aliases, their weights, and the way back.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::fg::run;
use crate::platform::{Platform, urn};
use crate::project::{deployed, fg};
use crate::proxy::Proxy;
use crate::serving::titles;

/// The alias `prod`.
fn prod(platform: &Platform) -> Value {
    platform.get(&format!("/functions/{}/aliases/prod", urn("")))
}

#[test]
fn an_alias_leads_to_the_version_that_was_published_last() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    deployed(proxy.address, "one", &["--alias", "prod"]);
    assert_eq!(
        titles(&proxy.take()),
        ["POST /functions", "POST /functions/URN/versions", "POST /functions/URN/aliases"]
    );
    let first = prod(&platform)["version"].clone();
    assert!(first.as_str().is_some_and(|name| name.starts_with("1.2.3-")), "{first}");
    assert_eq!(platform.release("!prod").as_deref(), Some("one"));

    deployed(proxy.address, "two", &["--alias", "prod"]);
    assert_eq!(
        titles(&proxy.take()),
        [
            "PUT /functions/URN/code",
            "POST /functions/URN/versions",
            "PUT /functions/URN/aliases/prod"
        ]
    );
    assert_ne!(prod(&platform)["version"], first);
    assert_eq!(platform.release("!prod").as_deref(), Some("two"));
    // What was there before is published already: only the way back is left.
    deployed(proxy.address, "one", &["--alias", "prod"]);
    assert_eq!(
        titles(&proxy.take()),
        ["PUT /functions/URN/code", "PUT /functions/URN/aliases/prod"]
    );
    assert_eq!(prod(&platform)["version"], first);
}

#[test]
fn a_weight_holds_over_two_thousand_invocations() {
    const INVOCATIONS: u32 = 2_000;
    let platform = Platform::start();
    deployed(platform.address, "one", &["--alias", "prod"]);
    deployed(platform.address, "two", &["--alias", "prod", "--traffic", "10"]);
    let (next, new) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while next.fetch_add(1, Ordering::Relaxed) < INVOCATIONS {
                    match platform.release("!prod").as_deref() {
                        Some("one") => {}
                        Some("two") => drop(new.fetch_add(1, Ordering::Relaxed)),
                        other => panic!("an invocation was answered with {other:?}"),
                    }
                }
            });
        }
    });
    let new = f64::from(new.into_inner());
    let (expected, deviation) =
        (f64::from(INVOCATIONS) * 0.1, (f64::from(INVOCATIONS) * 0.1 * 0.9).sqrt());
    assert!((new - expected).abs() <= 4.0 * deviation, "{new} of {INVOCATIONS} went to 10 %");

    // All of it.
    deployed(platform.address, "two", &["--alias", "prod"]);
    let alias = prod(&platform);
    let weights = alias["additional_version_weights"].as_object();
    assert!(weights.is_none_or(serde_json::Map::is_empty), "{alias}");
    for _ in 0..20 {
        assert_eq!(platform.release("!prod").as_deref(), Some("two"));
    }
}

#[test]
fn a_rollback_leads_the_alias_to_the_version_before() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    deployed(proxy.address, "one", &["--alias", "prod"]);
    let first = prod(&platform)["version"].clone();
    deployed(proxy.address, "two", &["--alias", "prod"]);
    proxy.take();
    let arguments = ["rollback", "--alias", "prod", "--yes"];
    let ran = run(&mut fg(proxy.address, &arguments)).ended_with(0);
    assert_eq!(titles(&proxy.take()), ["PUT /functions/URN/aliases/prod"]);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains(first.as_str().expect("a name")), "{said}");
    assert_eq!(prod(&platform)["version"], first);
    assert_eq!(platform.release("!prod").as_deref(), Some("one"));

    // Both versions are there, and the configuration can be seen.
    let versions = run(&mut fg(proxy.address, &["versions"])).ended_with(0).stdout;
    assert_eq!(versions.matches("1.2.3-").count(), 2, "{versions}");
    let status = run(&mut fg(proxy.address, &["status"])).ended_with(0).stdout;
    assert!(status.contains("prod") && status.contains("128"), "{status}");
    assert_eq!(titles(&proxy.take()), [""; 0]);
}

#[test]
fn a_function_is_deleted_with_all_that_belongs_to_it() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    deployed(proxy.address, "one", &["--environment", "full", "--alias", "prod"]);
    proxy.take();
    let ran = run(&mut fg(proxy.address, &["delete", "--yes"])).ended_with(0);
    assert_eq!(titles(&proxy.take()), ["DELETE /functions/URN"], "{}", ran.stderr);
    let (status, _) = platform.call("GET", &format!("/functions/{}/config", urn("")), None);
    assert_eq!(status, 404);
    deployed(proxy.address, "one", &["--alias", "prod"]);
    assert_eq!(platform.release("!prod").as_deref(), Some("one"));
}
