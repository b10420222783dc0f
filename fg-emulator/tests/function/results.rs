//! What an invocation gives: the three parts.

use std::time::Duration;

use fg_emulator::{Credentials, Log, Outcome, PlatformErrorKind};

use crate::scripted::{event, function, program, start};

#[test]
fn a_response_comes_with_figures_and_the_lines_of_its_request() {
    let emulator = start(function().variable("AT_START", r#"{"say":"cold start"}"#).version("v1"));
    let first = emulator.invoke(event(r#"{"say":"one","complain":"two","text":"hello"}"#));
    assert_eq!(first.response().as_deref(), Some("hello"));
    assert_eq!(
        (first.log.before(), first.log.lines()),
        (&["cold start".to_owned()][..], &["one".to_owned(), "two".to_owned()][..])
    );
    let full = first.log.full();
    assert!(full.contains("Z Start invoke request 'r-1', version: v1\none\ntwo\n"), "{full}");
    assert!(full.contains("Z Finish invoke request 'r-1', duration: "), "{full}");
    assert!(full.contains("billing memory: 128MB\n"), "{full}");
    assert!(
        first.summary.duration > Duration::ZERO
            && first.summary.billed_duration >= first.summary.duration
    );
    assert_eq!(first.summary.memory_used.is_some(), cfg!(target_os = "linux"));

    let second = emulator.invoke(event(r#"{"say":"three"}"#));
    assert_eq!((second.log.before(), second.log.lines()), (&[][..], &["three".to_owned()][..]));
    assert_eq!(emulator.instances().started, 1);
}

#[test]
fn the_short_log_is_the_last_4_kb_and_the_full_one_is_all() {
    let emulator = start(function());
    let line = "x".repeat(10_000);
    let execution = emulator.invoke(event(&format!(r#"{{"say":"{line}"}}"#)));
    assert_eq!(execution.log.tail(Log::SHORT).len(), Log::SHORT);
    assert!(format!("{execution}").len() < 5_000);
    assert!(format!("{execution:#}").contains(&line));
}

#[test]
fn a_functions_own_error_has_its_type_and_its_message() {
    let emulator = start(function());
    let execution = emulator.invoke(event(r#"{"do":"fail","text":"no stock"}"#));
    let error = execution.function_error().expect("it fails");
    assert_eq!((error.error_type.as_str(), error.error_message.as_str()), ("Scripted", "no stock"));
    assert!(
        execution.to_string().starts_with(
            "--- function return ---\nerrorMessage: no stock\nerrorType:    Scripted\n"
        )
    );
    assert_eq!(
        emulator.invoke(event(r#"{"text":"still here"}"#)).response().as_deref(),
        Some("still here")
    );
    assert_eq!(emulator.instances().started, 1);
}

#[test]
fn a_function_has_the_environment_of_the_platform_and_no_other() {
    let emulator = start(
        function()
            .handler("greet")
            .memory(512)
            .timeout(Duration::from_secs(30))
            .variable("COLOUR", "red")
            .user_data("SECRET", "x")
            .project_id("p-1"),
    );
    let execution = emulator.invoke(event(r#"{"do":"environment"}"#));
    let environment = execution.response().expect("a response").into_owned();
    let directory = program().parent().expect("it is in a directory").display().to_string();
    for line in [
        "RUNTIME_HANDLER=greet",
        "RUNTIME_MEMORY=512",
        "RUNTIME_CPU=600",
        "RUNTIME_TIMEOUT=30",
        "RUNTIME_FUNC_NAME=scripted",
        "RUNTIME_PROJECT_ID=p-1",
        r#"RUNTIME_USERDATA={"COLOUR":"red","SECRET":"x"}"#,
        "COLOUR=red",
        &format!("RUNTIME_CODE_ROOT={directory}"),
        &format!("PWD_IS={directory}"),
    ] {
        assert!(environment.lines().any(|found| found == line), "{line} in\n{environment}");
    }
    assert!(!environment.contains("CARGO_MANIFEST_DIR"), "{environment}");
    assert!(!environment.lines().any(|line| line.starts_with("SECRET=")), "{environment}");
}

#[test]
fn events_and_responses_have_the_platforms_limits() {
    let emulator = start(function().response_limit(1000));
    let fits = emulator.invoke(event(r#"{"do":"size","bytes":1100}"#));
    assert_eq!(fits.response().map(|response| response.len()), Some(1100));

    let response = emulator.invoke(event(r#"{"do":"size","bytes":1101}"#));
    let error = response.platform_error().expect("it is refused");
    assert_eq!((error.kind(), error.code()), (PlatformErrorKind::ResponseTooLarge, "4004"));
    assert_eq!(error.platform_message(), "response body size 1101 exceeds the limit of 1000");

    let limit = 6 * 1024 * 1024;
    let padded = |bytes: usize| format!("{{\"text\":\"ok\"}}{}", " ".repeat(bytes - 13));
    assert_eq!(emulator.invoke(event(&padded(limit + 100))).response().as_deref(), Some("ok"));
    let refused = emulator.invoke(event(&padded(limit + 101)));
    let error = refused.platform_error().expect("it is refused");
    assert_eq!(
        (error.kind(), error.code(), error.http_status()),
        (PlatformErrorKind::RequestTooLarge, "FSS.0413", 413)
    );

    let limit = 256 * 1024;
    let refused = emulator.invoke_async(event(&padded(limit + 101))).expect_err("it is refused");
    assert_eq!(refused.kind(), PlatformErrorKind::RequestTooLarge);
    assert!(matches!(emulator.invoke(event(&padded(limit + 101))).outcome, Outcome::Response(_)));
}

#[test]
fn credentials_are_headers_of_each_event_only_where_they_are_configured() {
    let credentials = Credentials { security_token: "token".into(), ..Credentials::default() };
    for (builder, expected) in [
        (fg_emulator::Emulator::attach().credentials(credentials), true),
        (fg_emulator::Emulator::attach(), false),
    ] {
        let emulator = start(builder);
        let head = crate::attached::poll_once(&emulator);
        assert_eq!(head.contains("X-CFF-Security-Token: token\r\n"), expected, "{head}");
        assert!(!head.contains("X-CFF-Auth-Token"), "{head}");
    }
}

#[test]
fn a_response_in_chunks_has_another_limit_where_streaming_is_switched_on() {
    let streamed = r#"{"do":"chunks","bytes":2000}"#;
    let emulator = start(function().response_limit(1000));
    let kind =
        emulator.invoke(event(streamed)).platform_error().map(fg_emulator::PlatformError::kind);
    assert_eq!(kind, Some(PlatformErrorKind::ResponseTooLarge));
    let emulator = start(function().response_limit(1000).streaming());
    assert_eq!(
        emulator.invoke(event(streamed)).response().map(|response| response.len()),
        Some(2000)
    );
}
