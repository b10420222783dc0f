//! `cargo fg status`.

use fg_client::aliases::CreateAlias;
use fg_client::functions::digest;
use fg_client::invocations::{InvokeOptions, UpdateAsyncConfig};
use fg_client::resources::ReserveInstances;
use fg_client::triggers::CreateTrigger;
use serde_json::{Value, json};

use crate::platform::{Platform, URN, new_function, package, still, wait_for};

fn trigger(type_code: &str, data: &Value) -> CreateTrigger {
    CreateTrigger::new(type_code, data.as_object().cloned().expect("an object"))
}

/// A function that has something of everything.
fn full() -> Platform {
    let platform = Platform::start();
    let mut function = new_function();
    function.description = Some("Greets.".to_owned());
    function.user_data = Some([("GREETING", "s3cr3t value")].into_iter().collect());
    function.encrypted_user_data = Some([("TOKEN", "s3cr3t token")].into_iter().collect());
    function.app_xrole = Some("reader".to_owned());
    platform.create(function, "#!/bin/sh\n");
    platform.publish("v1");
    platform.publish("v2");
    let function = platform.greet();
    platform.wait(function.create_alias(&CreateAlias::new("prod", "v2")));
    platform.wait(platform.alias("prod").reserve_instances(&ReserveInstances::new(2)));
    let timer = json!({"name": "nightly", "schedule_type": "Cron", "schedule": "0 15 2 * * ?"});
    platform.wait(platform.alias("prod").create_trigger(&trigger("TIMER", &timer)));
    let api = json!({
        "func_info": {"timeout": 5000}, "env_id": "DEFAULT_ENVIRONMENT_RELEASE_ID",
        "env_name": "RELEASE", "protocol": "HTTPS", "auth": "NONE", "group_id": "g-1",
        "match_mode": "SWA", "req_method": "GET", "backend_type": "FUNCTION", "type": 1,
        "path": "/greet", "name": "greetings", "instance_id": "i-1",
    });
    platform.wait(function.create_trigger(&trigger("DEDICATEDGATEWAY", &api)));
    let mut config = UpdateAsyncConfig::default();
    config.max_async_retry_attempts = Some(2);
    config.max_async_event_age_in_seconds = Some(600);
    platform.wait(function.update_async_config(&config));
    platform
}

#[test]
fn everything_about_a_function_is_shown_and_no_value_of_a_variable() {
    let platform = full();
    let ran = platform.run_greet(&["status"], 0);
    let endpoint = platform.endpoint();
    let zip = package("#!/bin/sh\n");
    let (size, digest) = (zip.len(), digest(&zip));
    let digest = &digest[..12];
    let stream = platform.wait(platform.greet().log_details()).stream_name.expect("a name");
    assert_eq!(
        still(&ran.stdout),
        format!(
            "\
function      {URN}
              as in v2
runtime       Custom, handler bootstrap
limits        128 MB, 30 s, 512 MB in /tmp, instances without a limit
variables     GREETING, TOKEN (encrypted)
agencies      reader (credentials)
code          zip, {size} B, digest {digest}, changed 0000-00-00T00:00:00Z
log           LTS group functiongraph.log.group.local, stream {stream}
versions      2 published, the newest is v2 of 0000-00-00T00:00:00Z
aliases       prod: v2
triggers      DEDICATEDGATEWAY greetings, ACTIVE: GET /greet at {endpoint}/greet
              TIMER nightly of prod, ACTIVE: 0 15 2 * * ?
async         2 retries, events wait at most 600 s
reserved      alias prod: 2
last hour     0 invocations, 0 failed, 0 refused
instances     no figure of the last hour: nothing has run
errors        none
failed async  none
"
        )
    );
    assert_eq!(ran.stderr, "");
}

#[test]
fn the_same_is_told_to_programs() {
    let platform = full();
    let json = platform.run_greet(&["status", "--output", "json"], 0).json();
    assert_eq!(json["variables"], json!(["GREETING"]));
    assert_eq!(json["encrypted_variables"], json!(["TOKEN"]));
    assert_eq!(json["triggers"][1]["name"], "nightly");
    assert_eq!(json["triggers"][1]["alias"], "prod");
    assert_eq!(json["triggers"][0]["invoke_url"], format!("{}/greet", platform.endpoint()));
    assert_eq!(json["async"]["max_async_retry_attempts"], 2);
    assert_eq!(json["last_hour"], json!({"invocations": 0, "failed": 0, "refused": 0}));
    assert_eq!((&json["errors"], &json["failed_async"]), (&json!([]), &json!([])));
}

#[test]
fn the_errors_of_the_last_hour_are_shown() {
    let platform = Platform::with_running_greet();
    let function = platform.greet();
    let event = r#"{"complain": "no \u001b[2J stock"}"#;
    platform.wait(function.invoke_with(event, &InvokeOptions::default()));
    let mut once = UpdateAsyncConfig::default();
    once.max_async_retry_attempts = Some(0);
    platform.wait(function.update_async_config(&once));
    let id = platform.wait(function.invoke_async(&json!({"fail": "on purpose"})));
    let json = wait_for("both errors", || {
        let json = platform.run_greet(&["status", "--output", "json"], 0).json();
        let is_there = |name: &str| json[name].as_array().is_some_and(|list| !list.is_empty());
        (is_there("errors") && is_there("failed_async")).then_some(json)
    });
    assert_eq!(json["failed_async"][0]["request_id"], id);
    assert!(json["last_hour"]["invocations"].as_i64() >= Some(1), "{json}");
    assert!(json["instances"].as_i64() >= Some(1), "{json}");
    let shown = platform.run_greet(&["status"], 0).stdout;
    assert!(shown.contains("ERROR no \\u{1b}[2J stock\n"), "{shown}");
    assert!(shown.contains(&format!(" {id} ")) && shown.contains("on purpose"), "{shown}");
}
