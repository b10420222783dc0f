//! The platform's API for invocations, as an SDK uses it.

use fg_emulator::Emulator;
use fg_local::Local;
use serde_json::{Value, json};

use crate::http::{Answer, Caller};
use crate::scripted::{LIMIT, Served, function, serve, serve_by, signed};

fn call(function: &Served, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    Caller::new(function.address()).send("POST", path, headers, body)
}

/// As the SDKs write it: the colons of the URN encoded.
fn path(emulator: &Emulator, what: &str) -> String {
    format!("/v2/p/fgs/functions/{}/{what}", emulator.urn().replace(':', "%3A"))
}

#[test]
fn a_synchronous_call_has_the_raw_result_and_the_figures_in_headers() {
    let emulator = serve(function());
    let answer = call(
        &emulator,
        &path(&emulator, "invocations"),
        &[("X-Cff-Log-Type", "tail")],
        r#"{"say":"a line","text":"\"hi\""}"#,
    );
    assert_eq!((answer.status, answer.body.as_str()), (200, "\"hi\""));
    assert_eq!(
        (answer.header("X-Func-Err-Code"), answer.header("X-Is-Func-Err")),
        (Some("0"), Some("false"))
    );
    let summary: Value =
        serde_json::from_str(answer.header("X-Cff-Invoke-Summary").expect("a summary"))
            .expect("JSON");
    assert_eq!(summary["memorySize"], 128);
    assert!(
        answer.header("X-CFF-Billing-Duration").is_some_and(|value| value.parse::<u64>().is_ok())
    );
    assert!(answer.header("X-Cff-Request-Id").is_some());
    // "a line" with its line end, wherever the group of three begins.
    let log = answer.header("X-Cff-Function-Log").expect("a log");
    assert!(["YSBsaW5l", "EgbGluZQ", "hIGxpbmU"].iter().any(|part| log.contains(part)), "{log}");
}

#[test]
fn the_tail_of_the_log_has_4_kb() {
    let emulator = serve(function());
    let event = json!({"say": "x".repeat(10_000)}).to_string();
    let answer =
        call(&emulator, &path(&emulator, "invocations"), &[("X-Cff-Log-Type", "tail")], &event);
    // Each three bytes are four characters.
    assert_eq!(answer.header("X-Cff-Function-Log").map(str::len), Some(4096_usize.div_ceil(3) * 4));
    assert_eq!(answer.header("X-Request-Id"), answer.header("X-Cff-Request-Id"));
}

#[test]
fn a_call_in_version_1_has_result_log_and_status_in_json() {
    let emulator = serve(function());
    let v1 = [("X-CFF-Request-Version", "v1")];
    let answer = call(&emulator, &path(&emulator, "invocations"), &v1, r#"{"text":"hi"}"#).json();
    assert_eq!((&answer["result"], &answer["status"]), (&json!("hi"), &json!(200)));
    let answer =
        call(&emulator, &path(&emulator, "invocations"), &v1, r#"{"do":"fail","text":"no"}"#)
            .json();
    assert_eq!(
        (&answer["result"], &answer["status"]),
        (&json!(r#"{"errorMessage":"no","errorType":"Scripted"}"#), &json!(500))
    );
}

#[test]
fn a_functions_error_is_told_in_the_headers() {
    let emulator = serve(function());
    for (script, code) in
        [(r#"{"do":"fail","text":"no"}"#, "4002"), (r#"{"do":"exit","code":3}"#, "4002")]
    {
        let answer = call(&emulator, &path(&emulator, "invocations"), &[], script);
        assert_eq!(
            (answer.status, answer.header("X-Is-Func-Err"), answer.header("X-Func-Err-Code")),
            (200, Some("true"), Some(code))
        );
        assert!(answer.json()["errorMessage"].is_string());
    }
}

#[test]
fn an_asynchronous_call_is_accepted_with_its_request_id() {
    let (lines, told) = std::sync::mpsc::channel();
    let local = Local::builder().on_line(move |_, line| drop(lines.send(line.to_owned())));
    let emulator = serve_by(local, function());
    let answer = call(&emulator, &path(&emulator, "invocations-async"), &[], r#"{"text":"hi"}"#);
    assert_eq!(answer.status, 202);
    let id = answer.json()["request_id"].as_str().expect("an id").to_owned();
    assert_eq!(answer.header("X-Request-Id"), Some(id.as_str()));
    assert_eq!(
        told.recv_timeout(LIMIT).expect("it succeeds"),
        format!("asynchronous invocation {id} succeeded")
    );
}

#[test]
fn what_the_platform_refuses_is_refused_with_its_code() {
    let emulator = serve(function());
    let large = format!("\"{}\"", "x".repeat(6 * 1024 * 1024 + 100));
    let medium = format!("\"{}\"", "x".repeat(256 * 1024 + 100));
    let (sync, queued) = (path(&emulator, "invocations"), path(&emulator, "invocations-async"));
    for (path, headers, body, status, code) in [
        (sync.as_str(), &[][..], large.as_str(), 413, "FSS.0413"),
        (&queued, &[], &medium, 413, "FSS.0413"),
        (&sync, &[], "not JSON", 406, "FSS.0406"),
        (&sync, &[("X-Cff-Instance-Memory", "100")], "{}", 406, "FSS.0406"),
        ("/v2/p/fgs/functions/other/invocations", &[], "{}", 404, "FSS.1051"),
        ("/v2/p/fgs/functions/scripted:v9/invocations", &[], "{}", 404, "FSS.1052"),
        ("/v2/p/fgs/workflows", &[], "{}", 501, "FSS.0501"),
        ("/v2/p/elsewhere", &[], "{}", 501, "FSS.0501"),
    ] {
        let answer = call(&emulator, path, headers, body);
        assert_eq!((answer.status, &answer.json()["error_code"]), (status, &json!(code)), "{path}");
        assert!(answer.json()["error_msg"].is_string());
    }
}

#[test]
fn signatures_are_verified_where_a_key_pair_is_set() {
    let local = Local::builder().key_pair("Another", "Key").key_pair("AccessKey", "SecretKey");
    let emulator = serve_by(local, function());
    let refused = call(&emulator, &path(&emulator, "invocations"), &[], "{}");
    assert_eq!((refused.status, &refused.json()["error_code"]), (401, &json!("APIGW.0301")));

    let path = "/v2/p/fgs/functions/scripted/invocations";
    let call_signed = |signed: &[(&'static str, String)], body: &str| {
        let headers: Vec<_> = signed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        call(&emulator, path, &headers, body)
    };
    let now = signed("POST", path, "{}", "SecretKey");
    let accepted = call_signed(&now, "{}");
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    for refused in
        [call_signed(&now, "[]"), call_signed(&signed("POST", path, "{}", "Other"), "{}")]
    {
        assert_eq!((refused.status, &refused.json()["error_code"]), (401, &json!("APIGW.0301")));
        let message = refused.json()["error_msg"].as_str().map(ToOwned::to_owned);
        let expected = "Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:POST|/v2/p/";
        assert!(message.as_ref().is_some_and(|text| text.starts_with(expected)), "{message:?}");
    }
    // The date of the SDK's vectors, with a signature that is right: made with Python's hmac for a
    // body of `{}`.
    let signature = "7a1c403eec946f1ce36c8e70815c80cd91fdf1830f2a31cf2354ec4a3d6d04e8";
    let authorization = format!(
        "SDK-HMAC-SHA256 Access=AccessKey, SignedHeaders=x-sdk-date, Signature={signature}"
    );
    let old = [("X-Sdk-Date", "20060102T150405Z".to_owned()), ("Authorization", authorization)];
    let refused = call_signed(&old, "{}");
    assert!(refused.body.contains("more than 15 minutes apart"), "{}", refused.body);
    // Requests to functions are not signed.
    assert_eq!(call(&emulator, "/", &[], r#"{"text":"hi"}"#).body, "hi");
}
