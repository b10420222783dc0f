//! Requests and responses through API Gateway's JSON and back: nothing is corrupted, and what
//! cannot pass is an error.

use std::collections::BTreeMap;

use bytes::Bytes;
use fg_core::{Failure, ResponseBuffer};
use fg_events::apig::{ApigEvent, ApigResponse, Parameters};
use fg_http::apig::{self, AuthorizerData, PathParameters, RequestContext};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

fn body_and_type() -> impl Strategy<Value = (Vec<u8>, Option<String>)> {
    let body = prop_oneof![any::<Vec<u8>>(), any::<String>().prop_map(String::into_bytes)];
    let content_type = "(text/plain|TEXT/html|image/png|image/svg\\+xml|application/(json|octet-stream|x-www-form-urlencoded)|x)(; ?charset=(utf-8|gbk|\"UTF-8\"))?";
    (body, prop::option::of(content_type))
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let name = prop_oneof![
        "(set-cookie|accept|vary|x-a|content-encoding)",
        "[a-z0-9!#$%&'*+.^_`|~-]{1,12}"
    ];
    let value = prop_oneof!["[!-~]([ -~\t]{0,12}[!-~])?", "[^\\x00-\\x1f\\x7f]{0,8}"];
    vec((name, value), 0..24).prop_map(|entries| {
        let mut headers = HeaderMap::new();
        for (name, value) in entries {
            headers.append(
                HeaderName::try_from(name).expect("it is a name"),
                HeaderValue::from_bytes(value.as_bytes()).expect("it is a value"),
            );
        }
        headers
    })
}

fn query() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof!["[abc]", any::<String>()];
    vec((name, any::<String>()), 0..8)
}

/// Each name with its values in their order.
fn grouped<N: Into<String>, V: Into<String>>(
    pairs: impl IntoIterator<Item = (N, V)>,
) -> BTreeMap<String, Vec<String>> {
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in pairs {
        groups.entry(name.into()).or_default().push(value.into());
    }
    groups
}

/// A header map in which each name but `set-cookie` has one value: what HTTP says is the same.
fn joined(headers: &HeaderMap) -> HeaderMap {
    let mut single = HeaderMap::new();
    for name in headers.keys() {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        if name == "set-cookie" {
            for value in values {
                single.append(name, value.clone());
            }
        } else {
            let value =
                values.iter().map(|value| value.as_bytes()).collect::<Vec<_>>().join(&b", "[..]);
            single.append(name, HeaderValue::from_bytes(&value).expect("it is made of values"));
        }
    }
    single
}

fn written(response: http::Response<Bytes>) -> Result<Vec<u8>, Failure> {
    let (parts, body) = response.into_parts();
    let mut reply = ResponseBuffer::new();
    apig::write_response(&parts, &body, &mut reply)?;
    assert_eq!(reply.content_type(), "application/json");
    Ok(reply.into_body())
}

proptest! {
    #[test]
    fn a_request_survives_the_way_through_an_event(
        method in "[A-Z]{1,7}",
        path in "/([A-Za-z0-9/_.~!$&'()*+,;=:@|\"{}-]|%[0-9A-Fa-f]{2}){0,24}",
        pairs in query(),
        mut headers in headers(),
        (body, content_type) in body_and_type(),
        parameters in vec((any::<String>(), any::<String>()), 0..3),
    ) {
        if let Some(content_type) = content_type {
            headers.insert("content-type", HeaderValue::try_from(content_type).expect("it is a value"));
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let mut request = http::Request::new(());
        *request.method_mut() = method.parse().expect("it is a method");
        *request.uri_mut() = format!("{path}?{query}").parse().expect("it is a URI");
        *request.headers_mut() = headers.clone();
        let parameters = PathParameters(parameters.into_iter().collect::<Parameters>());
        let context = RequestContext::new().with_request_id("r-1").with_source_ip("10.0.0.9");
        request.extensions_mut().insert(parameters.clone());
        request.extensions_mut().insert(context.clone());
        request.extensions_mut().insert(AuthorizerData("user 7".to_owned()));

        let event = apig::event_of(&request.into_parts().0, &body).expect("it can be written");
        let read = apig::request_of(&event).expect("it can be read");
        prop_assert_eq!(read.method().as_str(), method.as_str());
        prop_assert_eq!(read.uri().path(), path.as_str());
        let read_pairs = form_urlencoded::parse(read.uri().query().unwrap_or_default().as_bytes());
        prop_assert_eq!(grouped(read_pairs.into_owned()), grouped(pairs));
        prop_assert_eq!(read.headers(), &headers);
        prop_assert_eq!(&**read.body(), &*body);
        prop_assert_eq!(read.extensions().get(), Some(&parameters));
        prop_assert_eq!(read.extensions().get(), Some(&context));
        prop_assert_eq!(read.extensions().get(), Some(&AuthorizerData("user 7".to_owned())));

        let event: ApigEvent = serde_json::from_slice(&event).expect("it is an event for every reader of events");
        prop_assert_eq!(&*event.body_strict().expect("it is base64"), &*body);
    }

    #[test]
    fn a_response_survives_the_way_through_an_answer(
        status in 200_u16..600,
        mut headers in headers(),
        (body, content_type) in body_and_type(),
    ) {
        if let Some(content_type) = &content_type {
            headers.insert("content-type", HeaderValue::try_from(content_type).expect("it is a value"));
        }
        let mut response = http::Response::new(Bytes::from(body.clone()));
        *response.status_mut() = status.try_into().expect("it is a status");
        *response.headers_mut() = headers.clone();

        let answer = written(response).expect("it can be written");
        let read = apig::response_of(&answer).expect("it can be read");
        prop_assert_eq!(read.status().as_u16(), status);
        prop_assert_eq!(read.headers(), &joined(&headers));
        prop_assert_eq!(&**read.body(), &*body);

        let json: Value = serde_json::from_slice(&answer).expect("it is JSON");
        prop_assert!(json["headers"].as_object().expect("it is an object").values().all(Value::is_string));
        if json["isBase64Encoded"] == false && !body.is_empty() {
            prop_assert!(std::str::from_utf8(&body).is_ok() && content_type.is_some() && !headers.contains_key("content-encoding"));
        }
        let answer: ApigResponse = serde_json::from_slice(&answer).expect("it is an answer for every reader of answers");
        prop_assert_eq!(answer.body(), &*body);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        let _ = (apig::request_of(&bytes), apig::response_of(&bytes));
    }

    #[test]
    fn no_values_of_the_fields_make_it_panic(values in vec(value(), 9)) {
        let names = ["httpMethod", "path", "headers", "queryStringParameters", "pathParameters", "requestContext", "body", "isBase64Encoded", "statusCode"];
        let json = Value::Object(names.iter().map(ToString::to_string).zip(values).collect()).to_string();
        for failure in [apig::request_of(json.as_bytes()).err(), apig::response_of(json.as_bytes()).err()].into_iter().flatten() {
            prop_assert!(["InvalidPayload", "InvalidResponse"].contains(&failure.error_type()));
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "(GET|/a|true|eA==)".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((any::<String>(), inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

#[test]
fn an_event_as_the_engine_knows_it_is_read_whole() {
    let event = json!({
        "isBase64Encoded": false, "httpMethod": "GET", "path": "/hello", "body": "{\"a\":1}", "pathParameters": { "id": "7" },
        "requestContext": { "apiId": "api1", "requestId": "req1", "stage": "RELEASE", "sourceIp": "10.0.0.9" },
        "headers": { "host": "ex.apig.example", "x-ev": "v1", "content-type": "text/plain", "x-multi": ["m1", "m2"], "x-n": 5, "x-0": null },
        "queryStringParameters": { "q": "1", "z": "a b", "m": ["x", "y"] }, "user_data": "u",
    });
    let request = apig::request_of(event.to_string().as_bytes()).expect("it is one");
    let pairs = form_urlencoded::parse(request.uri().query().expect("there is one").as_bytes());
    let expected = [("q", vec!["1"]), ("z", vec!["a b"]), ("m", vec!["x", "y"])];
    let expected = expected
        .into_iter()
        .flat_map(|(name, values)| values.into_iter().map(move |value| (name, value)));
    assert_eq!(grouped(pairs.into_owned()), grouped(expected));
    assert_eq!(
        (request.method().as_str(), request.uri().path(), &**request.body()),
        ("GET", "/hello", &br#"{"a":1}"#[..])
    );
    assert_eq!(request.headers().get_all("x-multi").iter().collect::<Vec<_>>(), ["m1", "m2"]);
    assert_eq!(
        (&request.headers()["x-n"], request.headers().get("x-0")),
        (&HeaderValue::from_static("5"), None)
    );
    let PathParameters(parameters) = request.extensions().get().expect("there are some");
    assert_eq!(parameters.get("id"), Some("7"));
    assert_eq!(
        request.extensions().get::<RequestContext>().map(|context| context.source_ip.as_str()),
        Some("10.0.0.9")
    );
    assert_eq!(request.extensions().get(), Some(&AuthorizerData("u".to_owned())));
}

#[test]
fn a_path_gets_only_the_escapes_that_it_needs() {
    for (path, expected) in [
        ("//hello", "//hello"),
        ("hi", "/hi"),
        ("*", "*"),
        ("/a%2Fb%zz", "/a%2Fb%zz"),
        ("/a b?c#d", "/a%20b%3Fc%23d"),
        ("/caf\u{e9}", "/caf%C3%A9"),
    ] {
        let event =
            json!({ "httpMethod": "GET", "path": path, "queryStringParameters": {} }).to_string();
        assert_eq!(apig::request_of(event.as_bytes()).expect("it is read").uri(), expected);
    }
}

#[test]
fn a_body_is_decoded_only_where_it_is_said_to_be_base64_and_is() {
    for (fields, expected) in [
        (json!({ "body": "aGk=", "isBase64Encoded": true }), "hi"),
        (json!({ "body": "aGk", "isBase64Encoded": "true" }), "hi"),
        (json!({ "body": "aGk=", "isBase64Encoded": false }), "aGk="),
        (json!({ "body": "aGk=" }), "aGk="),
        (json!({ "body": "{\"a\":1}", "isBase64Encoded": true }), "{\"a\":1}"),
        (json!({ "body": null, "isBase64Encoded": true }), ""),
        (json!({}), ""),
    ] {
        let mut event = fields;
        event["httpMethod"] = "POST".into();
        event["path"] = "/".into();
        assert_eq!(
            &**apig::request_of(event.to_string().as_bytes()).expect("it is read").body(),
            expected.as_bytes()
        );
    }
}

#[test]
fn what_is_not_an_event_is_an_error_with_the_reason_and_the_path() {
    let long = format!(r#"{{"httpMethod":"GET","path":"/{}"}}"#, "a".repeat(70_000));
    for (payload, reason) in [
        ("", "it is empty"),
        ("hello", "expected value at line 1 column 1"),
        ("{}", "`httpMethod` is missing"),
        (r#"{"httpMethod":"GET","path":null}"#, "`path` is missing"),
        (r#"{"httpMethod":"G T","path":"/"}"#, "`httpMethod`: \"G T\" is not a method"),
        (
            r#"{"httpMethod":"GET","path":[5]}"#,
            "`path`: invalid type: sequence, expected a string at line 1 column 30",
        ),
        (
            r#"{"httpMethod":"GET","path":"/","headers":[1]}"#,
            "`headers`: invalid type: sequence, expected an object at line 1 column 44",
        ),
        (
            r#"{"httpMethod":"GET","path":"/","queryStringParameters":{"a":{"b":1}}}"#,
            "`queryStringParameters.a`: invalid type: map, expected a string or a list of strings at line 1 column 64",
        ),
        (&long, "`path` and `queryStringParameters` make no URI: uri too long"),
    ] {
        let failure = apig::request_of(payload.as_bytes()).expect_err(reason);
        assert_eq!(
            failure,
            Failure::new(
                "InvalidPayload",
                format!("the payload is not an event of API Gateway: {reason}")
            )
        );
    }
}

#[test]
fn a_response_that_the_gateway_rejects_is_an_error_with_the_reason_and_the_path() {
    for (answer, reason) in [
        ("", "it is empty"),
        (
            r#""hello""#,
            "invalid type: string \"hello\", expected an object with the number `statusCode` at line 1 column 7",
        ),
        (r#"{"message":"hello"}"#, "missing field `statusCode` at line 1 column 19"),
        (
            r#"{"statusCode":"200"}"#,
            "`statusCode`: invalid type: string \"200\", expected a status from 200 to 599 at line 1 column 19",
        ),
        (
            r#"{"statusCode":101}"#,
            "`statusCode`: invalid value: integer `101`, expected a status from 200 to 599 at line 1 column 17",
        ),
        (
            r#"{"statusCode":70000}"#,
            "`statusCode`: invalid value: integer `70000`, expected a status from 200 to 599 at line 1 column 19",
        ),
        (
            r#"{"statusCode":200,"headers":{"a:":"b"}}"#,
            "`headers.a:`: \"a:\" cannot be the name of an HTTP header at line 1 column 37",
        ),
        (
            r#"{"statusCode":200,"body":{}}"#,
            "`body`: invalid type: map, expected a string at line 1 column 27",
        ),
        (
            r#"{"statusCode":200,"body":"x","isBase64Encoded":true}"#,
            "`body` is not base64: Invalid input length: 1",
        ),
    ] {
        let failure = apig::response_of(answer.as_bytes()).expect_err(reason);
        let message = format!("API Gateway does not accept the response of the function: {reason}");
        assert_eq!(failure, Failure::new("InvalidResponse", message));
    }
}

#[test]
fn cookies_stay_apart_up_to_as_many_spellings_as_there_are() {
    let with_cookies = |count: usize| {
        let mut response = http::Response::new(Bytes::new());
        for number in 0..count {
            response.headers_mut().append(
                "set-cookie",
                HeaderValue::try_from(format!("c{number}=1")).expect("it is a value"),
            );
        }
        response
    };
    let answer: Value = serde_json::from_slice(&written(with_cookies(3)).expect("it is written"))
        .expect("it is JSON");
    assert_eq!(
        answer["headers"],
        json!({ "set-cookie": "c0=1", "Set-cookie": "c1=1", "sEt-cookie": "c2=1" })
    );
    let read =
        apig::response_of(&written(with_cookies(512)).expect("it is written")).expect("it is read");
    assert_eq!(read.headers(), with_cookies(512).headers());
    let failure = written(with_cookies(513)).expect_err("there are too many");
    assert_eq!(
        failure.message(),
        "the response has 513 cookies; at most 512 can be sent to API Gateway"
    );
}

#[test]
fn what_cannot_stand_in_an_event_is_an_error() {
    let parts =
        |request: http::request::Builder| request.body(()).expect("it is valid").into_parts().0;
    let value = HeaderValue::from_bytes(b"\xe9").expect("HTTP allows it");
    let failure = apig::event_of(&parts(http::Request::get("/").header("x-name", value)), b"")
        .expect_err("it is no text");
    assert_eq!(
        failure,
        Failure::new("InvalidPayload", "the header `x-name` of the request is not UTF-8")
    );
    let failure =
        apig::event_of(&parts(http::Request::get("/?q=%C4%E3")), b"").expect_err("it is no text");
    assert!(failure.message().starts_with("the query of the request is not UTF-8: "), "{failure}");
}
