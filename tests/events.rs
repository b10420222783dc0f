//! The events of the triggers through whole programs, and the answer to API Gateway.

#![cfg(feature = "events-all")]

mod program;

use fg::events::{apig, dds, kafka, lts, obs, timer};
use program::{one_shot, stderr, stdout};
use serde_json::{Value, json};

fn reply(example: &str, fixture: &str) -> Value {
    let output = one_shot(example, fixture.as_bytes(), &[]);
    serde_json::from_str(&stdout(&output))
        .unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)))
}

#[test]
fn an_order_is_answered_as_the_gateway_expects_it() {
    let answer = reply("apig_order", apig::FIXTURE);
    let body = r#"{"order":"7","text":"3 x tea","dry_run":true}"#;
    let headers = json!({ "content-type": "application/json", "set-cookie": "last=7; HttpOnly" });
    assert_eq!(
        answer,
        json!({ "statusCode": 201, "headers": headers, "body": body, "isBase64Encoded": false })
    );
}

#[test]
fn an_order_that_does_not_fit_is_a_400_and_not_an_error() {
    let request = apig::fixture().with_body(r#"{"item":"tea","pieces":"three"}"#);
    let answer = reply("apig_order", &serde_json::to_string(&request).expect("it is written"));
    assert_eq!(answer["statusCode"], 400);
    let body = answer["body"].as_str().unwrap_or_default();
    assert!(
        body.starts_with(
            "`body` does not fit: `pieces`: invalid type: string \"three\", expected u32"
        ),
        "{body}"
    );
}

#[test]
fn a_timer_cleans_up_by_its_own_time() {
    assert_eq!(
        reply("timer_cleanup", timer::FIXTURE),
        json!({ "older_than": "2026-01-29T18:00:00Z" })
    );
}

#[test]
fn thumbnails_are_made_of_new_pictures_by_their_decoded_keys() {
    let expected = json!([{
        "bucket": "photos", "from": "2026/march/sea and sky.jpg", "to": "thumbnails/2026/march/sea and sky.jpg",
    }]);
    assert_eq!(reply("obs_thumbnails", obs::FIXTURE), expected);
}

#[test]
fn an_alarm_is_raised_for_errors_alone() {
    let expected = json!([{
        "host": "web-1", "place": "var/log/shop.log:42", "message": "2026-03-01 08:15:31 ERROR payment of order 7: \"timeout\"",
    }]);
    assert_eq!(reply("lts_alarm", lts::FIXTURE), expected);
}

#[test]
fn a_message_that_fails_is_listed_and_the_others_are_handled() {
    let output = one_shot("kafka_orders", kafka::FIXTURE.as_bytes(), &[]);
    let failure: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let message = "1 of 3 records failed: [2] `records.messages` is not JSON: expected ident at line 1 column 2";
    assert_eq!(
        (&failure["errorMessage"], &failure["errorType"]),
        (&json!(message), &json!("BatchFailure"))
    );
    let log = stderr(&output);
    assert!(
        log.contains("orders: shipping order 7") && log.contains("orders: shipping order 8"),
        "{log}"
    );
}

#[test]
fn a_document_is_read_as_a_type() {
    assert_eq!(
        reply("database_changes", dds::FIXTURE),
        json!(["insert into shop.orders: 3 x tea"])
    );
}

#[test]
fn a_field_of_the_wrong_type_is_named_in_the_failure() {
    let payload = obs::FIXTURE.replace("482133", "[]");
    let failure = reply("obs_thumbnails", &payload);
    let message = failure["errorMessage"].as_str().unwrap_or_default();
    assert!(
        message.starts_with("the payload does not fit `ObsEvent`: `Records[0].s3.object.size`: invalid type: sequence"),
        "{message}"
    );
}
