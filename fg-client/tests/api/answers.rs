//! Answers: what is read of them, and what is left out.

use fg_client::invocations::ListAsyncInvocations;
use fg_client::logs::LogQuery;
use fg_client::resources::ListReservedInstances;
use fg_client::{Error, Service};
use serde_json::{Value, json};

use crate::server::{PROJECT, Reply, Server, builder, client, urn};

async fn answering(status: u16, answer: Value) -> Server {
    let answer = match answer {
        Value::Null => String::new(),
        answer => answer.to_string(),
    };
    Server::start(move |_, _| Reply::json(status, answer.clone())).await
}

#[tokio::test]
async fn a_function_keeps_the_fields_that_are_not_known() {
    let server = answering(
        200,
        json!({
            "func_urn": format!("{}:latest", urn()), "func_name": "greet", "memory_size": 128,
            "user_data": "{\"GREETING\":\"Hello\"}", "encrypted_user_data": "{\"TOKEN\":\"\"}",
            "func_vpc": null, "strategy_config": {"concurrency": 400, "concurrent_num": 1},
            "digest": "d", "code_size": 7, "is_bridge_function": false, "new_field": [1, 2],
            "last_modified": "2019-10-29171553", "dependencies": null,
        }),
    )
    .await;
    let config = client(&server.url()).function(urn()).config().await.expect("a configuration");
    assert_eq!(config.urn().expect("a URN"), urn().with_version("latest"));
    assert_eq!(config.user_data.as_ref().and_then(|data| data.get("GREETING")), Some("Hello"));
    let encrypted = config.encrypted_user_data.as_ref().expect("variables");
    assert_eq!(encrypted.names().collect::<Vec<_>>(), ["TOKEN"]);
    assert_eq!(
        config.strategy_config.as_ref().and_then(|strategy| strategy.concurrency),
        Some(400)
    );
    assert_eq!(config.func_vpc, None);
    assert_eq!(config.other.get("new_field"), Some(&json!([1, 2])));
    let again = serde_json::to_value(&config).expect("JSON");
    assert_eq!(again["new_field"], json!([1, 2]));
    assert_eq!(again["user_data"], "{\"GREETING\":\"Hello\"}");
}

#[tokio::test]
async fn lists_may_be_empty_absent_or_null() {
    for (object, array) in [(json!({}), json!([])), (json!({ "versions": null }), Value::Null)] {
        let server = answering(200, object).await;
        let function = client(&server.url()).function(urn());
        assert!(function.versions().await.expect("versions").is_empty());
        let server = answering(200, array).await;
        let function = client(&server.url()).function(urn());
        assert!(function.aliases().await.expect("aliases").is_empty());
        assert!(function.triggers().await.expect("triggers").is_empty());
    }
}

#[tokio::test]
async fn functions_are_listed_page_by_page() {
    let server = Server::start(|_, seen| {
        let page = match seen.query.as_str() {
            "" => json!({ "functions": [{"func_name": "a"}, {"func_name": "b"}], "next_marker": 2, "count": 3 }),
            "marker=2" => json!({ "functions": [{"func_name": "c"}], "next_marker": 3, "count": 3 }),
            other => panic!("{other}"),
        };
        Reply::json(200, page.to_string())
    })
    .await;
    let functions = client(&server.url()).list_all_functions().await.expect("functions");
    let names: Vec<_> = functions.into_iter().filter_map(|function| function.func_name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_server_that_repeats_a_page_does_not_hold_up_the_list() {
    let page = json!({ "functions": [{"func_name": "a"}], "next_marker": 1, "count": 9 });
    let server = answering(200, page).await;
    let functions = client(&server.url()).list_all_functions().await.expect("functions");
    assert_eq!((functions.len(), server.seen().len()), (2, 2));
}

#[tokio::test]
async fn answers_without_a_body_are_enough_where_nothing_is_told() {
    let server = answering(204, Value::Null).await;
    let client = client(&server.url());
    let function = client.function(urn());
    function.delete().await.expect("deleted");
    function.delete_alias("prod").await.expect("deleted");
    function.delete_async_config().await.expect("deleted");
    function.delete_triggers().await.expect("deleted");
    function.create_tags(&[]).await.expect("tagged");
    client.enable_lts_logs().await.expect("switched on");
    let error = function.config().await.expect_err("nothing to read");
    assert!(matches!(error, Error::Answer(_)), "{error}");
}

#[tokio::test]
async fn each_list_is_read() {
    let server = Server::start(|_, seen| {
        let answer = match seen.path.rsplit('/').next().expect("a path") {
            "quotas" => json!({ "quotas": { "resources": [{ "type": "fgs_func_num", "quota": 400, "used": 7, "unit": null }] } }),
            "async-invocations" => json!({ "invocations": [{ "request_id": "r", "status": "FAIL", "error_code": 4002 }], "count": 1, "next_marker": 1 }),
            "reservedinstanceconfigs" => json!({ "reserved_instances": [{ "qualifier_name": "v1", "min_count": 2 }], "page_info": { "next_marker": 1, "previous_marker": 0, "current_count": 1 }, "count": 1 }),
            "tags" => json!({ "tags": [{ "key": "a", "value": "b" }], "sys_tags": null }),
            "query" => json!({ "count": 1, "logs": [{ "content": "a line", "line_num": "7", "labels": { "a": "b" } }], "isQueryComplete": true }),
            "lts-log-detail" => json!({ "group_id": "g", "stream_id": "s" }),
            "projects" => json!({ "projects": [{ "id": "p", "name": "cn-north-4", "links": {} }] }),
            "domains" => json!({ "domains": [{ "id": "d", "name": "me", "enabled": true }] }),
            other => panic!("{other}"),
        };
        Reply::json(200, answer.to_string())
    })
    .await;
    let client = client(&server.url());
    let function = client.function(urn());
    let quotas = client.quotas().await.expect("quotas");
    assert_eq!((quotas[0].quota, quotas[0].used), (Some(400), Some(7)));
    let page = function.async_invocations(&ListAsyncInvocations::default()).await.expect("a page");
    assert_eq!(page.invocations[0].error_code, Some(4002));
    let page = client.reserved_instances(&ListReservedInstances::default()).await.expect("a page");
    assert_eq!(page.reserved_instances[0].min_count, Some(2));
    assert_eq!(page.page_info.and_then(|info| info.next_marker), Some(1));
    assert_eq!(function.tags().await.expect("tags").tags[0].value, "b");
    let details = function.log_details().await.expect("details");
    assert_eq!((details.group_id.as_deref(), details.stream_id.as_deref()), (Some("g"), Some("s")));
    let page = client.query_log("g", "s", &LogQuery::between(1, 2)).await.expect("lines");
    assert_eq!(
        (page.logs[0].content.as_deref(), page.is_query_complete),
        (Some("a line"), Some(true))
    );
    assert_eq!(client.projects(None).await.expect("projects")[0].id.as_deref(), Some("p"));
    assert_eq!(client.domains().await.expect("domains")[0].name.as_deref(), Some("me"));
}

#[tokio::test]
async fn an_object_has_the_url_that_the_platform_takes() {
    let server = Server::start(|_, seen| {
        assert_eq!(seen.body, b"zip");
        Reply(200, vec![("etag", "\"abc\"".to_owned())], Vec::new())
    })
    .await;
    let client = builder(&server.url()).service_endpoint(Service::Obs, server.url());
    let client = client.build().expect("a client");
    let object = client.put_object("code", "fg/greet.zip", "application/zip", "zip").await;
    let object = object.expect("written");
    assert_eq!(object.url, "https://code.obs.cn-north-4.myhuaweicloud.com/fg/greet.zip");
    assert_eq!(object.etag.as_deref(), Some("\"abc\""));
    for (bucket, key) in
        [("UP", "a"), ("a/b", "a"), ("code", "../a"), ("code", "a//b"), ("code", "")]
    {
        let error = client.put_object(bucket, key, "application/zip", "zip").await;
        assert!(matches!(error, Err(Error::Settings(_))), "{bucket} {key}");
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn the_urn_of_a_function_is_made_of_region_and_project() {
    let client = client("http://127.0.0.1:9");
    assert_eq!(client.urn("default", "greet").await.expect("a URN"), urn());
    assert_eq!(urn().project_id(), PROJECT);
    let error = client.urn("default", "gr/eet").await.expect_err("no URN");
    assert!(error.to_string().contains("urn:fss:REGION"), "{error}");
}
