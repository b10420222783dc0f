//! Tests of what is read, of what takes precedence, and of each kind of mistake with its line.

mod mistakes;

use super::testing::{desired, desired_of, read};
use super::{Options, Secrets, Variable};
use crate::desired::Runtime;

const UNREAD: Options<'_> = Options { environment: None, image: None, secrets: Secrets::Unread };

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
