//! The platform's own payloads, each read as the event of its trigger.
//!
//! They are in a folder next to the repository, which may be absent. Without it this test is
//! skipped, and says so.

#![cfg(feature = "all")]

use std::path::Path;

use fg_events::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a payload, writes it, and reads it again.
fn check<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(
    payload: &[u8],
) -> Result<(), String> {
    let reader = &mut serde_json::Deserializer::from_slice(payload);
    let event: T = serde_path_to_error::deserialize(reader)
        .map_err(|error| format!("`{}`: {error}", error.path()))?;
    let written = serde_json::to_vec(&event).map_err(|error| error.to_string())?;
    let again: T = serde_json::from_slice(&written).map_err(|error| error.to_string())?;
    assert_eq!(again, event);
    Ok(())
}

fn check_sample(trigger: &str, name: &str, payload: &[u8]) -> Option<Result<(), String>> {
    Some(match (trigger, name) {
        // The documentation shows the content of the base64.
        ("lts", "docs-otc-python-1.json") => check::<lts::LtsLogs>(payload),
        // The record without the object around it.
        ("cts", "otc-python-1.json") => check::<cts::CtsTrace>(payload),
        // A template: its status is the string "httpStatusCode".
        ("apig-response", "docs-otc-go-1.json") => {
            let error = check::<apig::ApigResponse>(payload).expect_err("it is only a template");
            assert!(error.contains("isBase64Encoded") || error.contains("statusCode"), "{error}");
            return None;
        }
        // Responses of the management API, which no function sees.
        ("invoke-api", _) => return None,
        ("apig", _) => check::<apig::ApigEvent>(payload),
        ("apig-response", _) => check::<apig::ApigResponse>(payload),
        ("async-notification", _) => check::<notification::AsyncNotification>(payload),
        ("cts", _) => check::<cts::CtsEvent>(payload),
        ("dds", _) => check::<dds::DdsEvent>(payload),
        ("gemini-mongo", _) => check::<gemini_mongo::GeminiMongoEvent>(payload),
        ("dis", _) => check::<dis::DisEvent>(payload),
        ("dms-kafka", _) => check::<kafka::KafkaEvent>(payload),
        ("eventgrid-obs", _) => check::<obs_eventgrid::ObsGridEvent>(payload)
            .and_then(|()| check::<eventgrid::CloudEvent>(payload)),
        ("iotda", _) => check::<iotda::IotdaEvent>(payload),
        ("kafka-opensource", _) => check::<kafka_open_source::OpenSourceKafkaEvent>(payload),
        ("lts", _) => check::<lts::LtsEvent>(payload),
        ("obs-s3", _) => check::<obs::ObsEvent>(payload),
        ("rocketmq", _) => check::<rocketmq::RocketMqEvent>(payload),
        ("smn", _) => check::<smn::SmnEvent>(payload),
        ("timer", _) => check::<timer::TimerEvent>(payload),
        _ => Err("no event is known for this folder".to_owned()),
    })
}

#[test]
fn every_payload_of_the_platform_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/events");
    let Ok(triggers) = std::fs::read_dir(&folder) else {
        println!("SKIPPED: no payloads of the platform at {}", folder.display());
        return;
    };
    let (mut read, mut wrong) = (Vec::new(), Vec::new());
    for trigger in triggers.flatten() {
        let trigger_name = trigger.file_name().to_string_lossy().into_owned();
        for file in std::fs::read_dir(trigger.path()).into_iter().flatten().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            let payload = std::fs::read(file.path()).expect("it can be read");
            match name
                .ends_with(".json")
                .then(|| check_sample(&trigger_name, &name, &payload))
                .flatten()
            {
                Some(Ok(())) => read.push(format!("{trigger_name}/{name}")),
                Some(Err(error)) => wrong.push(format!("{trigger_name}/{name}: {error}")),
                None => println!("no event: {trigger_name}/{name}"),
            }
        }
    }
    read.sort();
    println!("{} are read: {}", read.len(), read.join(", "));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
