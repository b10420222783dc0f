use super::*;
use crate::log_filter::Verbosity;
use proptest::prelude::*;

#[test]
fn what_the_platform_sets_is_read() {
    let environment = Environment::from_variables([
        ("RUNTIME_API_ADDR", "127.0.0.1:9001"),
        ("RUNTIME_FUNC_NAME", "0@shop@order"),
        ("RUNTIME_TIMEOUT", "30"),
        ("RUNTIME_MEMORY", "512"),
        ("RUNTIME_CPU", "600"),
        ("RUNTIME_MAX_RESP_BODY_SIZE", "1000"),
        ("RUNTIME_USERDATA", r#"{"DB":"postgres","retries":3,"nothing":null}"#),
        ("REGION", "eu"),
    ]);
    assert_eq!(environment.api_address(), Some("127.0.0.1:9001"));
    assert_eq!((environment.function_name(), environment.package()), ("order", "shop"));
    assert_eq!(environment.timeout(), Duration::from_secs(30));
    assert_eq!((environment.memory_size(), environment.cpu_number()), (512, 600));
    assert_eq!(environment.max_response_size(), 1000);
    assert_eq!(environment.user_data("DB"), Some("postgres"));
    assert_eq!(environment.user_data("retries"), Some("3"));
    assert_eq!(environment.user_data("nothing"), None);
    assert_eq!(environment.user_data("REGION"), Some("eu"));
    assert_eq!(environment.user_data("RUNTIME_USERDATA"), None);
    assert_eq!((environment.warnings(), environment.missing()), (&[][..], &[][..]));
}

#[test]
fn words_zero_and_null_have_the_default_and_one_warning_each() {
    for bad in ["zero", "0", "-1", "1e3", "99999999999999999999"] {
        let environment =
            Environment::from_variables([("RUNTIME_TIMEOUT", bad), ("RUNTIME_MEMORY", bad)]);
        assert_eq!(environment.timeout(), Duration::from_secs(3));
        assert_eq!((environment.memory_size(), environment.cpu_number()), (128, 300));
        assert_eq!(environment.warnings().len(), 2, "{:?}", environment.warnings());
    }
    for absent in ["", "null", "  "] {
        let environment = Environment::from_variables([
            ("RUNTIME_TIMEOUT", absent),
            ("RUNTIME_USERDATA", absent),
        ]);
        assert_eq!(
            (environment.timeout(), environment.warnings().len()),
            (Duration::from_secs(3), 0)
        );
        assert!(
            environment
                .missing()
                .iter()
                .any(|text| text == "RUNTIME_TIMEOUT is not set; using 3 s")
        );
    }
}

#[test]
fn bad_user_data_is_a_warning_that_quotes_nothing_of_it() {
    let environment = Environment::from_variables([
        ("RUNTIME_USERDATA", r#"{"PASSWORD":"hunter2""#),
        ("DB", "here"),
    ]);
    assert_eq!(environment.user_data("DB"), Some("here"));
    assert_eq!(environment.warnings().len(), 1);
    assert!(!environment.warnings()[0].contains("hunter2"));
}

#[test]
fn directives_come_before_the_level_of_the_platform_and_both_may_be_the_functions_own() {
    let user_data =
        r#"{"FG_LOG":"hyper=warn,loud=er","RUNTIME_LOG_LEVEL":"ERROR","FG_LOG_FORMAT":"JSON"}"#;
    let environment = Environment::from_variables([("RUNTIME_USERDATA", user_data)]);
    let filter = environment.log_filter();
    assert!(
        filter.enables("hyper::server", Verbosity::Warn)
            && !filter.enables("other", Verbosity::Warn)
    );
    assert_eq!((environment.is_log_json(), environment.warnings().len()), (Some(true), 1));
    assert!(
        environment.warnings()[0].starts_with("FG_LOG: `loud=er` is no level"),
        "{:?}",
        environment.warnings()
    );
    let environment = Environment::from_variables([
        ("FG_LOG", "debug"),
        ("RUNTIME_LOG_LEVEL", "ERROR"),
        ("FG_LOG_FORMAT", "xml"),
    ]);
    assert!(
        environment.log_filter().enables("other", Verbosity::Debug)
            && !environment.log_filter().enables("other", Verbosity::Trace)
    );
    assert_eq!((environment.is_log_json(), environment.warnings().len()), (None, 1));
}

#[test]
fn debug_prints_no_user_data() {
    let environment = Environment::from_variables([
        ("RUNTIME_USERDATA", r#"{"PASSWORD":"hunter2"}"#),
        ("KEY", "hunter3"),
    ]);
    assert!(!format!("{environment:?}").contains("hunter"));
}

proptest! {
    #[test]
    fn no_environment_panics(values in proptest::collection::vec(".*", 6)) {
        let names = ["RUNTIME_TIMEOUT", "RUNTIME_MEMORY", "RUNTIME_CPU", "RUNTIME_USERDATA", "RUNTIME_FUNC_NAME", "RUNTIME_LOG_LEVEL"];
        let environment = Environment::from_variables(names.into_iter().zip(values));
        prop_assert!(environment.timeout() > Duration::ZERO);
        prop_assert!(environment.cpu_number() > 0);
    }
}
