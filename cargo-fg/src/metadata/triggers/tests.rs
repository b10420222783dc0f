//! Tests of all types of triggers.

use serde_json::{Map, Value, json};

use super::{types, *};
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

fn mistake(kind: &str, fields: &str) -> String {
    let said = read(&manifest(kind, fields)).expect_err(kind);
    assert!(!said.contains("hunter2"), "{said}");
    said
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
fn each_required_field_has_to_be_there_and_no_other_one() {
    for (kind, fields) in SAMPLES {
        let manifest = manifest(kind, fields);
        let value: Value = toml::from_str(&manifest).expect("TOML");
        let table = &value["package"]["metadata"]["fg"]["triggers"][0];
        let known = types::all().find(|one| one.name == kind).expect("it is known");
        for field in known.fields.iter().filter(|field| matches!(field.need, field::Need::Required))
        {
            let mut without = table.clone();
            let removed = without.as_object_mut().expect("a table").remove(field.name);
            assert!(removed.is_some(), "the sample of {kind} has no {}", field.name);
            let text = toml::to_string(&json!({"triggers": [without]})).expect("TOML");
            let text = text.replace("[triggers", "[package.metadata.fg.triggers");
            let said = read(&text).expect_err(kind);
            assert_eq!(said, format!("Cargo.toml:1: triggers[0].{}: it is missing", field.name));
        }
        let separator = if fields.is_empty() { "" } else { ", " };
        let said = mistake(kind, &format!("{fields}{separator}zzz = \"hunter2\""));
        assert!(
            said.starts_with("Cargo.toml:3: triggers[0].zzz: there is no such key\n  help: there are: type, enabled, function"),
            "{said}"
        );
    }
}

#[test]
fn each_mistake_in_a_trigger_has_its_line_and_its_reason() {
    for (kind, fields, said) in [
        (
            "timer",
            r#"name = "n", schedule = "61m""#,
            "schedule: it is not a rate: 1m to 60m, 1h to 24h, or 1d to 30d\n  help: for example \"3m\", \"2h\", \"1d\", \"@every 1h30m\", or \"0 15 2 * * ?\": seconds, minutes, hours, day, month, weekday",
        ),
        (
            "timer",
            r#"name = "1 hunter2", schedule = "1h""#,
            "name: it has to begin with a letter, and to have letters, digits, `-` and `_` only",
        ),
        (
            "timer",
            r#"name = "n", schedule = "1h", user_events = "hunter2""#,
            "user_events: there is no such key\n  help: did you mean `user_event`? there are: type, enabled, function, name, schedule, user_event",
        ),
        (
            "apig",
            r#"group_id = "g", path = "hunter2""#,
            "path: it has to begin with `/`, and to have no spaces",
        ),
        (
            "apig",
            r#"group_id = "g", path = "/", auth = "hunter2""#,
            "auth: it has to be \"IAM\", \"APP\" or \"NONE\"",
        ),
        (
            "apig",
            r#"group_id = "g", path = "/", timeout = 60001"#,
            "timeout: it has to be 1 to 60000 milliseconds",
        ),
        (
            "apig",
            r#"group_id = "g", path = "/", visibility = 1"#,
            "visibility: it is a number, but has to be a string\n  help: for example visibility = \"..\"",
        ),
        (
            "apig",
            r#"group_id = "g", path = "/", enabled = false"#,
            "enabled: triggers of this type cannot be switched off",
        ),
        ("obs", r#"bucket = "b", events = []"#, "events: it is empty"),
        (
            "obs",
            r#"bucket = "b", events = ["hunter2"]"#,
            "events[0]: it has to be \"ObjectCreated:*\", \"ObjectCreated:Put\", \"ObjectCreated:Post\", \"ObjectCreated:Copy\", \"ObjectCreated:CompleteMultipartUpload\", \"ObjectRemoved:*\", \"ObjectRemoved:Delete\" or \"ObjectRemoved:DeleteMarkerCreated\"",
        ),
        (
            "smn",
            r#"topic_urn = "hunter2""#,
            "topic_urn: it has to have the form \"urn:smn:<region>:<project>:<topic>\"",
        ),
        (
            "cts",
            r#"name = "c", operations = ["hunter2"]"#,
            "operations[0]: it has to have the form \"service:resource types:operations\"\n  help: for example \"APIG:apigConfig;apigApps:updateConfig;updateApp\"",
        ),
        (
            "kafka",
            r#"instance_id = "i", topic_ids = ["t"], batch_size = 0"#,
            "batch_size: it has to be 1 to 1000",
        ),
        (
            "kafka",
            r#"instance_id = "i", topic_ids = "hunter2", batch_size = 1"#,
            "topic_ids: it is a string, but has to be a list\n  help: for example topic_ids = [..]",
        ),
        (
            "kafka",
            r#"instance_id = "i", topic_ids = ["t"], batch_size = 1, kafka_password = "hunter2""#,
            "kafka_password: a secret is not written into Cargo.toml\n  help: take it from a variable of the shell: { env = \"KAFKA_PASSWORD\" }",
        ),
        (
            "kafka",
            r#"instance_id = "i", topic_ids = ["t"], batch_size = 1, kafka_password = { env = "hunter2 " }"#,
            "kafka_password.env: it has to be the name of a variable of the shell, which has letters, digits and underscores\n  help: the secret itself is not for Cargo.toml, but for that variable",
        ),
        (
            "kafka",
            r#"instance_id = "i", topic_ids = ["t"], batch_size = 1, kafka_ssl_enable = "yes""#,
            "kafka_ssl_enable: it is a string, but has to be true or false\n  help: for example kafka_ssl_enable = true",
        ),
        (
            "rocketmq",
            r#"instance_id = "i", batch_size = 1, enable_acl = true, access_key = "a""#,
            "secret_key: it is missing, and `enable_acl` needs it",
        ),
        (
            "dis",
            r#"stream_name = "s", polling_unit = "hunter2""#,
            "polling_unit: it has to be \"s\" or \"ms\"",
        ),
        (
            "dis",
            r#"stream_name = "s", is_serial = "hunter2""#,
            "is_serial: it is a string, but has to be true or false\n  help: for example is_serial = true",
        ),
    ] {
        assert_eq!(mistake(kind, fields), format!("Cargo.toml:3: triggers[0].{said}"), "{fields}");
    }
    let said = mistake("hunter3", "");
    assert!(
        said.starts_with("Cargo.toml:3: triggers[0].type: there is no such type of triggers\n  help: there are: timer, apig, "),
        "{said}"
    );
    let said = mistake("kafak", "");
    assert!(said.contains("\n  help: did you mean `kafka`? there are: timer, "), "{said}");
    let said = read("[package.metadata.fg]\ntriggers = [{}]").expect_err("no type");
    assert!(
        said.starts_with(
            "Cargo.toml:2: triggers[0].type: it is missing\n  help: there are: timer, "
        ),
        "{said}"
    );
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
fn a_function_has_ten_triggers_that_fetch_and_none_twice() {
    let one = |at: usize| {
        format!(
            "{{ type = \"kafka\", instance_id = \"i\", topic_ids = [\"t{at}\"], batch_size = 1 }}"
        )
    };
    let of = |all: Vec<String>| {
        desired(&format!("[package.metadata.fg]\ntriggers = [\n{},\n]", all.join(",\n")), UNREAD)
    };
    assert_eq!(of((0..10).map(one).collect()).expect("ten").triggers.len(), 10);
    assert_eq!(
        of((0..11).map(one).collect()).expect_err("eleven"),
        "Cargo.toml:13: triggers[10]: a function has at most 10 triggers whose messages the platform fetches"
    );
    assert_eq!(
        of(vec![one(1), one(2), one(1)]).expect_err("the same"),
        "Cargo.toml:5: triggers[2]: it is the same trigger as triggers[0]"
    );
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
