//! Whatever the payload is, each event is read or says why not, and what was read is opened,
//! written and read again.

#![no_main]

use fg_events::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn read<T: DeserializeOwned + Serialize + PartialEq>(payload: &[u8]) -> Option<T> {
    let event: T = serde_json::from_slice(payload).ok()?;
    let written = serde_json::to_vec(&event).expect("an event can be written");
    assert!(serde_json::from_slice::<T>(&written).is_ok());
    Some(event)
}

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    if let Some(event) = read::<apig::ApigEvent>(payload) {
        let _ = (event.body(), event.body_json::<Value>(), event.header("host"));
    }
    read::<apig::ApigResponse>(payload);
    if let Some(event) = read::<cts::CtsEvent>(payload) {
        let _ = (event.cts.request_as::<Value>(), event.cts.time.map(|time| time.to_system_time()));
    }
    for record in read::<dds::DdsEvent>(payload).into_iter().flat_map(|event| event.records) {
        let _ = (record.document::<Value>(), record.namespace(), record.token::<Value>());
    }
    if let Some(event) = read::<dis::DisEvent>(payload) {
        let _ = (event.message.cursor(), event.message.behind_latest());
        event.message.records.iter().for_each(|record| drop(record.bytes()));
    }
    for record in
        read::<gemini_mongo::GeminiMongoEvent>(payload).into_iter().flat_map(|event| event.records)
    {
        let _ = (
            record.document::<Value>(),
            record.namespace(),
            record.token::<Value>(),
            record.operation().len(),
        );
    }
    read::<dms::DmsEvent>(payload);
    read::<eventgrid::CloudEvent>(payload);
    if let Some(event) = read::<iotda::IotdaEvent>(payload) {
        let _ = event.notify_data.body_as::<iotda::PropertyReport>();
    }
    if let Some(event) = read::<kafka::KafkaEvent>(payload) {
        event.messages().for_each(|message| drop(message.json::<Value>()));
    }
    if let Some(event) = read::<lts::LtsEvent>(payload) {
        let _ = event.logs();
    }
    if let Some(event) = read::<notification::AsyncNotification>(payload) {
        let _ = (event.request_as::<Value>(), event.timestamp.map(|time| time.to_system_time()));
    }
    for record in read::<obs::ObsEvent>(payload).into_iter().flat_map(|event| event.records) {
        let _ =
            (record.s3.object.decoded_key(), record.event_time.map(|time| time.to_system_time()));
    }
    if let Some(event) = read::<obs_eventgrid::ObsGridEvent>(payload) {
        let _ = event.data.obs.object.decoded_key();
    }
    for record in read::<smn::SmnEvent>(payload).into_iter().flat_map(|event| event.records) {
        let _ = (record.smn.attribute("a"), record.smn.message_json::<Value>());
    }
    if let Some(event) = read::<timer::TimerEvent>(payload) {
        let _ = event.user_event_json::<Value>();
    }
    if let Ok(text) = std::str::from_utf8(payload) {
        let _ = Time::from(text).to_system_time();
    }
});
