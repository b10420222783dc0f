//! Log Tank Service: lines of a log topic, as a JSON string inside JSON inside base64.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::Time;
use crate::content::{ContentError, base64, json};
use crate::record::{fixture, record};
use crate::tolerant::{Tolerant, absent, field, unknown_shape};

record! {
    /// Lines were logged (trigger `LTS`). The platform splits them into events of at most 75 KB.
    ///
    /// ```
    /// # use fg_events::lts;
    /// let batch = lts::fixture().logs()?;
    /// let errors = batch.logs.iter().filter(|log| log.message.contains("ERROR"));
    /// assert_eq!(errors.count(), 1);
    /// # Ok::<(), fg_events::ContentError>(())
    /// ```
    pub struct LtsEvent {
        payload {
            /// The lines.
            pub lts: LtsData as "lts" => with_lts,
        }
    }
}

record! {
    /// The lines, encoded.
    pub struct LtsData {
        payload {
            /// JSON in base64; see [`LtsEvent::logs`].
            pub data: String as "data" [json] => with_data,
        }
    }
}

/// The decoded lines of an event.
///
/// An object without `logs`, but with unknown fields, is rejected.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "WireLogs")]
#[non_exhaustive]
pub struct LtsLogs {
    /// The lines.
    #[serde(serialize_with = "write_logs")]
    pub logs: Vec<LtsLog>,
    /// The project.
    #[serde(skip_serializing_if = "absent")]
    pub owner: String,
    /// The log group.
    #[serde(skip_serializing_if = "absent")]
    pub log_group_id: String,
    /// The log topic, also called log stream.
    #[serde(skip_serializing_if = "absent")]
    pub log_topic_id: String,
    /// Unknown fields, unchanged.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The JSON form of [`LtsLogs`].
#[derive(Default, Deserialize)]
#[serde(default)]
struct WireLogs {
    #[serde(deserialize_with = "read_logs")]
    logs: Option<Vec<LtsLog>>,
    #[serde(deserialize_with = "field")]
    owner: String,
    #[serde(deserialize_with = "field")]
    log_group_id: String,
    #[serde(deserialize_with = "field")]
    log_topic_id: String,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

impl TryFrom<WireLogs> for LtsLogs {
    type Error = serde_json::Error;

    fn try_from(read: WireLogs) -> Result<Self, serde_json::Error> {
        let WireLogs { logs, owner, log_group_id, log_topic_id, extra } = read;
        if logs.is_none() && !extra.is_empty() {
            return Err(unknown_shape(&["logs"], &extra));
        }
        Ok(Self { logs: logs.unwrap_or_default(), owner, log_group_id, log_topic_id, extra })
    }
}

record! {
    /// A line.
    pub struct LtsLog {
        payload {
            /// The content of the line.
            pub message: String as "message" [json] => with_message,
        }
        /// When it was collected, in milliseconds since 1970.
        pub time: Option<Time> => with_time,
        /// The machine.
        pub host_name: String => with_host_name,
        /// Its address.
        pub ip: String => with_ip,
        /// The file.
        pub path: String => with_path,
        /// A unique id.
        pub log_uid: String => with_log_uid,
        /// Its number in the file.
        pub line_no: Option<i64> => with_line_no,
    }
}

/// Deserializes a list, or a string with its JSON, which is what the platform sends.
fn read_logs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<LtsLog>>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) if text.is_empty() => Ok(Some(Vec::new())),
        Value::String(text) => {
            let reader = &mut serde_json::Deserializer::from_str(&text);
            Tolerant::read(reader).map(Some).map_err(serde::de::Error::custom)
        }
        logs => Tolerant::read(logs).map(Some).map_err(serde::de::Error::custom),
    }
}

fn write_logs<S: Serializer>(logs: &[LtsLog], serializer: S) -> Result<S::Ok, S::Error> {
    let text = serde_json::to_string(logs).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(&text)
}

impl LtsEvent {
    /// Decodes the lines.
    ///
    /// # Errors
    ///
    /// If `lts.data` is not base64, or not the JSON of lines.
    pub fn logs(&self) -> Result<LtsLogs, ContentError> {
        let data = self.lts.data.as_str();
        // `{` is not in the alphabet of base64: this is the JSON itself.
        if data.trim_start().starts_with('{') {
            return json::parse("lts.data", data.as_bytes());
        }
        json::parse("lts.data", &base64::decode("lts.data", data)?)
    }

    /// Creates an event of these lines, for tests.
    ///
    /// # Errors
    ///
    /// If they cannot be serialized as JSON.
    pub fn from_logs(logs: &LtsLogs) -> Result<Self, serde_json::Error> {
        let data = base64::encode(&serde_json::to_vec(logs)?);
        Ok(Self::new().with_lts(LtsData::new().with_data(data)))
    }
}

impl LtsLogs {
    /// Creates logs of these lines, without a group or a topic.
    #[must_use]
    pub fn new(logs: impl Into<Vec<LtsLog>>) -> Self {
        Self { logs: logs.into(), ..Self::default() }
    }
}

fixture!(LtsEvent, "lts.json");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_survive_a_round_trip() {
        let logs = LtsLogs::new([LtsLog::new()
            .with_message("a \"quoted\" line")
            .with_time(Time::from(1_530_009_653_059))
            .with_line_no(1)]);
        let event = LtsEvent::from_logs(&logs).expect("they are encoded");
        assert_eq!(event.logs(), Ok(logs));
    }

    #[test]
    fn lines_may_arrive_as_a_list_instead_of_a_string() {
        let logs: LtsLogs = serde_json::from_str(r#"{"logs":[{"message":"a","line_no":"7"}]}"#)
            .expect("it is read");
        assert_eq!(logs.logs[0].line_no, Some(7));
    }

    #[test]
    fn the_error_says_which_layer_cannot_be_decoded() {
        let event = |data: &str| LtsEvent::new().with_lts(LtsData::new().with_data(data));
        let message =
            |data: &str| event(data).logs().expect_err("it cannot be decoded").to_string();
        assert!(message("==").starts_with("`lts.data` is not base64: "), "{}", message("=="));
        assert!(
            message("aGVsbG8=").starts_with("`lts.data` is not JSON: "),
            "{}",
            message("aGVsbG8=")
        );
        let list = base64::encode(br#"{"logs":"[{\"message\":\"a\",\"host_name\":[1]}]"}"#);
        assert!(
            message(&list).starts_with(
                "`lts.data` does not fit: `logs`: invalid type: sequence, expected a string"
            ),
            "{}",
            message(&list)
        );
    }
}
