//! Which requests are accepted, with the vectors that the official SDK has in its tests.

use axum::http::Request;

use super::*;

/// The date of the vectors.
const THEN: &str = "20060102T150405Z";

fn signatures(access_keys: &[&str]) -> Signatures {
    let pair = |key: &&str| KeyPair { access_key: (*key).into(), secret_key: "SecretKey".into() };
    Signatures::new(access_keys.iter().map(pair).collect())
}

fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let builder = Request::builder().method(method).uri(target);
    let builder =
        headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    builder.body(()).expect("a request").into_parts().0
}

fn authorization(signed_headers: &str, signature: &str) -> String {
    format!(
        "SDK-HMAC-SHA256 Access=AccessKey, SignedHeaders={signed_headers}, Signature={signature}"
    )
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// `Err` is the reason without the platform's words before it.
fn verify_at(request: &Parts, body: &str, now: &str) -> Result<(), String> {
    let signatures = signatures(&["AnotherKey", "AccessKey"]);
    let verified = signatures
        .read_at(request, time(now))
        .and_then(|signature| signature.expect("there are key pairs").verify(body.as_bytes()));
    verified.map_err(|error| {
        assert_eq!((error.status, error.code), (StatusCode::UNAUTHORIZED, "APIGW.0301"));
        let reason = error.message.strip_prefix("Incorrect IAM authentication information: ");
        reason.expect("the platform's words").to_owned()
    })
}

fn verify(request: &Parts, body: &str) -> Result<(), String> {
    verify_at(request, body, "2006-01-02T15:04:05Z")
}

fn vector(method: &str, target: &str, signature: &str) -> Parts {
    let authorization = authorization("x-sdk-date", signature);
    request(method, target, &[("X-Sdk-Date", THEN), ("Authorization", &authorization)])
}

const GET: &str = "5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624";
const POST: &str = "cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59";

/// Signs as a client does, by its own canonical request.
fn sign(canonical: &str) -> String {
    let string_to_sign = format!("{ALGORITHM}\n{THEN}\n{}", sha256_hex(canonical.as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(b"SecretKey").expect("any length");
    mac.update(string_to_sign.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_vectors_of_the_official_sdk_are_verified() {
    assert_eq!(verify(&vector("GET", "/path?limit=1", GET), ""), Ok(()));
    let body = "{\"Name\":\"test\",\"Id\":1}\n";
    assert_eq!(verify(&vector("POST", "/path?key=value", POST), body), Ok(()));
    let upper = POST.to_uppercase();
    assert_eq!(verify(&vector("POST", "/path?key=value", &upper), body), Ok(()));
}

#[test]
fn another_request_with_the_same_signature_is_refused_with_what_should_have_been_signed() {
    let other = verify(&vector("GET", "/path?limit=2", GET), "").expect_err("another query");
    assert_eq!(
        other,
        "verify aksk signature fail, canonicalRequest:GET|/path/|limit=2|x-sdk-date:20060102T150405Z||x-sdk-date|\
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    for (request, body) in [
        (vector("GET", "/path?limit=1", GET), "x"),
        (vector("POST", "/path?limit=1", GET), ""),
        (vector("GET", "/paths?limit=1", GET), ""),
        (vector("GET", "/path?limit=1", &GET[..62]), ""),
    ] {
        let reason = verify(&request, body).expect_err("it was not signed");
        assert!(reason.starts_with("verify aksk signature fail"), "{reason}");
    }
}

#[test]
fn what_is_no_signature_is_refused_with_a_reason() {
    let date = ("X-Sdk-Date", THEN);
    let good = authorization("x-sdk-date", GET);
    let target = "/path?limit=1";
    for (headers, reason) in [
        (vec![date], "there is no Authorization header; sign the request with an access key"),
        (
            vec![date, ("X-Auth-Token", "t")],
            "tokens (X-Auth-Token) are not emulated; sign the request with an access key",
        ),
        (vec![("Authorization", &*good)], "there is no header X-Sdk-Date"),
        (
            vec![date, ("Authorization", "V11-HMAC-SHA256 Access=AccessKey")],
            "Authorization is \"V11-HMAC-SHA256\", and not SDK-HMAC-SHA256",
        ),
        (
            vec![date, ("Authorization", "SDK-HMAC-SHA256 Access=AccessKey, Signature=00")],
            "Authorization has no SignedHeaders",
        ),
        (
            vec![
                date,
                (
                    "Authorization",
                    "SDK-HMAC-SHA256 Access=Other, SignedHeaders=x-sdk-date, Signature=00",
                ),
            ],
            "ak Other not exist",
        ),
        (
            vec![date, ("Host", "h"), ("Authorization", &authorization("host", GET))],
            "SignedHeaders does not contain x-sdk-date, so the date may be forged",
        ),
        (
            vec![date, ("Authorization", &authorization("host;x-sdk-date", GET))],
            "the signed header host is not there",
        ),
        (
            vec![date, ("Authorization", &authorization("x-sdk-date", "nothing"))],
            "the signature is not hexadecimal",
        ),
        (
            vec![("X-Sdk-Date", "yesterday"), ("Authorization", &*good)],
            "X-Sdk-Date is \"yesterday\", which is not of the form 20060102T150405Z",
        ),
    ] {
        assert_eq!(verify(&request("GET", target, &headers), ""), Err(reason.into()));
    }
}

#[test]
fn a_header_that_occurs_twice_is_refused_if_it_is_signed_or_the_signature_needs_it() {
    let good = authorization("x-sdk-date", GET);
    let base = [("X-Sdk-Date", THEN), ("Authorization", good.as_str())];
    for (name, value, reason) in [
        ("X-Sdk-Date", THEN, "the header x-sdk-date occurs more than once"),
        ("Authorization", good.as_str(), "the header authorization occurs more than once"),
    ] {
        let headers = [base[0], base[1], (name, value)];
        assert_eq!(verify(&request("GET", "/path?limit=1", &headers), ""), Err(reason.into()));
    }
    let unsigned = [base[0], base[1], ("X-Tag", "1"), ("X-Tag", "2")];
    assert_eq!(verify(&request("GET", "/path?limit=1", &unsigned), ""), Ok(()));
    let tags = authorization("x-sdk-date;x-tag", GET);
    let signed = [base[0], ("Authorization", &tags), ("X-Tag", "1"), ("X-Tag", "2")];
    assert_eq!(
        verify(&request("GET", "/path?limit=1", &signed), ""),
        Err("the signed header x-tag occurs more than once".into())
    );
}

#[test]
fn a_date_may_be_15_minutes_off() {
    let request = vector("GET", "/path?limit=1", GET);
    for now in ["2006-01-02T15:19:05Z", "2006-01-02T14:49:05Z"] {
        assert_eq!(verify_at(&request, "", now), Ok(()), "{now}");
    }
    assert_eq!(
        verify_at(&request, "", "2006-01-02T15:19:06Z"),
        Err(
            "the request was signed at 20060102T150405Z, and it is 20060102T151906Z here, which is more than 15 minutes apart: set the \
             clock, or sign the request anew"
                .into()
        )
    );
    assert!(verify_at(&request, "", "2006-01-02T14:49:04Z").is_err());
}

#[test]
fn an_sdk_signs_a_urn_with_a_slash_and_what_it_likes_of_its_headers() {
    // As the Python SDK sends and signs it: the URN has a slash that is encoded in the path, and
    // signed as the end of a segment.
    let signed = "content-type;host;user-agent;x-project-id;x-sdk-date";
    let canonical = format!(
        "GET\n/v2/p/fgs/triggers/urn%3Afss%3Aa/b/\nlimit=10\ncontent-type:application/json\nhost:127.0.0.1:9000\n\
         user-agent:huaweicloud-usdk-python/3.0\nx-project-id:p\nx-sdk-date:{THEN}\n\n{signed}\n{}",
        sha256_hex(b"")
    );
    let authorization = authorization(signed, &sign(&canonical));
    let headers = [
        ("Content-Type", "application/json"),
        ("Host", "127.0.0.1:9000"),
        ("User-Agent", " huaweicloud-usdk-python/3.0 "),
        ("X-Project-Id", "p"),
        ("X-Sdk-Date", THEN),
        ("X-Security-Token", "a token that is taken as it is"),
        ("Authorization", &authorization),
    ];
    let sent = request("GET", "/v2/p/fgs/triggers/urn%3Afss%3Aa%2Fb?limit=10", &headers);
    assert_eq!(verify(&sent, ""), Ok(()));
}

#[test]
fn a_body_may_be_unsigned_or_named_by_its_hash() {
    let canonical = |hash: &str| {
        format!(
            "POST\n/path/\n\nx-sdk-content-sha256:{hash}\nx-sdk-date:{THEN}\n\nx-sdk-content-sha256;x-sdk-date\n{hash}"
        )
    };
    let signed = |hash: &str, sent: &str| {
        let authorization =
            authorization("x-sdk-content-sha256;x-sdk-date", &sign(&canonical(hash)));
        let headers = [
            ("X-Sdk-Content-Sha256", sent),
            ("X-Sdk-Date", THEN),
            ("Authorization", &*authorization),
        ];
        request("POST", "/path", &headers)
    };
    assert_eq!(verify(&signed(UNSIGNED_PAYLOAD, UNSIGNED_PAYLOAD), "anything"), Ok(()));
    let hash = sha256_hex(b"the body");
    assert_eq!(verify(&signed(&hash, &hash), "the body"), Ok(()));
    assert_eq!(
        verify(&signed(&hash, &hash), "another body"),
        Err("X-Sdk-Content-Sha256 is not the hash of the body".into())
    );
    let reason = verify(&signed(&hash, UNSIGNED_PAYLOAD), "the body").expect_err("it was signed");
    assert!(reason.starts_with("verify aksk signature fail"), "{reason}");
}

#[test]
fn a_secret_that_is_signed_is_not_repeated() {
    let authorization = authorization("x-sdk-date;x-security-token", GET);
    let headers =
        [("X-Sdk-Date", THEN), ("X-Security-Token", "hunter2"), ("Authorization", &*authorization)];
    let reason = verify(&request("GET", "/", &headers), "").expect_err("it was not signed");
    assert!(reason.contains("x-security-token:***") && !reason.contains("hunter2"), "{reason}");
    assert_eq!(format!("{:?}", signatures(&["a"])), "Signatures { key_pairs: [KeyPair(***)] }");
}

#[test]
fn without_key_pairs_nothing_needs_a_signature() {
    let unsigned = request("GET", "/", &[("X-Auth-Token", "t")]);
    assert!(signatures(&[]).read(&unsigned).expect("it is accepted").is_none());
}
