//! What belongs to the project: quotas, kinds of things, logs, metrics, export and import.

use std::io::{Cursor, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::client::{Platform, URN, path};

#[tokio::test]
async fn quotas_tell_how_many_functions_there_are() {
    let platform = Platform::with_function().await;
    let quotas = platform.get("/fgs/quotas").await.json(200);
    let resources = quotas["quotas"]["resources"].as_array().expect("an array");
    let of = |kind: &str| resources.iter().find(|one| one["type"] == kind).expect("the quota");
    assert_eq!(
        (&of("fgs_func_num")["quota"], &of("fgs_func_num")["used"]),
        (&json!(400), &json!(1))
    );
    assert_eq!(of("fgs_func_code_size")["unit"], "MB");
    for resource in resources {
        assert!(resource["quota"].is_u64() && resource["used"].is_u64(), "{resource}");
        assert!(resource["type"].is_string() && resource["unit"].is_string(), "{resource}");
    }
}

#[tokio::test]
async fn runtimes_triggers_and_dependencies_are_listed() {
    let platform = Platform::start().await;
    let runtimes = platform.get("/fgs/runtimetypes").await.json(200);
    assert!(runtimes.as_array().expect("an array").iter().any(|one| one["type"] == "Custom"));
    let triggers = platform.get("/fgs/triggertypes").await.json(200);
    assert!(triggers.as_array().expect("an array").contains(&json!("TIMER")));
    assert!(platform.get("/fgs/feature").await.json(200).is_object());
    assert_eq!(platform.get("/fgs/dependencies").await.json(200)["dependencies"], json!([]));
    let created = platform.post("/fgs/dependencies/version", json!({})).await;
    assert_eq!(created.code(), "501 FSS.0501");
}

#[tokio::test]
async fn logs_can_be_enabled_once() {
    let platform = Platform::with_function().await;
    let enable = "/fgs/functions/enable-lts-logs";
    platform.call(Method::POST, enable, None).await.json(200);
    let again = platform.call(Method::POST, enable, None).await;
    assert_eq!(again.error(), (400, "FSS.1221".into(), "lts log has been enabled".into()));
    let detail = platform.get(&path("lts-log-detail")).await.json(200);
    let config = platform.get(&path("config")).await.json(200);
    assert_eq!(detail["group_id"], config["log_group_id"]);
    assert_eq!(detail["stream_id"], config["log_stream_id"]);
    assert!(detail["stream_name"].as_str().expect("a string").starts_with("greet"));
    let status = "/fgs/functions/async-status-log-detail";
    assert_eq!(platform.get(status).await.code(), "404 FSS.0404");
    let enable = "/fgs/functions/enable-async-status-logs";
    platform.call(Method::POST, enable, None).await.json(200);
    assert!(platform.get(status).await.json(200)["group_id"].is_string());
}

#[tokio::test]
async fn metrics_have_a_value_for_each_minute() {
    let platform = Platform::with_function().await;
    for operation in ["slareports/60", "statistics/60"] {
        let report = platform.get(&path(operation)).await.json(200);
        for name in [
            "count",
            "duration",
            "fail_count",
            "max_duration",
            "min_duration",
            "reject_count",
            "function_error_count",
            "system_error_count",
            "concurrency_num",
            "reserved_instance_num",
            "instance_num",
        ] {
            let values = report[name].as_array().expect(name);
            assert_eq!(values.len(), 60, "{name}");
            assert!(values.iter().all(|one| one["timestamp"].is_u64() && one["value"] == -1));
        }
    }
    let all =
        platform.get("/fgs/functions/statistics?filter=monitor_data&period=10").await.json(200);
    assert_eq!(all["statistics"]["count"].as_array().expect("an array").len(), 10);
    assert_eq!(all["count"][0]["value"], 0);
    let instances = platform.get(&path("instancereports")).await.json(200);
    assert!(instances["instanceNum"].is_array() && instances["reservedInstanceNum"].is_array());
    assert_eq!(platform.get(&path("slareports/0")).await.code(), "400 FSS.1001");
}

#[tokio::test]
async fn an_exported_function_can_be_imported() {
    let platform = Platform::with_function().await;
    let config = json!({
        "user_data": "{\"A\":\"b\"}", "encrypted_user_data": "{\"PASSWORD\":\"hush\"}",
        "timeout": 30, "memory_size": 256, "func_vpc": {"vpc_id": "v", "subnet_id": "s"},
    });
    let original = platform.put(&path("config"), config).await.json(200);
    let exported = platform.get(&path("export?config=true&code=true")).await;
    assert_eq!(exported.status, 200);
    assert_eq!(exported.headers["content-type"], "application/zip");
    assert!(!String::from_utf8_lossy(&exported.body).contains("hush"));
    let body = json!({
        "func_name": "copy", "file_name": "copy.zip", "file_type": "zip",
        "file_code": STANDARD.encode(&exported.body),
    });
    let copy = platform.post("/fgs/functions/import", body.clone()).await.json(200);
    assert_eq!(copy["func_name"], "copy");
    for field in [
        "runtime",
        "handler",
        "timeout",
        "memory_size",
        "user_data",
        "encrypted_user_data",
        "digest",
        "code_size",
        "code_filename",
        "func_vpc",
    ] {
        assert_eq!(copy[field], original[field], "{field}");
    }
    let taken = platform.post("/fgs/functions/import", body).await;
    assert_eq!(taken.code(), "409 FSS.1061");
}

#[tokio::test]
async fn the_code_alone_is_exported_as_it_is() {
    let platform = Platform::with_function().await;
    let code = platform.get(&path("export?type=code")).await;
    let mut package = ZipArchive::new(Cursor::new(&code.body[..])).expect("a zip file");
    let mut bootstrap = String::new();
    let mut entry = package.by_name("bootstrap").expect("the program");
    entry.read_to_string(&mut bootstrap).expect("a script");
    assert!(bootstrap.starts_with("#!/bin/sh"), "{bootstrap}");
    let config = platform.get(&path("export?type=config")).await;
    let mut archive = ZipArchive::new(Cursor::new(&config.body[..])).expect("a zip file");
    let config: Value =
        serde_json::from_reader(archive.by_name("greet.yaml").expect("a YAML file"))
            .expect("JSON, which is YAML");
    assert_eq!(config["func_name"], "greet");
    assert_eq!(platform.get(&path("export")).await.code(), "400 FSS.1001");
}

#[tokio::test]
async fn an_archive_of_something_else_is_refused() {
    let platform = Platform::start().await;
    let config = r#"{"runtime": "Custom", "handler": "bootstrap", "timeout": 3, "memory_size": 1}"#;
    for (files, code) in [
        (&[][..], "400 FSS.1025"),
        (&[("a.yaml", "runtime: Custom")], "400 FSS.1025"),
        (&[("a.yaml", config)], "400 FSS.1007"),
        (&[("a.yaml", "{}"), ("b.yml", "{}")], "400 FSS.1022"),
    ] {
        let file = STANDARD.encode(crate::client::zip(files));
        let body = json!({"func_name": "copy", "file_name": "a.zip", "file_code": file});
        let refused = platform.post("/fgs/functions/import", body).await;
        assert_eq!(refused.code(), code);
    }
    let body =
        json!({"func_name": "copy", "file_name": "a.zip", "file_type": "zip", "file_code": "eA=="});
    assert_eq!(platform.post("/fgs/functions/import", body).await.code(), "400 FSS.1011");
}

#[tokio::test]
async fn asynchronous_invocations_are_listed_and_unknown_ones_cannot_be_cancelled() {
    let platform = Platform::with_function().await;
    let list = platform.get(&path("async-invocations?limit=500&status=SUCCESS")).await.json(200);
    assert_eq!((&list["invocations"], &list["count"]), (&json!([]), &json!(0)));
    let times = "query_begin_time=2026-11-27T01:02:03&query_end_time=2026-11-27T01:02:03%2B00%3A00";
    platform.get(&path(&format!("async-invocations?{times}"))).await.json(200);
    platform.get(&path("active-async-invocations?requests=a,b")).await.json(200);
    for query in [
        "async-invocations?limit=501",
        "async-invocations?status=DONE",
        "async-invocations?query_begin_time=today",
        "active-async-invocations?requests=1,2,3,4,5,6,7,8,9,10,11",
    ] {
        assert_eq!(platform.get(&path(query)).await.code(), "400 FSS.1001", "{query}");
    }
    let cancelled = platform.post(&path("cancel"), json!({"request_id": "none"})).await;
    assert_eq!(cancelled.code(), "400 FSS.0400");
    let other = path("async-invocations").replace(URN, "other");
    assert_eq!(platform.get(&other).await.code(), "404 FSS.0404");
}
