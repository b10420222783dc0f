//! Code and settings: which steps, and with which bodies.

use fg_client::Secret;
use serde_json::{Value, json};

use super::*;
use crate::desired::{Asynchronous, Destination, Log, Vpc};

/// Changes what is wanted.
type Change = fn(&mut Desired);

fn with(change: impl FnOnce(&mut Desired)) -> Desired {
    let mut desired = desired();
    change(&mut desired);
    desired
}

fn pruning() -> Options {
    Options { prune: true, ..Options::default() }
}

#[test]
fn only_what_differs_has_a_step() {
    let no: Change = |_| ();
    let rows: Vec<(Value, Change, &[&str])> = vec![
        (json!({}), no, &[]),
        // Absent, empty and default are equal.
        (json!({"strategy_config": null, "ephemeral_storage": 0}), no, &[]),
        (json!({}), |desired| desired.concurrency = Some(1), &[]),
        (json!({}), |desired| desired.max_instances = Some(-1), &[]),
        (json!({}), |desired| desired.ephemeral_storage = Some(512), &[]),
        (json!({}), |desired| desired.description = Some(String::new()), &[]),
        (json!({"digest": "other"}), no, &["update code"]),
        (json!({}), |desired| desired.memory = Some(128), &[]),
        (json!({}), |desired| desired.memory = Some(256), &["configure"]),
        (json!({"digest": ""}), |desired| desired.timeout = Some(9), &["update code", "configure"]),
        (json!({}), |desired| desired.max_instances = Some(0), &["limit instances"]),
        (json!({}), |desired| desired.agency = Some("a".into()), &["configure"]),
        (json!({"app_xrole": "a"}), |desired| desired.agency = Some("a".into()), &[]),
        // What the manifest does not name stays.
        (json!({"memory_size": 512, "app_xrole": "a", "user_data": "{\"A\":\"1\"}"}), no, &[]),
        (
            json!({"user_data": "{\"A\":\"1\"}"}),
            |desired| desired.variables.0.extend([("A".into(), "1".into())]),
            &[],
        ),
        (
            json!({}),
            |desired| desired.variables.0.extend([("A".into(), String::new())]),
            &["configure"],
        ),
        (
            json!({"log_group_id": "g"}),
            |desired| desired.log = Some(Log { group_id: Some("g".into()), ..Log::default() }),
            &[],
        ),
        (
            json!({"log_config": {"group_id": "g"}, "log_group_id": "made"}),
            |desired| desired.log = Some(Log { group_id: Some("g".into()), ..Log::default() }),
            &[],
        ),
    ];
    for (fields, change, expected) in rows {
        let plan = planned(&with(change), &Options::default(), Some(&existing(&fields)));
        assert_eq!(names(&plan), expected, "{fields}");
    }
}

#[test]
fn security_groups_are_compared_in_any_order() {
    let vpc = |groups: &[&str]| Vpc {
        id: "v".into(),
        subnet_id: "s".into(),
        security_groups: groups.iter().map(|&group| group.into()).collect(),
    };
    let fields = json!({"func_vpc": {"vpc_id": "v", "subnet_id": "s", "security_groups": ["a", "b"], "cidr": "c"}});
    let now = existing(&fields);
    let steps = |groups: &[&str]| {
        let desired = with(|desired| desired.vpc = Some(vpc(groups)));
        names(&planned(&desired, &Options::default(), Some(&now)))
    };
    assert!(steps(&["b", "a"]).is_empty() && steps(&[]).is_empty());
    assert_eq!(steps(&["a"]), ["configure"]);
}

#[test]
fn a_new_function_is_created_and_then_gets_what_create_cannot_carry() {
    let plan = planned(&desired(), &Options::default(), None);
    assert_eq!(names(&plan), ["create"]);
    let body = body(&plan, "create").body();
    assert_eq!((&body["memory_size"], &body["timeout"]), (&json!(128), &json!(3)));
    assert_eq!(body["code_filename"], "greet.zip");
    let desired = with(|desired| {
        desired.runtime = Runtime::Http;
        desired.concurrency = Some(50);
        desired.max_instances = Some(7);
        desired.memory = Some(512);
    });
    let plan = planned(&desired, &Options::default(), None);
    assert_eq!(names(&plan), ["create", "configure", "limit instances"]);
    let configure = super::body(&plan, "configure").body();
    assert_eq!(configure["strategy_config"], json!({"concurrent_num": 50}));
    assert_eq!((&configure["memory_size"], &configure["runtime"]), (&json!(512), &json!("http")));
}

#[test]
fn a_configuration_repeats_what_the_function_has() {
    let fields = json!({
        "memory_size": 768, "timeout": 60, "app_xrole": "agency", "description": "mine",
        "user_data": "{\"A\":\"1\",\"B\":\"2\"}", "initializer_handler": "init",
        "initializer_timeout": 5, "ephemeral_storage": 10240, "enable_lts_log": true,
        "strategy_config": {"concurrency": 3, "concurrent_num": 1},
        "func_vpc": {"vpc_id": "v", "subnet_id": "s"}, "domain_names": "d",
        "mount_config": {"mount_user": {"user_id": -1}, "func_mounts": [{"mount_type": "sfs"}]},
    });
    let desired = with(|desired| desired.variables.0.extend([("B".into(), "3".into())]));
    let plan = planned(&desired, &Options::default(), Some(&existing(&fields)));
    let body = body(&plan, "configure").body();
    for (field, value) in fields.as_object().expect("an object") {
        match field.as_str() {
            "user_data" => assert_eq!(body[field], "{\"A\":\"1\",\"B\":\"3\"}"),
            "strategy_config" => assert_eq!(body[field], json!({"concurrency": 3})),
            _ => assert_eq!(&body[field], value, "{field}"),
        }
    }
}

#[test]
fn variables_that_are_not_in_the_manifest_are_told_and_pruned_only_when_asked() {
    let now = existing(&json!({"user_data": "{\"OLD\":\"1\"}"}));
    let plan = planned(&desired(), &Options::default(), Some(&now));
    assert!(plan.steps.is_empty());
    assert!(plan.notes[0].contains("OLD") && plan.notes[0].contains("--prune"), "{:?}", plan.notes);
    let plan = planned(&desired(), &pruning(), Some(&now));
    assert_eq!(names(&plan), ["configure"]);
    assert_eq!(body(&plan, "configure").body()["user_data"], "{}");
}

#[test]
fn secrets_are_sent_when_one_is_new_or_when_asked() {
    let desired = with(|desired| desired.secrets = [("KEY".into(), Secret::new("hunter2"))].into());
    let known = existing(&json!({"encrypted_user_data": "{\"KEY\":\"\"}"}));
    let sent = |plan: &Plan| match body(plan, "configure") {
        Action::Configure(body) => body.encrypted_user_data.clone(),
        _ => None,
    };
    let plan = planned(&desired, &Options::default(), Some(&existing(&json!({}))));
    assert_eq!(sent(&plan).expect("they are sent").get("KEY"), Some("hunter2"));
    assert!(!format!("{plan:?}").contains("hunter2"));
    let plan = planned(&desired, &Options::default(), Some(&known));
    assert!(plan.steps.is_empty() && plan.notes[0].contains("--secrets"), "{plan:?}");
    let asked = Options { secrets: true, ..Options::default() };
    assert!(sent(&planned(&desired, &asked, Some(&known))).is_some());
    // A variable that becomes a secret is no longer readable.
    let readable = existing(&json!({"user_data": "{\"KEY\":\"hunter2\"}"}));
    let plan = planned(&desired, &Options::default(), Some(&readable));
    assert_eq!(body(&plan, "configure").body()["user_data"], "{}");
}

#[test]
fn secrets_that_only_the_platform_has_are_not_lost() {
    let desired = with(|desired| desired.secrets = [("KEY".into(), Secret::new("x"))].into());
    let now = existing(&json!({"encrypted_user_data": "{\"OTHER\":\"\"}"}));
    let failure = plan(&desired, &zip("code"), &Options::default(), Some(&now));
    let failure = failure.expect_err("OTHER would be lost").to_string();
    assert!(failure.contains("OTHER") && failure.contains("--prune"), "{failure}");
    let both = existing(&json!({"encrypted_user_data": "{\"OTHER\":\"\",\"KEY\":\"\"}"}));
    let larger = with(|desired| {
        desired.secrets = [("KEY".into(), Secret::new("x"))].into();
        desired.memory = Some(256);
    });
    let plan = planned(&larger, &Options::default(), Some(&both));
    assert!(body(&plan, "configure").body().get("encrypted_user_data").is_none());
    assert!(plan.notes[0].contains("OTHER"), "{:?}", plan.notes);
    let plan = planned(&larger, &pruning(), Some(&both));
    assert_eq!(body(&plan, "configure").body()["encrypted_user_data"], "{\"KEY\":\"***\"}");
}

#[test]
fn another_runtime_is_refused() {
    let now = existing(&json!({"runtime": "Python3.9"}));
    let failure = plan(&desired(), &zip("code"), &Options::default(), Some(&now));
    let failure = failure.expect_err("it cannot change").to_string();
    assert!(failure.contains("Python3.9") && failure.contains("Custom"), "{failure}");
}

#[test]
fn a_large_package_needs_a_bucket() {
    let large = Zip { digest: "d".repeat(128), bytes: vec![0; (50 << 20) + 1] };
    let code = Code::Zip(large);
    let without = plan(&desired(), &code, &Options::default(), None);
    assert!(without.expect_err("no bucket").to_string().contains("--bucket NAME"));
    let options = Options { bucket: Some("b".into()), ..Options::default() };
    let key = format!("upload fg/greet/{}.zip", "d".repeat(32));
    let made = plan(&desired(), &code, &options, None).expect("it is possible");
    assert_eq!(names(&made), [&*key, "create"]);
    assert_eq!(body(&made, "create").body()["code_type"], "obs");
    let now = existing(&json!({}));
    let updated = plan(&desired(), &code, &options, Some(&now)).expect("it is possible");
    assert_eq!(names(&updated), [&*key, "update code"]);
}

#[test]
fn an_image_is_created_and_changed_by_its_address() {
    let desired = with(|desired| {
        desired.runtime = Runtime::Image("swr/org/greet:2".into());
        desired.handler = "-".into();
    });
    let code = Code::Image("swr/org/greet:2".into());
    let made = plan(&desired, &code, &Options::default(), None).expect("it is possible");
    assert_eq!(names(&made), ["create"]);
    let create = body(&made, "create").body();
    assert_eq!((&create["runtime"], &create["handler"]), (&json!("Custom Image"), &json!("-")));
    let image = json!({"enabled": true, "image": "swr/org/greet:2"});
    assert_eq!((&create["custom_image"], &create["func_code"]), (&image, &Value::Null));
    let fields = json!({"runtime": "Custom Image", "handler": "-", "digest": "",
        "custom_image": {"enabled": true, "image": "swr/org/greet:1", "working_dir": "/w"}});
    let now = existing(&fields);
    let changed = plan(&desired, &code, &Options::default(), Some(&now)).expect("it is possible");
    assert_eq!(names(&changed), ["configure"]);
    let image = &body(&changed, "configure").body()["custom_image"];
    assert_eq!((&image["image"], &image["working_dir"]), (&json!("swr/org/greet:2"), &json!("/w")));
}

#[test]
fn asynchronous_settings_that_are_not_named_are_repeated() {
    let wanted = Asynchronous {
        max_retries: Some(2),
        on_failure: Some(Destination { kind: "SMN".into(), param: "{\"topic_urn\":\"t\"}".into() }),
        ..Asynchronous::default()
    };
    let desired = with(|desired| desired.asynchronous = Some(wanted));
    let mut now = existing(&json!({}));
    let answer = |retries: u32, on_failure: Value| {
        serde_json::from_value(json!({
            "max_async_event_age_in_seconds": 900, "max_async_retry_attempts": retries,
            "destination_config": {
                "on_success": {"destination": "OBS", "param": "{\"bucket\":\"b\"}"},
                "on_failure": on_failure,
            },
        }))
        .expect("it is an answer")
    };
    now.asynchronous = Some(answer(1, json!({"destination": "", "param": ""})));
    let plan = planned(&desired, &Options::default(), Some(&now));
    let body = body(&plan, "configure asynchronous").body();
    assert_eq!(body["max_async_event_age_in_seconds"], 900);
    assert_eq!(body["max_async_retry_attempts"], 2);
    assert_eq!(body["destination_config"]["on_success"]["destination"], "OBS");
    assert_eq!(body["destination_config"]["on_failure"]["destination"], "SMN");
    let equal = json!({"destination": "SMN", "param": "{ \"topic_urn\": \"t\" }"});
    now.asynchronous = Some(answer(2, equal));
    assert!(planned(&desired, &Options::default(), Some(&now)).steps.is_empty());
}
