//! Tests of what is read, of what takes precedence, and of each kind of mistake with its line.

use super::testing::{desired, desired_of, read};
use super::{Options, Secrets, Variable};
use crate::desired::Runtime;

const UNREAD: Options<'_> = Options { environment: None, image: None, secrets: Secrets::Unread };

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
fn the_package_overrides_the_workspace_and_variables_are_merged() {
    let metadata = read(
        "[workspace.metadata.fg]
        memory = 256
        timeout = 9
        environment = { A = \"w\", B = \"w\" }
        include = [\"all\"]
        vpc = { id = \"v\", subnet_id = \"s\" }
        [package.metadata.fg]
        memory = 512
        environment = { B = 7, C = true }
        timers = [{ schedule = \"@every 1h\", text = \"x\" }]",
    )
    .expect("it fits");
    assert_eq!((metadata.memory, metadata.timeout), (Some(512), Some(9)));
    let values: Vec<_> = metadata
        .environment
        .iter()
        .map(|(name, variable)| match variable {
            Variable::Value(value) => format!("{name}={value}"),
            Variable::Shell(_) => name.clone(),
        })
        .collect();
    assert_eq!(values, ["A=w", "B=7", "C=true"]);
    assert_eq!(metadata.include, [std::path::PathBuf::from("all")]);
    assert_eq!(metadata.timers[0].text.as_deref(), Some("x"));
    assert!(metadata.vpc.is_some());
}

#[test]
fn all_settings_become_what_the_function_should_be() {
    let found = desired(
        "[package.metadata.fg]
        name = \"shop-greet\"
        package = \"shop\"
        description = \"Greets\"
        runtime = \"http\"
        memory = 256
        timeout = 30
        handler = \"greet\"
        log_level = \"info\"
        environment = { GREETING = \"Hi\", DB = { env = \"PROD_DB\" } }
        agency = \"run\"
        configuration_agency = \"set-up\"
        vpc = { id = \"v\", subnet_id = \"s\", security_groups = [\"g\"] }
        ephemeral_storage = 10240
        concurrency = 10
        max_instances = -1
        log = { lts = true, group_id = \"g\", stream_id = \"s\", labels = { team = \"a\" } }
        timers = [{ schedule = \"@every 1h\" }]
        triggers = [{ type = \"smn\", topic_urn = \"urn:smn:r:p:t\" }]
        [package.metadata.fg.asynchronous]
        max_age = 60
        max_retries = 0
        on_success = { type = \"obs\", bucket = \"b\", prefix = \"p/\", expires = 7 }
        on_failure = { type = \"functiongraph\", func_urn = \"urn:fss:r:p:function:default:f\" }",
        UNREAD,
    )
    .expect("it fits");
    assert_eq!((found.name.as_str(), found.app.as_str()), ("shop-greet", "shop"));
    assert_eq!((found.runtime, found.handler.as_str()), (Runtime::Http, "greet"));
    assert_eq!((found.memory, found.timeout), (Some(256), Some(30)));
    let variables: Vec<_> = found.variables.0.into_iter().collect();
    let expected = [("FG_LOG", "info"), ("GREETING", "Hi"), ("RUNTIME_LOG_LEVEL", "INFO")];
    assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(found.secrets.keys().collect::<Vec<_>>(), ["DB"]);
    assert_eq!(found.references["DB"], "PROD_DB");
    assert_eq!(found.agency.as_deref(), Some("run"));
    assert_eq!(found.configuration_agency.as_deref(), Some("set-up"));
    assert_eq!(found.vpc.expect("a VPC").security_groups, ["g"]);
    assert_eq!((found.ephemeral_storage, found.concurrency), (Some(10_240), Some(10)));
    assert_eq!(found.max_instances, Some(-1));
    assert_eq!(found.log.expect("a log").labels["team"], "a");
    let asynchronous = found.asynchronous.expect("it is there");
    assert_eq!((asynchronous.max_age, asynchronous.max_retries), (Some(60), Some(0)));
    let destination = asynchronous.on_success.expect("it is there");
    assert_eq!(destination.kind, "OBS");
    assert_eq!(destination.param, r#"{"bucket":"b","expires":7,"prefix":"p/"}"#);
    assert_eq!(asynchronous.on_failure.expect("it is there").kind, "FunctionGraph");
    let titles: Vec<_> = found.triggers.iter().map(crate::desired::Trigger::title).collect();
    assert_eq!(titles, ["timer timer-1", "smn urn:smn:r:p:t"]);
}

#[test]
fn without_settings_the_function_has_the_name_of_its_program() {
    let found = desired("", UNREAD).expect("nothing is needed");
    assert_eq!((found.name.as_str(), found.app.as_str()), ("greet", "default"));
    assert_eq!((found.runtime, found.handler.as_str()), (Runtime::Custom, "bootstrap"));
    assert_eq!((found.memory, found.vpc, found.triggers.len()), (None, None, 0));
    let image = Options { image: Some("swr.r.myhuaweicloud.com/a/b:1"), ..UNREAD };
    let found = desired("", image).expect("nothing is needed");
    assert_eq!(found.handler, "-");
    assert_eq!(found.runtime, Runtime::Image("swr.r.myhuaweicloud.com/a/b:1".into()));
}

#[test]
fn an_environment_replaces_settings_and_triggers_and_merges_variables() {
    let text = "
        [workspace.metadata.fg.env.prod]
        memory = 1024
        timeout = 60
        [package.metadata.fg]
        memory = 128
        environment = { A = \"a\", B = \"b\" }
        triggers = [{ type = \"smn\", topic_urn = \"urn:smn:r:p:t\" }]
        [package.metadata.fg.env.prod]
        memory = 512
        environment = { B = { env = \"DB\" }, C = \"c\" }
        triggers = [{ type = \"obs\", bucket = \"b\", events = [\"ObjectCreated:*\"] }]
        [package.metadata.fg.env.test]
        triggers = []";
    let of = |environment| desired(text, Options { environment, ..UNREAD });
    let base = of(None).expect("it fits");
    assert_eq!((base.memory, base.timeout, base.triggers.len()), (Some(128), None, 1));
    let prod = of(Some("prod")).expect("it fits");
    assert_eq!((prod.memory, prod.timeout), (Some(512), Some(60)));
    assert_eq!(prod.variables.0.keys().collect::<Vec<_>>(), ["A", "C"]);
    assert_eq!(prod.secrets.keys().collect::<Vec<_>>(), ["B"]);
    assert_eq!((prod.triggers.len(), prod.triggers[0].type_code.as_str()), (1, "OBS"));
    assert_eq!(of(Some("test")).expect("it fits").triggers, []);
    assert_eq!(
        of(Some("prdo")).expect_err("no such environment"),
        "Cargo.toml has no environment \"prdo\"\n  help: did you mean `prod`? there are: prod, test"
    );
    let none = desired("", Options { environment: Some("prod"), ..UNREAD });
    assert_eq!(
        none.expect_err("no such environment"),
        "Cargo.toml has no environment \"prod\"\n  help: its settings would be in [package.metadata.fg.env.prod]"
    );
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
fn programs_of_one_package_cannot_share_a_name_and_triggers_name_theirs() {
    let programs = ["greet", "leave"];
    let of = |text: &str| desired_of(&format!("[package.metadata.fg]\n{text}"), &programs, UNREAD);
    assert_eq!(
        of("name = \"both\"").expect_err("two of one name"),
        "Cargo.toml:2: name: the package has several programs, which would all get this name: greet, leave\n  \
         help: remove it: each function is then named as its program"
    );
    assert_eq!(
        of("timers = [{ schedule = \"3m\" }]").expect_err("of both"),
        "Cargo.toml:2: timers[0]: it does not name its function\n  help: add function = \"greet|leave\""
    );
    let topic = "type = \"smn\", topic_urn = \"urn:smn:r:p:t\"";
    let text = format!(
        "timers = [{{ schedule = \"3m\", function = \"greet\" }}]\ntriggers = [{{ {topic}, function = \"leave\" }}]"
    );
    let found = of(&text).expect("it fits");
    assert_eq!(found.triggers.len(), 1);
    assert_eq!(found.triggers[0].type_code, "TIMER");
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

#[test]
fn a_secret_comes_from_the_shell_and_is_never_printed() {
    // Cargo sets this variable for tests.
    let value = std::env::var("CARGO_PKG_DESCRIPTION").expect("cargo sets it");
    let text = "[package.metadata.fg]
environment = { PASSWORD = { env = \"CARGO_PKG_DESCRIPTION\" }, PLAIN = \"hunter2\" }
triggers = [{ type = \"dds\", instance_id = \"i\", db_name = \"d\", collection_name = \"c\", batch_size = 1, db_password = { env = \"CARGO_PKG_DESCRIPTION\" } }]";
    let found = desired(text, Options::default()).expect("it fits");
    assert_eq!(found.secrets["PASSWORD"].expose(), value);
    assert_eq!(found.triggers[0].passwords["db_password"].expose(), value);
    assert!(!found.triggers[0].settings.contains_key("db_password"));
    let metadata = read(text).expect("it fits");
    for shown in [format!("{found:?}"), format!("{metadata:?}")] {
        assert!(!shown.contains(&value) && !shown.contains("hunter2"), "{shown}");
    }
    let text = text.replace("CARGO_PKG_DESCRIPTION", "FG_NO_SUCH_VARIABLE");
    assert_eq!(
        desired(&text, Options::default()).expect_err("it is not set"),
        "Cargo.toml:2: environment.PASSWORD: the variable FG_NO_SUCH_VARIABLE is not set in the shell\n  \
         help: set FG_NO_SUCH_VARIABLE to the secret; it is not written anywhere"
    );
    assert!(
        desired(&text, UNREAD).expect("it is not needed").secrets["PASSWORD"].expose().is_empty()
    );
    let of_trigger = text.replace("{ env = \"FG_NO_SUCH_VARIABLE\" }, PLAIN", "1, PLAIN");
    assert!(desired(&of_trigger, Options::default()).expect_err("it is not set").starts_with(
        "Cargo.toml:3: triggers[0].db_password: the variable FG_NO_SUCH_VARIABLE is not set"
    ));
}
