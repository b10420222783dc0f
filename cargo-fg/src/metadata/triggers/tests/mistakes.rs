//! Tests of each kind of mistake in a trigger, with its line and its reason.

use serde_json::{Value, json};

use super::{SAMPLES, UNREAD, manifest};
use crate::metadata::testing::{desired, read};
use crate::metadata::triggers::{field, types};

fn mistake(kind: &str, fields: &str) -> String {
    let said = read(&manifest(kind, fields)).expect_err(kind);
    assert!(!said.contains("hunter2"), "{said}");
    said
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
