//! Tests of each kind of mistake in a setting, with its line and its reason.

use super::UNREAD;
use crate::metadata::Options;
use crate::metadata::testing::desired;

/// The mistake in a manifest, with the value `hunter2` nowhere in the message.
fn mistake(text: &str) -> String {
    let said = match desired(text, UNREAD) {
        Ok(found) => panic!("it is accepted: {found:?}"),
        Err(said) => said,
    };
    assert!(!said.contains("hunter2"), "{said}");
    said
}

#[test]
fn a_mistake_in_an_environment_is_found_before_it_is_wanted() {
    let text = "[package.metadata.fg.env.prod]\nmemroy = 512";
    assert!(mistake(text).starts_with(
        "Cargo.toml:2: env.prod.memroy: there is no such key\n  help: did you mean `memory`? "
    ));
    let text = "[package.metadata.fg.env.prod.env.x]";
    assert!(mistake(text).starts_with("Cargo.toml:1: env.prod.env: there is no such key\n"));
    // A mistake that only shows when all is read names the overlay, too.
    let text = "[package.metadata.fg]\ntimeout = 3\n[package.metadata.fg.env.prod]\ntimeout = 2";
    let prod = Options { environment: Some("prod"), ..UNREAD };
    assert_eq!(
        desired(text, prod).expect_err("too short"),
        "Cargo.toml:4: env.prod.timeout: it has to be at least 3 seconds on the platform"
    );
}

#[test]
fn an_unknown_key_is_an_error_with_the_most_similar_one() {
    for (key, similar) in [
        ("memroy", Some("memory")),
        ("environments", Some("environment")),
        ("log-level", Some("log_level")),
        ("logLevel", Some("log_level")),
        ("includes", Some("include")),
        ("time_out", Some("timeout")),
        ("xyz", None),
    ] {
        let said = mistake(&format!("[package.metadata.fg]\n\n{key} = 1"));
        let similar = similar.map_or(String::new(), |word| format!("did you mean `{word}`? "));
        let start = format!(
            "Cargo.toml:3: {key}: there is no such key\n  help: {similar}there are: agency, app, "
        );
        assert!(said.starts_with(&start), "{said}");
    }
}

#[test]
fn each_mistake_in_a_setting_has_its_line_and_its_reason() {
    let long = format!("\"{}\"", "x".repeat(513));
    let asynchronous = "type = \"obs\"";
    for (setting, said) in [
        ("name = \"x\"", "name: it has to have 2 to 60 characters"),
        ("name = \"hunter2 x\"", "name: it has to have letters, digits, `-` and `_` only"),
        (
            "name = \"2fast\"",
            "name: it has to begin with a letter, and to end with a letter or a digit",
        ),
        (
            "name = \"fast-\"",
            "name: it has to begin with a letter, and to end with a letter or a digit",
        ),
        ("app = \"\"", "app: it is empty"),
        ("package = \"a b\"", "package: it has to have letters, digits, `-` and `_` only"),
        (
            "description = LONG",
            "description: it has 513 characters, and 512 are the most there can be",
        ),
        ("runtime = \"hunter2\"", "runtime: it has to be \"custom\" or \"http\""),
        (
            "image = \"hunter2\"",
            "image: it is not the address of an image\n  help: for example \"swr.cn-north-4.myhuaweicloud.com/shop/greet:1.0.0\"",
        ),
        (
            "memory = 300",
            "memory: the memory sizes of the platform are 128, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 8192, 10240 MB",
        ),
        (
            "memory = \"hunter2\"",
            "memory: it is a string, but has to be an integer from 1 to 4294967295 MB\n  help: for example memory = 1",
        ),
        ("timeout = 0", "timeout: it has to be 1 to 259200 seconds"),
        ("timeout = 2", "timeout: it has to be at least 3 seconds on the platform"),
        ("timeout = 259201", "timeout: it has to be 1 to 259200 seconds"),
        (
            "timeout = 3.5",
            "timeout: it is a number, but has to be an integer from 1 to 259200 seconds\n  help: for example timeout = 1",
        ),
        (
            "handler = [\"hunter2\"]",
            "handler: it is a list, but has to be a string\n  help: for example handler = \"..\"",
        ),
        (
            "log_level = \"hunter2\"",
            "log_level: it is not a level\n  help: off, error, warn, info, debug, trace, or levels for targets as in \"info,hyper=warn\"",
        ),
        (
            "environment = \"DB=hunter2\"",
            "environment: it is a string, but has to be a table\n  help: for example environment = { .. }",
        ),
        (
            "environment = { A = [\"hunter2\"] }",
            "environment.A: it has to be a string, a number, true or false, or a reference to the shell\n  help: for example A = \"..\", or A = { env = \"A\" } for a secret",
        ),
        (
            "environment = { A = { env = \"hunter2!\" } }",
            "environment.A.env: it has to be the name of a variable of the shell, which has letters, digits and underscores\n  help: the secret itself is not for Cargo.toml, but for that variable",
        ),
        (
            "environment = { A = { evn = \"hunter2\" } }",
            "environment.A.evn: there is no such key\n  help: there are: env",
        ),
        (
            "environment = { 1A = \"hunter2\" }",
            "environment.1A: the name of a variable has to be a letter, followed by letters, digits and underscores",
        ),
        (
            "environment = { RUNTIME_X = \"hunter2\" }",
            "environment.RUNTIME_X: RUNTIME_X is reserved by the platform and cannot be set",
        ),
        (
            "agency = 7",
            "agency: it is a number, but has to be a string\n  help: for example agency = \"..\"",
        ),
        ("configuration_agency = \"a\\u0007\"", "configuration_agency: it has a control character"),
        ("vpc = { id = \"v\" }", "vpc.subnet_id: it is missing"),
        (
            "vpc = { id = \"v\", subnet = \"s\" }",
            "vpc.subnet: there is no such key\n  help: did you mean `subnet_id`? there are: id, subnet_id, security_groups",
        ),
        ("ephemeral_storage = 1024", "ephemeral_storage: it has to be 512 or 10240 MB"),
        (
            "ephemeral_storage = 10240",
            "ephemeral_storage: the runtime `custom` has 512 MB\n  help: set runtime = \"http\" for a program that serves HTTP, or an image",
        ),
        ("concurrency = 1001", "concurrency: it has to be 1 to 1000 requests"),
        (
            "concurrency = 2",
            "concurrency: the runtime `custom` has one request at a time\n  help: set runtime = \"http\" for a program that serves HTTP, or an image",
        ),
        ("max_instances = -2", "max_instances: it has to be -1 to 1000"),
        (
            "log = { lts = 1 }",
            "log.lts: it is a number, but has to be true or false\n  help: for example lts = true",
        ),
        (
            "log = { group_id = \"g\" }",
            "log: it has to have both `group_id` and `stream_id`, but `stream_id` is missing",
        ),
        (
            "log = { lts = false, labels = { a = \"b\" } }",
            "log: `lts` is false, but a group, a stream and labels need it",
        ),
        (
            "asynchronous = { max_age = 59 }",
            "asynchronous.max_age: it has to be 60 to 86400 seconds",
        ),
        ("asynchronous = { max_retries = 4 }", "asynchronous.max_retries: it has to be 0 to 3"),
        (
            "asynchronous = { on_failure = { type = \"hunter2\" } }",
            "asynchronous.on_failure.type: it has to be \"obs\", \"smn\", \"dis\" or \"functiongraph\"",
        ),
        (
            "asynchronous = { on_failure = { TYPE } }",
            "asynchronous.on_failure.bucket: it is missing",
        ),
        (
            "asynchronous = { on_success = { type = \"functiongraph\", func_urn = \"hunter2\" } }",
            "asynchronous.on_success.func_urn: it has to have the form \"urn:fss:<region>:<project>:function:<app>:<name>\", with `:<version>` or not",
        ),
        (
            "include = \"hunter2\"",
            "include: it is a string, but has to be a list\n  help: for example include = [..]",
        ),
        (
            "timers = [{ text = \"hunter2\" }]",
            "timers[0].schedule: it is missing\n  help: { name = \"nightly\", schedule = \"0 15 2 * * ?\", text = \"all\" }",
        ),
        (
            "timers = [{ schedul = \"hunter2\" }]",
            "timers[0].schedul: there is no such key\n  help: did you mean `schedule`? there are: function, name, schedule, text",
        ),
        (
            "timers = [{ schedule = \"3m\", name = \"a b\" }]",
            "timers[0].name: it has to begin with a letter, and to have letters, digits, `-` and `_` only",
        ),
        (
            "timers = [{ schedule = \"3m\", function = \"gret\" }]",
            "timers[0].function: there is no such function\n  help: did you mean `greet`? there are: greet",
        ),
        ("env = 1", "env: it is a number, but has to be a table\n  help: for example env = { .. }"),
    ] {
        let setting = setting.replace("LONG", &long).replace("TYPE", asynchronous);
        let found = mistake(&format!("[package.metadata.fg]\n# here:\n{setting}"));
        assert_eq!(found, format!("Cargo.toml:3: {said}"), "{setting}");
    }
}

#[test]
fn what_excludes_something_else_is_an_error() {
    for (settings, said) in [
        (
            "app = \"a\"\npackage = \"b\"",
            "Cargo.toml:3: package: it is another word for `app`, which is there, too",
        ),
        (
            "image = \"swr.r.myhuaweicloud.com/a/b:1\"\nruntime = \"http\"",
            "Cargo.toml:3: runtime: an image has a runtime of its own\n  help: remove either `runtime` or the image",
        ),
        (
            "timers = [{ name = \"a\", schedule = \"3m\" }]\ntriggers = [{ type = \"timer\", name = \"a\", schedule = \"1h\" }]",
            "Cargo.toml:3: triggers[0]: it is the same trigger as timers[0]",
        ),
    ] {
        assert_eq!(mistake(&format!("[package.metadata.fg]\n{settings}")), said);
    }
    assert_eq!(
        mistake("[package.metadata]\nfg = 1"),
        "Cargo.toml:2: it is a number, but has to be a table\n  help: for example fg = { .. }"
    );
}

#[test]
fn variables_have_limits_together() {
    let many: Vec<_> = (0..21).map(|at| format!("V{at} = \"x\"")).collect();
    assert_eq!(
        mistake(&format!("[package.metadata.fg]\nenvironment = {{ {} }}", many.join(", "))),
        "Cargo.toml:2: environment: there are 21 variables, and 20 are the most there can be"
    );
    let text = format!("[package.metadata.fg]\nenvironment = {{ A = \"{}\" }}", "x".repeat(4096));
    assert_eq!(
        mistake(&text),
        "Cargo.toml:2: environment: the variables have 4097 bytes, and 4096 are the most there can be\n  \
         help: put what is large into a file of the package, `include`"
    );
}
