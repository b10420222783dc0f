//! Tests of all types of triggers.

mod mistakes;

use serde_json::{Map, Value, json};

use super::compare::Difference;
use super::types;
use crate::desired::Trigger;
use crate::metadata::testing::{desired, read};
use crate::metadata::{Options, Secrets};

const UNREAD: Options<'_> = Options { environment: None, image: None, secrets: Secrets::Unread };

/// For each type, the fields of a trigger with only what it needs.
const SAMPLES: [(&str, &str); 17] = [
    ("timer", r#"name = "nightly", schedule = "0 15 2 * * ?""#),
    ("apig", r#"group_id = "g", path = "/greet""#),
    ("apic", r#"group_id = "g", path = "/greet""#),
    ("obs", r#"bucket = "photos", events = ["s3:ObjectCreated:Put", "ObjectRemoved:*"]"#),
    ("eventgrid", r#"channel_id = "c", event_types = ["OBS:DWR:ObjectCreated:PUT"]"#),
    ("smn", r#"topic_urn = "urn:smn:cn-north-4:p:topic""#),
    ("lts", r#"log_group_id = "g", log_topic_id = "s""#),
    ("cts", r#"name = "c", operations = ["APIG:apigConfig;apigApps:updateConfig;updateApp"]"#),
    ("iotda", ""),
    (
        "dds",
        r#"instance_id = "i", db_name = "d", collection_name = "c", db_password = { env = "DB" }, batch_size = 100"#,
    ),
    (
        "gaussmongo",
        r#"instance_id = "i", db_name = "d", collection_name = "c", db_password = { env = "DB" }, batch_size = 100"#,
    ),
    ("kafka", r#"instance_id = "i", topic_ids = ["orders"], batch_size = 100"#),
    (
        "open_source_kafka",
        r#"kafka_connect_address = "10.0.0.1:9092", topic_ids = ["orders"], batch_size = 100"#,
    ),
    (
        "rabbitmq",
        r#"instance_id = "i", exchange_name = "e", access_password = { env = "MQ" }, batch_size = 100"#,
    ),
    ("rocketmq", r#"instance_id = "i", batch_size = 100"#),
    ("dms", r#"queue_id = "q", consumer_group_id = "g""#),
    ("dis", r#"stream_name = "s""#),
];

/// The manifest of one trigger, which is in line 3.
fn manifest(kind: &str, fields: &str) -> String {
    let comma = if fields.is_empty() { "" } else { ", " };
    format!("[package.metadata.fg]\ntriggers = [\n{{ type = \"{kind}\"{comma}{fields} }},\n]")
}

fn trigger_of(kind: &str, fields: &str) -> Trigger {
    let mut found = desired(&manifest(kind, fields), UNREAD).expect(kind);
    found.triggers.remove(0)
}

fn settings(kind: &str) -> Value {
    let fields = SAMPLES.iter().find(|(name, _)| *name == kind).expect(kind).1;
    Value::Object(trigger_of(kind, fields).settings)
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

#[test]
fn each_type_has_a_sample() {
    let mut names: Vec<_> = types::all().map(|one| one.name).collect();
    let mut samples: Vec<_> = SAMPLES.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    samples.sort_unstable();
    assert_eq!(names, samples);
}

#[test]
fn each_type_becomes_what_the_api_has() {
    for (kind, expected) in [
        ("timer", json!({"name": "nightly", "schedule_type": "Cron", "schedule": "0 15 2 * * ?"})),
        (
            "apig",
            json!({
                "group_id": "g", "path": "/greet", "auth": "IAM", "req_method": "ANY",
                "match_mode": "SWA", "protocol": "HTTPS", "func_info": {"timeout": 5000},
                "type": 1, "env_id": "DEFAULT_ENVIRONMENT_RELEASE_ID", "env_name": "RELEASE",
                "backend_type": "FUNCTION",
            }),
        ),
        (
            "obs",
            json!({"bucket": "photos", "events": ["s3:ObjectCreated:Put", "s3:ObjectRemoved:*"]}),
        ),
        (
            "eventgrid",
            json!({
                "channel_id": "c", "event_types": ["OBS:DWR:ObjectCreated:PUT"],
                "source_name": "HC.OBS.DWR",
            }),
        ),
        (
            "dds",
            json!({"instance_id": "i", "db_name": "d", "collection_name": "c", "batch_size": 100}),
        ),
        ("dms", json!({"queue_id": "q", "consumer_group_id": "g", "polling_interval": 30})),
        (
            "dis",
            json!({
                "stream_name": "s", "sharditerator_type": "LATEST", "polling_interval": 30,
                "polling_unit": "s", "is_serial": "true", "max_fetch_bytes": 1_048_576,
            }),
        ),
    ] {
        assert_eq!(settings(kind), expected, "{kind}");
    }
    let codes: Vec<_> =
        SAMPLES.iter().map(|(kind, fields)| trigger_of(kind, fields).type_code).collect();
    let expected = [
        "TIMER",
        "APIG",
        "APIC",
        "OBS",
        "EVENTGRID",
        "SMN",
        "LTS",
        "CTS",
        "IOTDA",
        "DDS",
        "GAUSSMONGO",
        "KAFKA",
        "OPENSOURCEKAFKA",
        "RABBITMQ",
        "ROCKETMQ",
        "DMS",
        "DIS",
    ];
    assert_eq!(codes, expected);
    let dedicated = trigger_of(
        "apig",
        r#"group_id = "g", path = "/", instance_id = "i", visibility = "private", timeout = 60000, invocation_type = "async""#,
    );
    assert_eq!(dedicated.type_code, "DEDICATEDGATEWAY");
    assert_eq!(dedicated.settings["type"], 2);
    assert_eq!(
        dedicated.settings["func_info"],
        json!({"timeout": 60_000, "invocation_type": "async"})
    );
    let rate = trigger_of("timer", r#"name = "n", schedule = "3m", user_event = "all""#);
    assert_eq!(rate.settings["schedule_type"], "Rate");
    let grid = r#"channel_id = "c", event_types = ["e"], key_encode = true"#;
    assert_eq!(trigger_of("eventgrid", grid).settings["Key_encode"], true);
}

#[test]
fn the_type_of_a_code_of_the_api_is_found() {
    assert!(
        types::all()
            .all(|one| types::of_code(one.code).is_some_and(|found| found.name == one.name))
    );
    assert_eq!(types::of_code("DEDICATEDGATEWAY").map(|one| one.name), Some("apig"));
    assert!(types::of_code("NONE").is_none());
}

#[test]
fn a_trigger_is_compared_with_what_the_platform_answers() {
    let fields = r#"group_id = "g", path = "/greet", timeout = 9000, name = "greet""#;
    let ours = trigger_of("apig", fields);
    let theirs = json!({
        "triggerid": "7", "api_id": "7", "invoke_url": "https://g/greet", "name": "by_hand",
        "group_id": "g", "path": "/greet", "req_method": "ANY", "auth": "IAM", "type": "1",
        "func_info": {"timeout": 5000, "function_urn": "urn"},
    });
    assert!(ours.is_same("APIG", object(&theirs)) && !ours.is_same("APIC", object(&theirs)));
    let found: Vec<_> = ours.differences(object(&theirs));
    let of = |field: &str, old: Value, new: Value| Difference { field: field.into(), old, new };
    assert_eq!(
        found,
        [
            of("func_info.timeout", json!(5000), json!(9000)),
            of("name", json!("by_hand"), json!("greet")),
        ]
    );
    assert!(
        !ours.is_same("APIG", object(&json!({"group_id": "g", "path": "/", "req_method": "ANY"})))
    );

    let bucket = trigger_of("obs", SAMPLES[3].1);
    let theirs = json!({"bucket": "photos", "events": ["ObjectRemoved:*", "ObjectCreated:Put"], "prefix": ""});
    assert!(
        bucket.is_same("OBS", object(&theirs)) && bucket.differences(object(&theirs)).is_empty()
    );
    assert!(!bucket.is_same("OBS", object(&json!({"bucket": "photos", "prefix": "a/"}))));

    let stream = trigger_of("dis", r#"stream_name = "s""#);
    let theirs = json!({"stream_name": "s", "is_serial": true, "polling_interval": "30"});
    assert!(
        stream.is_same("DIS", object(&theirs)) && stream.differences(object(&theirs)).is_empty()
    );
    // Not all of it is answered.
    let grid = trigger_of("eventgrid", SAMPLES[4].1);
    assert!(grid.is_same("EVENTGRID", &Map::new()) && grid.differences(&Map::new()).is_empty());
}

#[test]
fn a_trigger_has_a_title() {
    for (kind, title) in [
        ("timer", "timer nightly"),
        ("apig", "apig ANY /greet"),
        ("obs", "obs photos"),
        ("kafka", "kafka i orders"),
        ("iotda", "iotda"),
    ] {
        let fields = SAMPLES.iter().find(|(name, _)| *name == kind).expect(kind).1;
        assert_eq!(trigger_of(kind, fields).title(), title);
    }
}

#[test]
fn timers_among_the_triggers_fire_in_dev_unless_they_are_switched_off() {
    let metadata = read(
        "[package.metadata.fg]
        timers = [{ schedule = \"@every 1h\" }]
        triggers = [
            { type = \"timer\", name = \"a\", schedule = \"2d\", user_event = \"x\" },
            { type = \"timer\", name = \"b\", schedule = \"1h\", enabled = false },
            { type = \"smn\", topic_urn = \"urn:smn:r:p:t\" },
        ]",
    )
    .expect("it fits");
    let timers = metadata.all_timers();
    assert_eq!(timers.len(), 2);
    assert_eq!(timers[0].0.to_string(), "timers[0]");
    let (path, timer) = &timers[1];
    assert_eq!(path.to_string(), "triggers[0]");
    assert_eq!((timer.name.as_deref(), timer.text.as_deref()), (Some("a"), Some("x")));
    assert_eq!(timer.schedule.as_cron(), "@every 48h");
}
