//! Versions and aliases: which is published, and where the alias leads.

use serde_json::{Value, json};

use super::*;

fn options(traffic: Option<u32>) -> Options {
    Options { alias: Some("prod".into()), traffic, ..Options::default() }
}

fn version(name: &str, fields: &Value) -> Function {
    let mut fields = fields.clone();
    fields["version"] = name.into();
    on_platform(&fields)
}

fn alias(name: &str, version: &str, weights: &Value) -> fg_client::aliases::Alias {
    let alias = json!({"name": name, "version": version, "additional_version_weights": weights});
    serde_json::from_value(alias).expect("it is an answer")
}

/// A function whose code was published under this name.
fn published(name: &str, aliases: &[fg_client::aliases::Alias]) -> Existing {
    Existing {
        versions: vec![version(name, &json!({}))],
        aliases: aliases.to_vec(),
        ..existing(&json!({}))
    }
}

fn version_of(plan: &Plan) -> &str {
    &plan.version.as_ref().expect("one is published").name
}

#[test]
fn the_version_is_published_after_the_code_and_before_the_alias_moves() {
    let mut now = published("v1", &[alias("prod", "v1", &json!({}))]);
    now.triggers_of_latest = vec![timer_on_platform("1", "other", "0 0 3 * * ?")];
    let mut desired = desired();
    desired.memory = Some(256);
    desired.triggers = vec![timer("nightly", "0 0 2 * * ?")];
    let plan = plan(&desired, &zip("new"), &options(None), Some(&now)).expect("it is possible");
    let version = version_of(&plan);
    assert!(version.starts_with("0.1.0-") && version.len() == 14, "{version}");
    let publish = format!("publish {version}");
    let expected =
        ["update code", "configure", &publish, "move alias prod", "create trigger timer nightly"];
    assert_eq!(names(&plan), expected);
    let path = plan.steps[4].action.path(&urn());
    assert!(path.ends_with(":greet:!prod"), "{path}");
    assert_eq!(body(&plan, "publish").body(), json!({ "version": version }));
}

#[test]
fn the_name_of_a_version_is_that_of_its_content() {
    let name = |desired: &Desired, code: &str, existing: Option<&Existing>| {
        let plan = plan(desired, &zip(code), &options(None), existing).expect("it is possible");
        version_of(&plan).to_owned()
    };
    let first = name(&desired(), "code", None);
    // The function has been created, and then the run was interrupted.
    assert_eq!(first, name(&desired(), "code", Some(&existing(&json!({})))));
    assert_ne!(first, name(&desired(), "new", None));
    let mut larger = desired();
    larger.memory = Some(256);
    assert_ne!(first, name(&larger, "code", None));
    // Also those that only the function has.
    let more = existing(&json!({"user_data": "{\"A\":\"1\"}"}));
    assert_ne!(first, name(&desired(), "code", Some(&more)));
}

#[test]
fn a_version_with_this_content_is_used_whatever_its_name_is() {
    let now = published("by-hand", &[]);
    let plan = planned(&desired(), &options(None), Some(&now));
    assert_eq!(names(&plan), ["create alias prod"]);
    assert_eq!(version_of(&plan), "by-hand");
    // Back to code that was published before.
    let mut now = published("v1", &[]);
    now.function.digest = Some("other".into());
    let plan = planned(&desired(), &options(None), Some(&now));
    assert_eq!(names(&plan), ["update code", "create alias prod"]);
}

#[test]
fn nothing_is_done_if_the_alias_leads_there_already() {
    let now = published("v1", &[alias("prod", "v1", &json!({}))]);
    for traffic in [None, Some(10), Some(100)] {
        assert!(planned(&desired(), &options(traffic), Some(&now)).steps.is_empty());
    }
}

#[test]
fn the_alias_gives_the_new_version_its_share_and_then_everything() {
    let rows = [
        // The version and weights now, the share that is wanted, the version and weights then.
        ("v1", json!({}), Some(10), Some(("v1", json!({"v2": 10})))),
        ("v1", json!({"v2": 10}), Some(10), None),
        ("v1", json!({"v2": 10}), Some(50), Some(("v1", json!({"v2": 50})))),
        ("v1", json!({"v2": 50}), Some(100), Some(("v2", json!({})))),
        ("v1", json!({"v2": 50}), None, Some(("v2", json!({})))),
        ("v1", json!({}), None, Some(("v2", Value::Null))),
        ("v2", json!({"v1": 10}), None, Some(("v2", json!({})))),
    ];
    for (version_now, weights, traffic, then) in rows {
        let mut now = published("v2", &[alias("prod", version_now, &weights)]);
        now.versions.push(version("v1", &json!({"digest": "old"})));
        let plan = planned(&desired(), &options(traffic), Some(&now));
        let Some((version_then, weights_then)) = then else {
            assert!(plan.steps.is_empty(), "{version_now} {weights} {traffic:?}");
            continue;
        };
        let body = body(&plan, "move alias").body();
        assert_eq!(body["version"], version_then, "{version_now} {weights} {traffic:?}");
        let sent = body.get("additional_version_weights").cloned().unwrap_or_default();
        assert_eq!(sent, weights_then, "{version_now} {weights} {traffic:?}");
    }
}

#[test]
fn a_new_alias_gets_everything() {
    let plan = planned(&desired(), &options(Some(10)), Some(&published("v1", &[])));
    assert_eq!(names(&plan), ["create alias prod"]);
    assert!(plan.notes[0].contains("10 %"), "{:?}", plan.notes);
}

#[test]
fn a_version_that_another_alias_leads_to_is_refused_before_anything_is_sent() {
    let now = published("v1", &[alias("beta", "v1", &json!({}))]);
    let failure = plan(&desired(), &zip("code"), &options(None), Some(&now));
    let failure = failure.expect_err("one alias for a version").to_string();
    assert!(failure.contains("beta") && failure.contains("v1"), "{failure}");
}

#[test]
fn a_version_with_a_given_name_is_published_once() {
    let publish = |name: &str| Options { publish: Some(Some(name.into())), ..Options::default() };
    let now = published("v1", &[]);
    assert!(planned(&desired(), &publish("v1"), Some(&now)).steps.is_empty());
    let other = plan(&desired(), &zip("new"), &publish("v1"), Some(&now));
    assert!(other.expect_err("v1 is another").to_string().contains("other code or settings"));
    let same = plan(&desired(), &zip("code"), &publish("v2"), Some(&now));
    assert!(same.expect_err("nothing has changed").to_string().contains("since the version v1"));
    let plan = plan(&desired(), &zip("new"), &publish("v2"), Some(&now)).expect("it is new");
    assert_eq!(names(&plan), ["update code", "publish v2"]);
}

#[test]
fn secrets_that_are_sent_again_get_a_version_of_their_own() {
    let mut desired = desired();
    desired.secrets = [("KEY".into(), fg_client::Secret::new("x"))].into();
    let secrets = json!({"encrypted_user_data": "{\"KEY\":\"\"}"});
    let now = Existing {
        versions: vec![version("v1", &secrets)],
        aliases: vec![alias("prod", "v1", &json!({}))],
        ..existing(&secrets)
    };
    assert!(planned(&desired, &options(None), Some(&now)).steps.is_empty());
    let again = Options { secrets: true, ..options(None) };
    let plan = planned(&desired, &again, Some(&now));
    let publish = format!("publish {}", version_of(&plan));
    assert_eq!(names(&plan), ["configure", &*publish, "move alias prod"]);
}

#[test]
fn a_version_with_the_name_but_not_the_code_is_not_used() {
    // Another deployment changed `latest` before it was published under this name.
    let first = planned(&desired(), &options(None), Some(&existing(&json!({}))));
    let name = version_of(&first);
    let now = Existing {
        versions: vec![version(name, &json!({"digest": "other"}))],
        ..existing(&json!({}))
    };
    let again = planned(&desired(), &options(None), Some(&now));
    assert_ne!(version_of(&again), name);
    assert_eq!(names(&again), [&*format!("publish {}", version_of(&again)), "create alias prod"]);
}
