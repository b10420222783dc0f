//! HTTP functions: created from a package over the API, and called below the path of a trigger of
//! API Gateway.

use std::io::Write;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};

use crate::client::{Platform, URN, function, path, zip};

/// An HTTP server that tells what it was asked.
const SERVER: &str = r#"
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length).decode()
        told = {"method": self.command, "path": self.path, "body": body,
                "request_id": self.headers.get("X-CFF-Request-Id"), "greeting": os.environ.get("GREETING")}
        answer = json.dumps(told).encode()
        self.send_response(418 if self.path.endswith("/teapot") else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Made-By", "python")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    do_POST = do_GET
    def log_message(self, *arguments):
        pass

ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"#;

/// A server with the HTTP function `greet` below `/shop`; `None` without Python, which is said.
async fn with_http_function(test: &str) -> Option<Platform> {
    if !Command::new("python3").arg("--version").output().is_ok_and(|ran| ran.status.success()) {
        let line = format!("\nskipped: {test}: there is no python3\n");
        std::io::stderr().write_all(line.as_bytes()).expect("it is written");
        return None;
    }
    let platform = Platform::start().await;
    let files =
        [("bootstrap", "exec python3 \"$RUNTIME_CODE_ROOT/server.py\"\n"), ("server.py", SERVER)];
    let mut body = function("greet");
    body["runtime"] = "http".into();
    body["timeout"] = 60.into();
    body["initializer_handler"] = "greet".into();
    body["initializer_timeout"] = 60.into();
    body["user_data"] = r#"{"GREETING":"Hi"}"#.into();
    body["func_code"]["file"] = STANDARD.encode(zip(&files)).into();
    platform.post("/fgs/functions", body).await.json(200);
    let trigger = json!({
        "trigger_type_code": "DEDICATEDGATEWAY",
        "trigger_status": "ACTIVE",
        "event_data": {
            "name": "shop", "group_id": "group", "instance_id": "instance", "sl_domain": "local",
            "env_id": "DEFAULT_ENVIRONMENT_RELEASE_ID", "env_name": "RELEASE", "protocol": "HTTP",
            "auth": "NONE", "match_mode": "SWA", "req_method": "ANY", "backend_type": "FUNCTION",
            "type": 1, "path": "/shop",
            "func_info": {"function_urn": URN, "invocation_type": "sync", "timeout": 60000},
        },
    });
    platform.post(&format!("/fgs/triggers/{URN}"), trigger).await.json(201);
    Some(platform)
}

#[tokio::test]
async fn a_request_below_the_path_of_a_trigger_reaches_an_http_function_as_it_is() {
    let test = "a_request_below_the_path_of_a_trigger_reaches_an_http_function_as_it_is";
    let Some(platform) = with_http_function(test).await else { return };
    let answer = platform.send(Method::POST, "/shop/orders?dry_run=true", Bytes::from("{}")).await;
    let told = answer.json(200);
    assert_eq!(
        (&told["method"], &told["path"], &told["body"], &told["greeting"]),
        (&json!("POST"), &json!("/shop/orders?dry_run=true"), &json!("{}"), &json!("Hi"))
    );
    assert!(told["request_id"].is_string(), "{told}");
    assert_eq!(answer.headers["x-made-by"], "python");
    let refused = platform.send(Method::GET, "/shop/teapot", Bytes::new()).await;
    assert_eq!(refused.json(418)["method"], "GET");
}

#[tokio::test]
async fn the_invoke_api_takes_the_event_of_api_gateway_and_returns_its_response() {
    let test = "the_invoke_api_takes_the_event_of_api_gateway_and_returns_its_response";
    let Some(platform) = with_http_function(test).await else { return };
    let event = json!({"httpMethod": "GET", "path": "/orders/7", "headers": {}, "body": ""});
    let response = platform.post(&path("invocations"), event).await.json(200);
    assert_eq!(
        (&response["statusCode"], &response["isBase64Encoded"]),
        (&json!(200), &json!(true))
    );
    let body = STANDARD.decode(response["body"].as_str().expect("a string")).expect("base64");
    let told: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!((&told["method"], &told["path"]), (&json!("GET"), &json!("/orders/7")));
}
