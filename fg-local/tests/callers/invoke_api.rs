//! The platform's API for invocations, as an SDK uses it.

use std::io::{Read, Write};
use std::net::TcpStream;

use fg_emulator::Emulator;
use fg_local::Local;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::scripted::{LIMIT, Served, function, serve, serve_by};

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| {
                line.split_once(": ").filter(|(found, _)| found.eq_ignore_ascii_case(name))
            })
            .map(|(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

fn call(function: &Served, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut socket = TcpStream::connect(function.address()).expect("it listens");
    socket.set_read_timeout(Some(LIMIT)).expect("a valid time limit");
    let headers: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
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

/// The headers of a request that is signed now, with the date as the only signed header.
fn sign(path: &str, body: &str, secret_key: &str) -> [(&'static str, String); 2] {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let date = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let canonical =
        format!("POST\n{path}/\n\nx-sdk-date:{date}\n\nx-sdk-date\n{}", hex(&Sha256::digest(body)));
    let string_to_sign = format!("SDK-HMAC-SHA256\n{date}\n{}", hex(&Sha256::digest(canonical)));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret_key.as_bytes()).expect("any length");
    mac.update(string_to_sign.as_bytes());
    let signature = hex(&mac.finalize().into_bytes());
    let authorization = format!(
        "SDK-HMAC-SHA256 Access=AccessKey, SignedHeaders=x-sdk-date, Signature={signature}"
    );
    [("X-Sdk-Date", date), ("Authorization", authorization)]
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
    let signed = sign(path, "{}", "SecretKey");
    let accepted = call_signed(&signed, "{}");
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    for refused in [call_signed(&signed, "[]"), call_signed(&sign(path, "{}", "Other"), "{}")] {
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
