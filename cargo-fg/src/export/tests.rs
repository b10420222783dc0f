//! Compares the written file with examples, and its names with the schemas of the providers.

use std::collections::{BTreeMap, BTreeSet};

use fg_client::Secret;
use serde_json::{Value as Json, json};

use super::hcl::{Block, Item};
use super::provider::Provider;
use super::terraform::{Code, Export, file};
use crate::desired::{Asynchronous, Desired, Destination, Log, Runtime, Trigger, Variables, Vpc};

const PROVIDERS: [Provider; 2] = [Provider::HuaweiCloud, Provider::OpenTelekomCloud];

fn trigger(type_code: &str, name: Option<&str>, enabled: Option<bool>, settings: Json) -> Trigger {
    let Json::Object(settings) = settings else { panic!("settings are an object") };
    let name = name.map(str::to_owned);
    Trigger {
        type_code: type_code.into(),
        name,
        enabled,
        settings,
        passwords: BTreeMap::new(),
        references: BTreeMap::new(),
    }
}

/// A function with all that the manifest can have.
fn full() -> Desired {
    let mut kafka = trigger(
        "KAFKA",
        None,
        Some(true),
        json!({"instance_id": "k-1", "topic_ids": ["orders"], "kafka_user": "reader"}),
    );
    kafka.passwords.insert("kafka_password".into(), Secret::new("pässword-of-kafka"));
    Desired {
        name: "greet".into(),
        app: "shop".into(),
        runtime: Runtime::Custom,
        handler: "bootstrap".into(),
        memory: Some(256),
        timeout: Some(30),
        description: Some("Greets; costs 100 %{nothing} or ${less}".into()),
        variables: Variables(BTreeMap::from([
            ("GREETING".into(), "\"Hi\"\n".into()),
            ("DB_URL".into(), "postgres://db".into()),
        ])),
        secrets: BTreeMap::from([
            ("DB_PASSWORD".into(), Secret::new("the-database's-secret")),
            ("version".into(), Secret::new("another-secret")),
        ]),
        references: BTreeMap::from([("version".into(), "version".into())]),
        agency: Some("greet-runs".into()),
        configuration_agency: Some("greet-vpc".into()),
        vpc: Some(Vpc {
            id: "vpc-1".into(),
            subnet_id: "subnet-1".into(),
            security_groups: vec!["sg-1".into(), "sg-2".into()],
        }),
        ephemeral_storage: Some(10240),
        concurrency: Some(10),
        max_instances: Some(0),
        log: Some(Log {
            lts: Some(true),
            group_id: Some("group-1".into()),
            stream_id: Some("stream-1".into()),
            labels: BTreeMap::from([("team".into(), "a".into())]),
        }),
        asynchronous: Some(Asynchronous {
            max_age: None,
            max_retries: Some(2),
            on_success: Some(Destination {
                kind: "SMN".into(),
                param: r#"{"topic_urn":"urn:smn:x"}"#.into(),
            }),
            on_failure: Some(Destination {
                kind: "OBS".into(),
                param: r#"{"bucket":"b","prefix":"failed","expires":5}"#.into(),
            }),
        }),
        triggers: vec![
            trigger(
                "TIMER",
                Some("nightly"),
                Some(false),
                json!({
                    "name": "nightly", "schedule_type": "Cron", "schedule": "0 15 2 * * ?",
                    "user_event": "all",
                }),
            ),
            trigger(
                "DEDICATEDGATEWAY",
                Some("api"),
                None,
                json!({
                    "name": "api", "group_id": "g-1", "instance_id": "i-1", "path": "/greet",
                    "env_id": "DEFAULT_ENVIRONMENT_RELEASE_ID", "env_name": "RELEASE",
                    "protocol": "HTTPS", "req_method": "ANY", "auth": "IAM", "match_mode": "SWA",
                    "type": 1, "backend_type": "FUNCTION", "func_info": {"timeout": 5000},
                }),
            ),
            kafka,
        ],
    }
}

/// The same as an image, with as little as possible.
fn small() -> Desired {
    Desired {
        name: "7days".into(),
        app: "default".into(),
        runtime: Runtime::Image("swr.cn-north-4.myhuaweicloud.com/ada/7days:1".into()),
        handler: "-".into(),
        memory: None,
        timeout: None,
        description: None,
        variables: Variables::default(),
        secrets: BTreeMap::new(),
        references: BTreeMap::new(),
        agency: None,
        configuration_agency: None,
        vpc: None,
        ephemeral_storage: None,
        concurrency: None,
        max_instances: None,
        log: None,
        asynchronous: None,
        triggers: Vec::new(),
    }
}

fn package() -> Code {
    Code::Package { path: "target/fg/greet.zip".into(), file_name: "greet.zip".into() }
}

fn exports(of: impl Fn(&Export<'_>)) {
    let (full, small) = (full(), small());
    let url = Code::Url("https://bucket.obs.cn-north-4.myhuaweicloud.com/greet.zip".into());
    for provider in PROVIDERS {
        for (desired, code, alias) in
            [(&full, &package(), None), (&full, &url, Some("prod")), (&small, &package(), None)]
        {
            of(&Export { desired, provider, code, alias });
        }
    }
}

/// Compares with a file beside this one; `FG_UPDATE_DOCS=1` writes it.
#[test]
fn the_file_of_a_full_example_is_as_expected() {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/export/golden");
    let (full, small) = (full(), small());
    let url = Code::Url("https://bucket.obs.cn-north-4.myhuaweicloud.com/greet.zip".into());
    let examples = [
        ("huaweicloud.tf", Provider::HuaweiCloud, &full, &package(), None),
        ("opentelekomcloud.tf", Provider::OpenTelekomCloud, &full, &package(), None),
        ("alias_and_bucket.tf", Provider::HuaweiCloud, &full, &url, Some("prod")),
        ("image.tf", Provider::OpenTelekomCloud, &small, &package(), None),
    ];
    for (name, provider, desired, code, alias) in examples {
        let text = file(&Export { desired, provider, code, alias });
        let path = golden.join(name);
        if std::env::var_os("FG_UPDATE_DOCS").is_some() {
            std::fs::write(&path, &text).expect("it is written");
        }
        assert_eq!(text, std::fs::read_to_string(&path).unwrap_or_default(), "{}", path.display());
    }
}

#[test]
fn no_secret_is_in_the_file() {
    exports(|export| {
        let text = file(export);
        for secret in ["pässword-of-kafka", "the-database's-secret", "another-secret"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert_eq!(
            text.matches("sensitive   = true").count(),
            export.desired.secrets.len()
                + export
                    .desired
                    .triggers
                    .iter()
                    .map(|trigger| trigger.passwords.len())
                    .sum::<usize>()
        );
    });
}

/// The arguments of a resource: whether they are required, by path.
type Schema = BTreeMap<String, bool>;

fn schemas() -> BTreeMap<String, Schema> {
    let mut schemas: BTreeMap<String, Schema> = BTreeMap::new();
    for text in
        [include_str!("schema/huaweicloud.txt"), include_str!("schema/opentelekomcloud.txt")]
    {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<_> = line.split(' ').collect();
            let &[resource, path, kind] = words.as_slice() else { panic!("three words: {line}") };
            assert!(["required", "optional"].contains(&kind), "{line}");
            schemas.entry(resource.into()).or_default().insert(path.into(), kind == "required");
        }
    }
    schemas
}

/// Checks the names in a block, and that what its schema requires is there.
fn check(resource: &str, schema: &Schema, prefix: &str, block: &Block) -> usize {
    let mut found = BTreeSet::new();
    let mut checked = 0;
    for item in &block.items {
        let name = match item {
            Item::Argument(name, _) => name,
            Item::Block(inner) if prefix.is_empty() && inner.kind == "lifecycle" => continue,
            Item::Block(inner) => {
                checked += check(resource, schema, &format!("{prefix}{}.", inner.kind), inner);
                &inner.kind
            }
            Item::Comment(_) | Item::Blank => continue,
        };
        let path = format!("{prefix}{name}");
        assert!(schema.contains_key(&path), "{resource} has no argument {path}");
        found.insert(path);
        checked += 1;
    }
    for (path, _) in schema.iter().filter(|&(_, is_required)| *is_required) {
        let is_here = path.strip_prefix(prefix).is_some_and(|rest| !rest.contains('.'));
        assert!(!is_here || found.contains(path), "{resource} requires {path}");
    }
    checked
}

#[test]
fn every_argument_is_in_the_schema_of_its_provider() {
    let schemas = schemas();
    assert_eq!(schemas.len(), 6);
    exports(|export| {
        for item in export.items() {
            let Item::Block(block) = item else { panic!("a block: {item:?}") };
            if block.kind != "resource" {
                assert!(["terraform", "variable"].contains(&block.kind.as_str()));
                continue;
            }
            let resource = &block.labels[0];
            let schema = schemas.get(resource).unwrap_or_else(|| panic!("no schema of {resource}"));
            assert!(check(resource, schema, "", &block) >= 3);
        }
    });
}

#[test]
fn a_wrong_name_would_be_noticed() {
    let schemas = schemas();
    let schema = &schemas["huaweicloud_fgs_function_trigger"];
    let mut block = Block::new("resource", &["huaweicloud_fgs_function_trigger", "x"]);
    block.set("trigger_type", "TIMER");
    let caught = std::panic::catch_unwind(|| check("x", schema, "", &block));
    assert!(caught.is_err());
}

#[test]
fn names_are_legal_and_unique() {
    let mut desired = full();
    desired.name = "7 ünited".into();
    let twin = desired.triggers[0].clone();
    desired.triggers.push(twin);
    let text = file(&Export {
        desired: &desired,
        provider: Provider::HuaweiCloud,
        code: &package(),
        alias: None,
    });
    assert!(text.contains("resource \"huaweicloud_fgs_function\" \"_7__nited\""), "{text}");
    assert!(text.contains("\"_7__nited_timer_nightly\""), "{text}");
    assert!(text.contains("\"_7__nited_timer_nightly_2\""), "{text}");
    assert!(text.contains("variable \"version_\""), "{text}");
}

#[test]
fn a_secret_of_the_shell_is_one_variable_of_its_name() {
    let mut desired = full();
    desired.references.insert("DB_PASSWORD".into(), "ONE".into());
    desired.triggers[2].references.insert("kafka_password".into(), "ONE".into());
    let provider = Provider::HuaweiCloud;
    let text = file(&Export { desired: &desired, provider, code: &package(), alias: None });
    assert_eq!(text.matches("variable \"ONE\"").count(), 1, "{text}");
    assert!(text.contains("DB_PASSWORD = var.ONE\n"), "{text}");
    assert!(text.contains("kafka_password = var.ONE\n"), "{text}");
}

#[test]
fn terraform_itself_would_not_write_it_otherwise() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let mut programs = ["terraform", "tofu"].into_iter();
    let is_there = |program: &&str| {
        let mut command = Command::new(program);
        command.arg("version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let Some(program) = programs.find(is_there) else {
        println!("SKIPPED: neither terraform nor tofu is installed");
        return;
    };
    exports(|export| {
        let text = file(export);
        let mut command = Command::new(program);
        let command = command
            .env_remove("TF_CLI_CONFIG_FILE")
            .args(["fmt", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("it is installed");
        let mut input = child.stdin.take().expect("it is a pipe");
        input.write_all(text.as_bytes()).expect("it reads");
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{text}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), text);
    });
}
