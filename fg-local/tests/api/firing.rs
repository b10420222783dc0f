//! Triggers that fire, by themselves and by hand.

use std::fs;

use serde_json::json;

use crate::client::{Platform, URN};
use crate::worker::{Worker, create, fire};

#[tokio::test]
async fn a_timer_invokes_its_function_again_and_again() {
    let worker = Worker::start().await;
    let data = json!({"name": "often", "schedule_type": "Cron", "schedule": "@every 100ms"});
    let id = create(&worker.platform, "TIMER", &data).await;
    worker.wait_for_finished("", 3).await;
    let path = format!("/fgs/triggers/{URN}/TIMER/{id}");
    let disabled = json!({"trigger_status": "DISABLED"});
    assert_eq!(worker.platform.put(&path, disabled).await.json(200)["trigger_status"], "DISABLED");
}

#[tokio::test]
async fn a_file_in_a_bucket_fires_the_triggers_of_that_bucket() {
    let worker = Worker::start().await;
    let bucket = worker.platform.folder().join("objects/photos/in");
    let data = json!({"bucket": "photos", "prefix": "in/", "events": ["s3:ObjectCreated:*"]});
    create(&worker.platform, "OBS", &data).await;
    let grid = json!({
        "channel_id": "c", "channel_name": "default", "source_name": "HC.OBS.DWR",
        "trigger_name": "t", "agency": "a", "bucket": "photos",
        "event_types": ["OBS:DWR:ObjectCreated:PUT"], "Key_encode": true
    });
    create(&worker.platform, "EVENTGRID", &grid).await;
    fs::create_dir_all(&bucket).expect("it is made");
    fs::write(bucket.join("a b.png"), "1").expect("it is written");
    worker.wait_for_finished("", 2).await;
}

#[tokio::test]
async fn a_trigger_is_fired_by_hand_with_a_sample_or_an_event_unless_it_is_disabled() {
    let platform = Platform::with_function().await;
    let id = create(&platform, "SMN", &json!({"topic_urn": "urn:smn:r:p:t"})).await;
    for event in ["", "{\"record\": []}"] {
        let fired = fire(&platform, "SMN", &id, event).await.json(202);
        assert_eq!(fired["request_id"].as_str().expect("a string").len(), 36);
    }
    let unknown = fire(&platform, "SMN", "none", "").await;
    assert_eq!(unknown.code(), "404 FSS.1131");
    assert_eq!(fire(&platform, "LTS", &id, "").await.code(), "404 FSS.1131");
    let timer = json!({"name": "t", "schedule_type": "Rate", "schedule": "1d"});
    let timer = create(&platform, "TIMER", &timer).await;
    assert_eq!(fire(&platform, "TIMER", &timer, "").await.status, 202);
    let path = format!("/fgs/triggers/{URN}/TIMER/{timer}");
    platform.put(&path, json!({"trigger_status": "DISABLED"})).await.json(200);
    let disabled = fire(&platform, "TIMER", &timer, "").await.error();
    assert_eq!((disabled.0, disabled.1.as_str()), (409, "FSS.1318"));
    assert!(disabled.2.contains("DISABLED"), "{disabled:?}");
}

#[tokio::test]
async fn a_trigger_that_could_not_fire_is_refused() {
    let platform = Platform::with_function().await;
    for (type_code, data, code) in [
        ("TIMER", json!({"name": "t", "schedule_type": "Rate", "schedule": "61m"}), "FSS.1109"),
        (
            "TIMER",
            json!({"name": "t", "schedule_type": "Cron", "schedule": "0 0 0 L * ?"}),
            "FSS.1109",
        ),
        ("OBS", json!({"bucket": "../x", "events": ["s3:ObjectCreated:*"]}), "FSS.1106"),
    ] {
        let body = json!({"trigger_type_code": type_code, "event_data": data});
        let answer = platform.post(&format!("/fgs/triggers/{URN}"), body).await;
        assert_eq!(answer.code(), format!("400 {code}"), "{data}");
    }
}
