//! What functions write, as clients of LTS see it.

use hyper::Method;
use serde_json::json;

use crate::client::{PROJECT, Platform, URN, function, path};
use crate::worker::{Worker, contents, query};

#[tokio::test]
async fn the_group_and_the_streams_are_listed_with_the_ids_that_functions_have() {
    let platform = Platform::start().await;
    assert_eq!(platform.get("/groups").await.json(200), json!({"log_groups": []}));
    let created = platform.post("/fgs/functions", function("greet")).await.json(200);
    platform.post("/fgs/functions", function("other")).await.json(200);
    let groups = platform.get("/groups").await.json(200);
    let [group] = &groups["log_groups"].as_array().expect("a list")[..] else { panic!("{groups}") };
    assert_eq!(group["log_group_id"], created["log_group_id"]);
    assert_eq!(group["log_group_id"].as_str().expect("a string").len(), 36);
    assert!(group["creation_time"].is_i64() && group["ttl_in_days"].is_i64());
    let name = group["log_group_name"].as_str().expect("a string");
    assert!(name.starts_with("functiongraph.log.group."), "{name}");

    let id = group["log_group_id"].as_str().expect("a string");
    let streams = platform.get(&format!("/groups/{id}/streams")).await.json(200);
    let streams = streams["log_streams"].as_array().expect("a list");
    assert_eq!(streams.len(), 2);
    let detail = platform.get(&path("lts-log-detail")).await.json(200);
    let own = streams.iter().find(|stream| stream["log_stream_id"] == created["log_stream_id"]);
    let own = own.expect("it is listed");
    assert_eq!(detail["group_id"], group["log_group_id"]);
    assert_eq!(detail["stream_id"], own["log_stream_id"]);
    assert_eq!(detail["stream_name"], own["log_stream_name"]);
    let name = own["log_stream_name"].as_str().expect("a string");
    assert!(name.starts_with("greet"), "{name}");
    let found = platform.get(&format!("/log-streams?log_stream_name={name}")).await.json(200);
    assert_eq!(found["log_streams"], json!([own]));
}

#[tokio::test]
async fn what_an_invocation_writes_is_found_paged_and_followed() {
    let worker = Worker::start().await;
    let first = worker.fire(&json!({"say": "first & best"})).await;
    let lines = worker.lines(&first).await;
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].ends_with(&format!(" Start invoke request '{first}', version: latest")));
    assert!(lines[1].ends_with(&format!(" {first} INFO first & best")), "{lines:?}");
    assert!(lines[2].contains(&format!(" Finish invoke request '{first}', duration: ")));

    // A follower: the lines after the last that it has seen.
    let path = worker.query_path().await;
    let all = worker.platform.post(&path, query(&json!({}))).await.json(200);
    assert_eq!(all["isQueryComplete"], true);
    let last = all["logs"].as_array().expect("a list").last().expect("a line")["line_num"].clone();
    let after = json!({"line_num": last, "search_type": "forwards"});
    let none = worker.platform.post(&path, query(&after)).await.json(200);
    assert_eq!(none, json!({"count": 0, "logs": [], "isQueryComplete": true}));
    let second = worker.fire(&json!({"say": "second", "fail": "on purpose"})).await;
    worker.lines(&second).await;
    let new = worker.platform.post(&path, query(&after)).await.json(200);
    assert!(contents(&new)[0].contains(&second), "{new}");
    assert_eq!(new["logs"][1]["labels"]["request_id"], second);
    assert_eq!(new["logs"][1]["labels"]["function_name"], "greet");

    // One page after the other has every line once.
    let (mut pages, mut fields) = (Vec::new(), json!({"limit": 2}));
    loop {
        let page = worker.platform.post(&path, query(&fields)).await.json(200);
        pages.extend(contents(&page));
        if page["isQueryComplete"] == true {
            break;
        }
        let last = page["logs"][1]["line_num"].clone();
        fields = json!({"limit": "2", "search_type": "forwards", "line_num": last});
    }
    let whole = worker.platform.post(&path, query(&json!({}))).await.json(200);
    assert_eq!(pages, contents(&whole));

    let marked = json!({"keywords": "FIRST", "highlight": true, "is_count": true, "is_desc": true});
    let marked = worker.platform.post(&path, query(&marked)).await.json(200);
    assert_eq!(marked["count"], 1);
    assert!(contents(&marked)[0].contains("<HighLightTag>first</HighLightTag> &"), "{marked}");
}

#[tokio::test]
async fn a_deleted_function_has_no_log_and_a_new_one_of_its_name_has_its_own() {
    let worker = Worker::start().await;
    let request = worker.fire(&json!({"say": "old"})).await;
    worker.lines(&request).await;
    let path = worker.query_path().await;
    assert!(worker.platform.delete(&format!("/fgs/functions/{URN}")).await.is_empty(204));
    assert!(worker.platform.post(&path, query(&json!({}))).await.code().starts_with("400 LTS.02"));
    let created = worker.platform.post("/fgs/functions", function("greet")).await.json(200);
    let (group, stream) = (&created["log_group_id"], &created["log_stream_id"]);
    let (group, stream) = (group.as_str().expect("an id"), stream.as_str().expect("an id"));
    let new = format!("/groups/{group}/streams/{stream}/content/query");
    assert_ne!(new, path);
    let none = worker.platform.post(&new, query(&json!({}))).await.json(200);
    assert_eq!(none["logs"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_with_a_query_is_told_in_the_form_of_lts() {
    let platform = Platform::with_function().await;
    let detail = platform.get(&path("lts-log-detail")).await.json(200);
    let id = |name: &str| detail[name].as_str().expect("a string").to_owned();
    let of = |group: &str, stream: &str| format!("/groups/{group}/streams/{stream}/content/query");
    let (group, stream) = (id("group_id"), id("stream_id"));
    let right = of(&group, &stream);
    for (path, fields, code) in [
        (of("g", &stream), json!({}), "400 LTS.0201"),
        (of(&group, "..%2F..%2Fetc"), json!({}), "400 LTS.0208"),
        (right.clone(), json!({"limit": 5001}), "400 LTS.0009"),
        (right.clone(), json!({"start_time": "0"}), "400 LTS.0009"),
        (right.clone(), json!({"keywords": "*x"}), "400 LTS.0301"),
    ] {
        assert_eq!(platform.post(&path, query(&fields)).await.code(), code, "{path} {fields}");
    }
    let path = format!("/v2/{PROJECT}{right}");
    let send = |body: Vec<u8>| platform.send(Method::POST, &path, body.into());
    assert_eq!(send(b"{\"start_time\":".to_vec()).await.code(), "400 LTS.0007");
    assert_eq!(send(vec![b' '; 70 << 10]).await.status, 413);
}
