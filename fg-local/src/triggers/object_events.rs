//! The events of OBS: the notification of a bucket, and the `CloudEvent` of EventGrid.

use base16ct::lower::encode_string;
use fg_events::obs::{self, ObsEvent, ObsRecord, S3};
use fg_events::obs_eventgrid::{self as grid, ObsData, ObsGridEvent};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::buckets::Change;
use super::object_filter::{Filter, Form};
use crate::urn::Place;

/// Whose object it is, as far as this machine knows.
const OWNER: &str = "local";

/// Where it was written from.
const ADDRESS: &str = "127.0.0.1";

/// The event for a change of an object, as JSON.
///
/// The platform's `eTag` is the MD5 of the content; here it is another digest, which differs if the
/// object does. Ids of requests are made up, and there are no versions of objects.
pub(super) fn event(filter: &Filter, change: &Change, trigger_id: &str, place: &Place) -> Vec<u8> {
    let facts = Facts {
        time: change.at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        sequencer: format!("{:032X}", change.at.as_nanosecond().max(0)),
        digest: digest(&[&filter.bucket, &change.key, &change.at.to_string()]),
        e_tag: digest(&["eTag", &change.key, &change.at.to_string(), &change.size.to_string()]),
    };
    let json = match filter.form {
        Form::Notification => {
            serde_json::to_value(notification(filter, change, trigger_id, place, &facts))
        }
        Form::CloudEvent { is_key_encoded } => {
            let event = cloud_event(filter, change, trigger_id, place, &facts, is_key_encoded);
            serde_json::to_value(event).map(|mut json| {
                // A string on the platform, and an empty one is there, too.
                json["ttl"] = "4000".into();
                json["dataschema"] = "".into();
                json
            })
        }
    };
    json.unwrap_or(Value::Null).to_string().into_bytes()
}

struct Facts {
    time: String,
    sequencer: String,
    digest: String,
    e_tag: String,
}

fn notification(
    filter: &Filter,
    change: &Change,
    trigger_id: &str,
    place: &Place,
    facts: &Facts,
) -> ObsEvent {
    let object = obs::Object::new()
        .with_key(encoded(&change.key))
        .with_e_tag(&*facts.e_tag)
        .with_size(change.size)
        .with_version_id("null")
        .with_sequencer(&*facts.sequencer);
    let bucket = obs::Bucket::new()
        .with_name(&*filter.bucket)
        .with_owner_identity(obs::OwnerIdentity::new().with_principal_id(OWNER))
        .with_arn(format!("arn:aws:s3:::{}", filter.bucket));
    let s3 = S3::new()
        .with_schema_version("1.0")
        .with_configuration_id(trigger_id)
        .with_bucket(bucket)
        .with_object(object);
    let record = ObsRecord::new()
        .with_event_version("2.0")
        .with_event_source("aws:s3")
        .with_region(&*place.region)
        .with_event_time(fg_events::Time::from(&*facts.time))
        .with_event_name(change.operation.event_name())
        .with_user_identity(obs::UserIdentity::new().with_principal_id(OWNER))
        .with_request_parameters(obs::RequestParameters::new().with_source_ip_address(ADDRESS))
        .with_response_elements(
            obs::ResponseElements::new().with_request_id(&*facts.digest).with_id_2(OWNER),
        )
        .with_s3(s3);
    ObsEvent::new().with_records(vec![record])
}

fn cloud_event(
    filter: &Filter,
    change: &Change,
    trigger_id: &str,
    place: &Place,
    facts: &Facts,
    is_key_encoded: bool,
) -> ObsGridEvent {
    let key = if is_key_encoded { encoded(&change.key) } else { change.key.clone() };
    let owner = || grid::Identity::new().with_id(OWNER);
    let object = grid::Object::new()
        .with_key(&*key)
        .with_e_tag(&*facts.e_tag)
        .with_size(change.size)
        .with_version_id("null")
        .with_sequencer(&*facts.sequencer);
    let bucket = grid::Bucket::new()
        .with_name(&*filter.bucket)
        .with_bucket(&*filter.bucket)
        .with_owner_identity(owner());
    let obs = grid::Obs::new()
        .with_version("1.0")
        .with_configuration_id(trigger_id)
        .with_bucket(bucket)
        .with_object(object);
    let data = ObsData::new()
        .with_event_version("3.0")
        .with_event_source("OBS")
        .with_event_region(&*place.region)
        .with_event_time(fg_events::Time::from(&*facts.time))
        .with_event_name(change.operation.event_name())
        .with_user_identity(owner())
        .with_request_parameters(grid::RequestParameters::new().with_source_ip_address(ADDRESS))
        .with_response_elements(grid::ResponseElements::new().with_request_id(&*facts.digest))
        .with_obs(obs);
    // `Put` is in capitals in the type only.
    let kind = change.operation.event_name().replace("Put", "PUT");
    ObsGridEvent::new(data)
        .with_specversion("1.0")
        .with_id(&*facts.digest)
        .with_source("HC.OBS.DWR")
        .with_event_type(format!("OBS:DWR:{kind}"))
        .with_subject(key)
        .with_time(fg_events::Time::from(&*facts.time))
        .with_datacontenttype("application/json")
}

/// URL-encoded as in the platform's events: a space is `+`, and a slash `%2F`.
fn encoded(key: &str) -> String {
    form_urlencoded::byte_serialize(key.as_bytes()).collect()
}

/// 32 hexadecimal digits.
fn digest(of: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in of {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    encode_string(&digest.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triggers::object_filter::Operation;
    use serde_json::json;

    fn json_of(type_code: &str, event_data: &Value, operation: Operation) -> Value {
        let filter = Filter::of(type_code, event_data.as_object().expect("an object"))
            .expect("it is valid")
            .expect("it is about objects");
        let at = "2026-09-30T11:24:42.533999Z".parse().expect("a time");
        let change = Change { key: "in/a b图.png".into(), operation, size: 5, at };
        let place = Place { region: "eu-de".into(), project_id: "p".into() };
        let event = event(&filter, &change, "t-1", &place);
        serde_json::from_slice(&event).expect("it is JSON")
    }

    #[test]
    fn a_notification_is_that_of_the_platform() {
        let data = json!({"bucket": "photos", "events": ["Put"]});
        let json = json_of("OBS", &data, Operation::Created);
        let event: ObsEvent = serde_json::from_value(json.clone()).expect("it is an event");
        let record = &event.records[0];
        assert!(record.is_created() && event.extra.is_empty() && record.extra.is_empty());
        assert_eq!(record.s3.object.key, "in%2Fa+b%E5%9B%BE.png");
        assert_eq!(record.s3.object.decoded_key().expect("it is encoded"), "in/a b图.png");
        assert_eq!(json["Records"][0]["eventTime"], "2026-09-30T11:24:42.533Z");
        assert_eq!(json["Records"][0]["eventName"], "ObjectCreated:Put");
        // Every field of the platform's own sample is there.
        let sample: Value = serde_json::from_str(obs::FIXTURE).expect("it is JSON");
        assert_has_fields(&json["Records"][0], &sample["Records"][0], "");
        let json = json_of("OBS", &data, Operation::Removed);
        assert_eq!(json["Records"][0]["eventName"], "ObjectRemoved:Delete");
    }

    #[test]
    fn a_cloud_event_is_that_of_the_platform() {
        let mut data = json!({
            "source_name": "HC.OBS.DWR", "bucket": "photos",
            "event_types": ["OBS:DWR:ObjectCreated:PUT"]
        });
        let json = json_of("EVENTGRID", &data, Operation::Created);
        let event: ObsGridEvent = serde_json::from_value(json.clone()).expect("it is an event");
        assert_eq!(event.data.obs.object.key, "in/a b图.png");
        assert_eq!(json["type"], "OBS:DWR:ObjectCreated:PUT");
        assert_eq!(json["ttl"], "4000");
        let sample: Value = serde_json::from_str(grid::FIXTURE).expect("it is JSON");
        assert_has_fields(
            &json["data"]["obs"]["object"],
            &sample["data"]["obs"]["object"],
            "object",
        );
        data["Key_encode"] = true.into();
        let json = json_of("EVENTGRID", &data, Operation::Removed);
        assert_eq!(json["data"]["obs"]["object"]["key"], "in%2Fa+b%E5%9B%BE.png");
        assert_eq!(json["type"], "OBS:DWR:ObjectRemoved:Delete");
    }

    /// Empty strings of the sample may be missing.
    fn assert_has_fields(json: &Value, sample: &Value, path: &str) {
        let Some(fields) = sample.as_object() else { return };
        for (name, value) in fields {
            if value != "" {
                assert!(json.get(name).is_some(), "{path}.{name} is missing in {json}");
                assert_has_fields(&json[name], value, &format!("{path}.{name}"));
            }
        }
    }
}
