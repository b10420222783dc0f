//! A request is made of every event that `ApigEvent` takes.

use fg_events::apig::{self as events, ApigEvent};
use fg_http::apig;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Reads it both ways; whether it is a request.
fn read_both(payload: &Value) -> Result<bool, TestCaseError> {
    let text = payload.to_string();
    let event = serde_json::from_str::<ApigEvent>(&text);
    let request = apig::request_of(text.as_bytes());
    let Ok(event) = event else {
        prop_assert!(
            request.is_err() || payload.get("httpMethod").is_none(),
            "only as a request: {text}"
        );
        return Ok(false);
    };
    let is_request =
        !event.path.is_empty() && http::Method::from_bytes(event.http_method.as_bytes()).is_ok();
    match request {
        Err(failure) => {
            prop_assert!(!is_request, "{text}: {failure}");
            return Ok(false);
        }
        Ok(request) => {
            prop_assert_eq!(&**request.body(), &*event.body(), "{}", text);
            prop_assert_eq!(request.method().as_str(), &event.http_method);
            prop_assert_eq!(
                request.extensions().get::<events::RequestContext>(),
                Some(&event.request_context)
            );
            prop_assert_eq!(
                &request.extensions().get::<apig::PathParameters>().expect("it is there").0,
                &event.path_parameters
            );
            let user_data =
                request.extensions().get::<apig::AuthorizerData>().cloned().unwrap_or_default();
            prop_assert_eq!(user_data.0, event.user_data);
            let parameters =
                form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
            prop_assert_eq!(parameters.count(), event.query.iter().count());
            for (name, value) in request.headers() {
                prop_assert!(
                    event
                        .headers
                        .get_all(name.as_str())
                        .any(|known| known.as_bytes() == value.as_bytes())
                );
            }
        }
    }
    Ok(true)
}

#[test]
fn the_forms_of_a_field_are_the_same_for_both() {
    for (field, value) in [
        ("isBase64Encoded", json!(1)),
        ("isBase64Encoded", json!("1")),
        ("isBase64Encoded", json!(" true ")),
        ("isBase64Encoded", json!("")),
        ("requestContext", json!("")),
        ("requestContext", json!([])),
        ("requestContext", json!({ "requestId": 7, "stage": null })),
        ("pathParameters", json!("")),
        ("user_data", json!({ "user": 7 })),
        ("user_data", json!(5)),
        ("body", json!(7)),
        ("body", json!({ "a": [1] })),
        ("body", json!([])),
        ("path", json!(5)),
        ("headers", json!([])),
        ("headers", json!({ "x-a": [], "x-b": [1, null, true] })),
        ("headers", json!({ "": "a", "a b": "c", "x": "a\nb", ":authority": "h" })),
        ("queryStringParameters", json!([])),
        ("queryStringParameters", json!({ "a": {}, "b": ["1", null] })),
    ] {
        let mut event: Value = serde_json::from_str(events::FIXTURE).expect("it is JSON");
        event[field] = value;
        assert!(read_both(&event).expect("they agree"), "{event}");
    }
}

#[test]
fn a_header_that_http_does_not_allow_is_left_out() {
    let event = json!({ "httpMethod": "GET", "path": "/", "headers": { "a b": "1", "x": ["a\nb", "c"], "host": "h" } });
    let request = apig::request_of(event.to_string().as_bytes()).expect("it is a request");
    assert_eq!(
        (request.headers().len(), &request.headers()["x"], &request.headers()["host"]),
        (2, &"c".parse().expect("valid"), &"h".parse().expect("valid"))
    );
}

/// The inputs that are kept of the fuzz target `apig`. A published crate has none.
#[test]
fn what_fuzzing_has_found_is_taken_by_both_or_refused_by_both() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/apig");
    match std::fs::read_dir(&folder) {
        Ok(seeds) => {
            let read = |path| {
                serde_json::from_slice::<Value>(&std::fs::read(path).expect("it can be read")).ok()
            };
            let seeds: Vec<_> =
                seeds.filter_map(|seed| read(seed.expect("it can be listed").path())).collect();
            assert!(seeds.len() > 1);
            for seed in &seeds {
                read_both(seed).expect("they agree");
            }
        }
        Err(error) => println!("SKIPPED: {}: {error}", folder.display()),
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..2).prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
        "(true|false|0|1| )".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("[a-z :]{0,4}", inner), 0..3)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn whatever_a_field_holds_both_take_it_or_both_refuse_it(value in any_json(), field in 0..9_usize) {
        let fields = ["httpMethod", "path", "headers", "queryStringParameters", "pathParameters", "requestContext", "body", "isBase64Encoded", "user_data"];
        let mut event: Value = serde_json::from_str(events::FIXTURE).expect("it is JSON");
        event[fields[field]] = value;
        read_both(&event)?;
    }
}
