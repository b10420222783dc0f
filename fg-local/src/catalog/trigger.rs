//! Which triggers the platform accepts: their types, fields and statuses, and how many there are
//! (API reference `06_0122`).

mod conflicts;
mod field;
mod object_storage;
mod types;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::function::{Function, Trigger};
use super::id::random_uuid;
use crate::error::ApiError;

pub(crate) use conflicts::check_conflicts;
pub(crate) use types::{TYPES, TriggerType};

/// How many triggers a function has at most. The number behind FSS.1306 is not documented.
const MAX_TRIGGERS: usize = 50;

/// How many of them fetch messages (FSS.1123).
const MAX_PULL_TRIGGERS: usize = 10;

/// The type of this code.
///
/// # Errors
///
/// If there is none.
pub(crate) fn trigger_type(code: &str) -> Result<&'static TriggerType, ApiError> {
    TYPES.iter().find(|one| one.code == code).ok_or_else(|| {
        let codes: Vec<_> = TYPES.iter().map(|one| one.code).collect();
        ApiError::bad_request(
            "FSS.1101",
            format!("Invalid trigger type: trigger_type_code must be one of {}", codes.join(", ")),
        )
    })
}

impl Trigger {
    /// A trigger with this data, which is checked. Secrets are not kept.
    ///
    /// # Errors
    ///
    /// The platform's code for what is wrong.
    pub(crate) fn new(
        kind: &TriggerType,
        qualifier: String,
        status: Option<&str>,
        mut event_data: Map<String, Value>,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let is_active = match status {
            Some(status) => kind.read_status(status)?,
            None => !kind.starts_disabled,
        };
        kind.check(&event_data, true)?;
        field::empty_secrets(&mut event_data);
        let id = random_uuid();
        let id = if kind.has_path { id.replace('-', "") } else { id };
        let type_code = kind.code.to_owned();
        Ok(Self {
            id,
            qualifier,
            type_code,
            is_active,
            event_data,
            created: now,
            last_updated: now,
        })
    }

    /// Changes the status, and the fields of the data that are in `changes`.
    ///
    /// # Errors
    ///
    /// The platform's code for what is wrong.
    pub(crate) fn update(
        &mut self,
        status: Option<&str>,
        changes: Map<String, Value>,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let kind = trigger_type(&self.type_code)?;
        let is_active = status.map_or(Ok(self.is_active), |status| kind.read_status(status))?;
        let mut event_data = self.event_data.clone();
        for (name, value) in changes {
            if name == "bucket" && kind.code == "OBS" && event_data.get("bucket") != Some(&value) {
                return Err(ApiError::bad_request(
                    kind.invalid,
                    "Invalid OBS trigger parameters: the bucket of a trigger cannot be changed",
                ));
            }
            event_data.insert(name, value);
        }
        kind.check(&event_data, false)?;
        field::empty_secrets(&mut event_data);
        *self = Self { is_active, event_data, last_updated: now, ..self.clone() };
        Ok(())
    }
}

impl Function {
    /// Adds a trigger, unless there are too many.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub(crate) fn add_trigger(&mut self, trigger: Trigger) -> Result<(), ApiError> {
        if self.triggers.len() >= MAX_TRIGGERS {
            return Err(ApiError::bad_request(
                "FSS.1306",
                format!(
                    "The number of triggers exceeds the maximum allowed limit ({MAX_TRIGGERS})"
                ),
            ));
        }
        let is_pull =
            |trigger: &Trigger| trigger_type(&trigger.type_code).is_ok_and(|kind| kind.is_pull);
        let pulling = self.triggers.iter().filter(|trigger| is_pull(trigger)).count();
        if is_pull(&trigger) && pulling >= MAX_PULL_TRIGGERS {
            return Err(ApiError::forbidden(
                "FSS.1123",
                format!(
                    "The number of pull triggers exceeds the maximum allowed limit \
                     ({MAX_PULL_TRIGGERS})"
                ),
            ));
        }
        self.triggers.push(trigger);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::function::tests::function;
    use super::*;

    fn trigger(code: &str, status: Option<&str>, data: &Value) -> Result<Trigger, &'static str> {
        let data = data.as_object().cloned().unwrap_or_default();
        trigger_type(code)
            .and_then(|kind| Trigger::new(kind, "latest".into(), status, data, Timestamp::now()))
            .map_err(|error| error.code)
    }

    /// Data that is accepted for each type.
    fn samples() -> Vec<(&'static str, Value)> {
        let api = json!({
            "name": "api", "env_id": "DEFAULT_ENVIRONMENT_RELEASE_ID", "env_name": "RELEASE",
            "protocol": "HTTPS", "auth": "NONE", "group_id": "g", "sl_domain": "g.example.com",
            "match_mode": "SWA", "req_method": "ANY", "type": 1, "path": "/greet",
            "backend_type": "FUNCTION", "instance_id": "i", "func_info": {"timeout": 5000},
        });
        let database = json!({
            "instance_id": "i", "db_name": "d", "collection_name": "c", "db_password": "hush",
            "batch_size": 100,
        });
        let kafka = json!({"instance_id": "i", "topic_ids": ["t"], "batch_size": 100});
        vec![
            ("TIMER", json!({"name": "t", "schedule_type": "Rate", "schedule": "3m"})),
            ("APIG", api.clone()),
            ("DEDICATEDGATEWAY", api.clone()),
            ("APIC", api),
            ("OBS", json!({"bucket": "b", "events": ["s3:ObjectCreated:*"]})),
            ("SMN", json!({"topic_urn": "urn:smn:cn-north-4:p:topic"})),
            ("LTS", json!({"log_group_id": "g", "log_topic_id": "s"})),
            ("CTS", json!({"name": "c", "operations": ["APIG:apig:updateConfig"]})),
            ("DDS", database.clone()),
            ("GAUSSMONGO", database),
            ("KAFKA", kafka.clone()),
            ("OPENSOURCEKAFKA", kafka),
            (
                "RABBITMQ",
                json!({
                    "instance_id": "i", "access_password": "hush", "exchange_name": "e",
                    "batch_size": 1,
                }),
            ),
            ("ROCKETMQ", json!({"instance_id": "i", "batch_size": 1})),
            ("DMS", json!({"queue_id": "q", "consumer_group_id": "c", "polling_interval": 30})),
            (
                "DIS",
                json!({
                    "stream_name": "s", "sharditerator_type": "LATEST", "polling_interval": 30,
                    "polling_unit": "s", "is_serial": "true", "max_fetch_bytes": 1_048_576,
                }),
            ),
            ("EVENTGRID", json!({"channel_id": "c", "event_types": ["OBS:DWR:ObjectCreated:PUT"]})),
            ("IOTDA", json!({})),
        ]
    }

    #[test]
    fn each_type_accepts_its_fields() {
        let samples = samples();
        let codes: Vec<_> = samples.iter().map(|(code, _)| *code).collect();
        let known: Vec<_> = TYPES.iter().map(|kind| kind.code).collect();
        assert_eq!(codes, known);
        for (code, data) in samples {
            let made = trigger(code, None, &data).expect(code);
            assert_eq!(made.is_active, !["DDS", "GAUSSMONGO", "KAFKA"].contains(&code), "{code}");
        }
    }

    #[test]
    fn each_required_field_has_to_be_there() {
        for (code, data) in samples() {
            for field in trigger_type(code).expect("it is known").required() {
                let mut without = data.clone();
                let removed = without.as_object_mut().expect("an object").remove(field);
                assert!(removed.is_some(), "the sample of {code} has no {field}");
                assert!(trigger(code, None, &without).is_err(), "{code} without {field}");
            }
        }
    }

    #[test]
    fn a_wrong_field_has_the_code_of_its_type() {
        for (code, data, expected) in [
            ("NONE", json!({}), "FSS.1101"),
            ("timer", json!({}), "FSS.1101"),
            ("TIMER", json!({"name": 1, "schedule_type": "Rate", "schedule": "3m"}), "FSS.1109"),
            ("OBS", json!({"bucket": "b", "events": []}), "FSS.1106"),
            ("SMN", json!({"topic_urn": "topic"}), "FSS.1102"),
            ("KAFKA", json!({"instance_id": "i", "topic_ids": ["t"], "batch_size": 0}), "FSS.1112"),
            ("CTS", json!({"name": "c", "operations": vec!["a:b:c"; 101]}), "FSS.1313"),
            ("CTS", json!({"name": "c", "operations": []}), "FSS.1314"),
            ("CTS", json!({"operations": ["a:b:c"]}), "FSS.1312"),
        ] {
            assert_eq!(trigger(code, None, &data).expect_err(code), expected, "{code} {data}");
        }
    }

    #[test]
    fn only_some_types_can_be_disabled() {
        let timer = json!({"name": "t", "schedule_type": "Rate", "schedule": "3m"});
        assert!(!trigger("TIMER", Some("DISABLED"), &timer).expect("it is accepted").is_active);
        assert_eq!(trigger("TIMER", Some("OFF"), &timer).expect_err("no status"), "FSS.0400");
        let smn = json!({"topic_urn": "urn:smn:r:p:t"});
        assert!(trigger("SMN", Some("ACTIVE"), &smn).is_ok());
        assert_eq!(trigger("SMN", Some("DISABLED"), &smn).expect_err("always on"), "FSS.1318");
        let kafka = json!({"instance_id": "i", "topic_ids": ["t"], "batch_size": 1});
        assert!(trigger("KAFKA", Some("ACTIVE"), &kafka).expect("it is accepted").is_active);
    }

    #[test]
    fn secrets_are_required_and_not_kept() {
        for (code, data) in samples() {
            let text = serde_json::to_string(&trigger(code, None, &data).expect(code));
            assert!(!text.expect("JSON").contains("hush"), "{code}");
        }
        let unknown =
            json!({"channel_id": "c", "nested": {"Secret_Key": "hush"}, "my_password": "hush"});
        let made = trigger("EVENTGRID", None, &unknown).expect("it is accepted");
        assert_eq!(
            Value::Object(made.event_data),
            json!({"channel_id": "c", "nested": {"Secret_Key": ""}, "my_password": ""})
        );
    }

    #[test]
    fn an_update_changes_what_it_has_and_needs_no_secret() {
        let (_, data) =
            samples().into_iter().find(|(code, _)| *code == "DDS").expect("it is there");
        let mut dds = trigger("DDS", None, &data).expect("it is accepted");
        let changes = json!({"batch_size": 7}).as_object().cloned().expect("an object");
        dds.update(Some("ACTIVE"), changes, Timestamp::now()).expect("it is accepted");
        assert!(dds.is_active);
        assert_eq!(
            (&dds.event_data["batch_size"], &dds.event_data["db_name"]),
            (&json!(7), &json!("d"))
        );
        let changes = json!({"batch_size": "x"}).as_object().cloned().expect("an object");
        assert!(dds.update(None, changes, Timestamp::now()).is_err());
        assert_eq!(dds.event_data["batch_size"], json!(7));
    }

    #[test]
    fn a_function_has_fifty_triggers_and_ten_that_fetch() {
        let mut function = function();
        let kafka = json!({"instance_id": "i", "topic_ids": ["t"], "batch_size": 1});
        for _ in 0..10 {
            function.add_trigger(trigger("KAFKA", None, &kafka).expect("it is one")).expect("room");
        }
        let error = function.add_trigger(trigger("KAFKA", None, &kafka).expect("it is one"));
        assert_eq!(error.expect_err("ten").code, "FSS.1123");
        let smn = json!({"topic_urn": "urn:smn:r:p:t"});
        for _ in 10..50 {
            function.add_trigger(trigger("SMN", None, &smn).expect("it is one")).expect("room");
        }
        let error = function.add_trigger(trigger("SMN", None, &smn).expect("it is one"));
        assert_eq!(error.expect_err("fifty").code, "FSS.1306");
    }
}
