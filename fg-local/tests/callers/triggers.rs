//! Functions behind the paths of their triggers of API Gateway.

use serde_json::{Value, json};

use crate::http::{Answer, Caller};
use crate::scripted::{Served, function, serve, serve_by, signed};

const TRIGGERS: &str = "/v2/p/fgs/triggers/scripted";

/// A trigger of API Gateway with these fields.
fn api(fields: &Value) -> Value {
    let mut data = json!({
        "name": "api", "env_id": "DEFAULT_ENVIRONMENT_RELEASE_ID", "env_name": "RELEASE", "protocol": "HTTP", "auth": "NONE",
        "group_id": "g", "match_mode": "SWA", "req_method": "ANY", "backend_type": "FUNCTION", "type": 1,
        "func_info": {"timeout": 5000, "invocation_type": "sync"},
    });
    for (name, value) in fields.as_object().expect("fields") {
        data[name] = value.clone();
    }
    json!({"trigger_type_code": "APIG", "trigger_status": "ACTIVE", "event_data": data})
}

fn create(caller: &Caller, fields: &Value) -> Value {
    let answer = caller.send("POST", TRIGGERS, &[], &api(fields).to_string());
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

/// A function that answers requests of API Gateway with their events.
fn echo() -> Served {
    serve(function().variable("ECHO", "1"))
}

/// The event that the function was given.
fn event(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[test]
fn a_function_is_served_below_the_path_of_its_trigger() {
    let served = echo();
    let caller = Caller::new(served.address());
    let created = create(&caller, &json!({"path": "/orders"}));
    let url = created["event_data"]["invoke_url"].as_str().expect("a URL").to_owned();
    assert_eq!(url, format!("http://{}/orders", caller.address()));
    let answer = caller.send("DELETE", "/orders/7?dry=1", &[("X-Tag", "a")], "");
    let event = event(&answer);
    assert_eq!((&event["httpMethod"], &event["path"]), (&json!("DELETE"), &json!("/orders/7")));
    assert_eq!(event["queryStringParameters"], json!({"dry": "1"}));
    assert_eq!(event["headers"]["x-tag"], "a");
    assert!(answer.header("X-Request-Id").is_some());
}

#[test]
fn the_most_exact_path_wins_and_a_post_to_it_is_a_request_and_no_event() {
    let served = echo();
    let caller = Caller::new(served.address());
    create(&caller, &json!({"path": "/shop"}));
    create(&caller, &json!({"path": "/shop/{id}/items", "match_mode": "NORMAL", "name": "items"}));
    let of = |path: &str| event(&caller.send("POST", path, &[], "{}"))["pathParameters"].clone();
    assert_eq!(of("/shop/7/items"), json!({"id": "7"}));
    assert_eq!(of("/shop/7/items/1"), json!({}));
    assert_eq!(of("/shop"), json!({}));
}

#[test]
fn a_method_or_a_path_of_no_trigger_is_not_its() {
    let served = echo();
    served.local().set_absent("another", "it is not built");
    let caller = Caller::new(served.address());
    create(&caller, &json!({"path": "/get", "req_method": "GET", "match_mode": "NORMAL"}));
    assert_eq!(caller.send("GET", "/get", &[], "").status, 200);
    for (method, path) in [("POST", "/get"), ("GET", "/get/7"), ("GET", "/gets")] {
        let answer = caller.send(method, path, &[], "");
        assert_eq!((answer.status, &answer.json()["error_code"]), (404, &json!("FSS.0404")));
    }
    let list = caller.send("GET", "/", &[], "").json();
    let paths: Vec<_> =
        list["functions"].as_array().expect("a list").iter().map(|entry| &entry["path"]).collect();
    assert_eq!(paths, ["/another", "/scripted", "/get"]);
    let disabled = caller.send("GET", TRIGGERS, &[], "").json()[0]["trigger_id"].clone();
    let id = disabled.as_str().expect("an id");
    let deleted = caller.send("DELETE", &format!("{TRIGGERS}/APIG/{id}"), &[], "");
    assert_eq!(deleted.status, 204);
    assert_eq!(caller.send("GET", "/get", &[], "").status, 404);
}

#[test]
fn a_trigger_with_authentication_needs_a_signature_if_there_are_keys() {
    let local = fg_local::Local::builder().key_pair("AccessKey", "SecretKey");
    let served = serve_by(local, function().variable("ECHO", "1"));
    let caller = Caller::new(served.address());
    for (path, auth) in [("/open", "NONE"), ("/closed", "IAM")] {
        let body = api(&json!({"path": path, "auth": auth, "name": path.trim_start_matches('/')}));
        let body = body.to_string();
        let headers = signed("POST", TRIGGERS, &body, "SecretKey");
        assert_eq!(caller.send_with("POST", TRIGGERS, &headers, &body).status, 201);
    }
    assert_eq!(caller.send("GET", "/open", &[], "").status, 200);
    let refused = caller.send("GET", "/closed", &[], "");
    assert_eq!((refused.status, &refused.json()["error_code"]), (401, &json!("APIGW.0301")));
    let wrong = signed("GET", "/closed", "", "another");
    assert_eq!(caller.send_with("GET", "/closed", &wrong, "").status, 401);
    let right = signed("GET", "/closed", "", "SecretKey");
    assert_eq!(caller.send_with("GET", "/closed", &right, "").status, 200);
}

#[test]
fn a_trigger_has_a_time_limit_and_may_be_asynchronous() {
    let (notes, told) = std::sync::mpsc::channel();
    let served = serve(
        function()
            .variable("AT_START", r#"{"say":"started"}"#)
            .variable("ECHO", "1")
            .on_line(move |line| drop(notes.send(line.to_owned()))),
    );
    let caller = Caller::new(served.address());
    create(
        &caller,
        &json!({"path": "/later", "func_info": {"timeout": 1000, "invocation_type": "async"}}),
    );
    let accepted = caller.send("POST", "/later", &[], "");
    assert_eq!(accepted.status, 202);
    assert!(accepted.json()["request_id"].is_string());
    assert_eq!(told.recv_timeout(crate::scripted::LIMIT).as_deref(), Ok("started"));

    // It never asks for an event.
    let hanging = fg_emulator::Emulator::attach().name("slow").start().expect("a free port");
    let before = served.local().serve("slow", std::sync::Arc::new(hanging)).expect("written");
    assert!(before.is_none());
    let trigger = api(&json!({"path": "/slow", "name": "slow", "func_info": {"timeout": 50}}));
    let created = caller.send("POST", "/v2/p/fgs/triggers/slow", &[], &trigger.to_string());
    assert_eq!(created.status, 201, "{}", created.body);
    let late = caller.send("GET", "/slow", &[], "");
    assert_eq!((late.status, &late.json()["error_code"]), (504, &json!("APIG.0201")));
}
