//! EventGrid: events of any source in the format of CloudEvents 1.0.
//!
//! EventGrid also delivers events of RocketMQ, RabbitMQ and custom sources; there is no sample of
//! their `data`.

use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Time;
use crate::content::{ContentError, base64, json};
use crate::record::fixture;
use crate::tolerant::{Element, absent, present, unknown_shape};

/// An event (trigger `EVENTGRID`). `D` is the type of its `data`, which depends on the source.
///
/// ```
/// use fg_events::eventgrid::CloudEvent;
///
/// #[derive(Default, serde::Deserialize)]
/// struct Order { id: u32 }
///
/// let json = r#"{"specversion":"1.0","type":"shop.order","source":"shop","id":"1","data":{"id":7}}"#;
/// let typed: CloudEvent<Order> = serde_json::from_str(json).unwrap();
/// assert_eq!(typed.data.id, 7);
/// let any: CloudEvent = serde_json::from_str(json).unwrap();
/// assert_eq!(any.data_as::<Order>().unwrap().id, 7);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CloudEvent<D = Value> {
    /// `1.0`.
    #[serde(skip_serializing_if = "absent")]
    pub specversion: String,
    /// The id, which is unique among the events of one source.
    #[serde(skip_serializing_if = "absent")]
    pub id: String,
    /// The source: `HC.OBS.DWR`, `HC.ROCKETMQ`, or the name of a custom one.
    #[serde(skip_serializing_if = "absent")]
    pub source: String,
    /// The type of the event: `OBS:DWR:ObjectCreated:PUT`.
    #[serde(rename = "type", skip_serializing_if = "absent")]
    pub event_type: String,
    /// What the event is about.
    #[serde(skip_serializing_if = "absent")]
    pub subject: String,
    /// When it happened.
    #[serde(skip_serializing_if = "absent")]
    pub time: Option<Time>,
    /// The media type of `data`.
    #[serde(skip_serializing_if = "absent")]
    pub datacontenttype: String,
    /// A URI that describes `data`.
    #[serde(skip_serializing_if = "absent")]
    pub dataschema: String,
    /// The time to live; arrives as a string. The unit is not documented.
    #[serde(skip_serializing_if = "absent")]
    pub ttl: Option<u64>,
    /// The data of the source. JSON in `data_base64` is decoded as well.
    pub data: D,
    /// Extensions and unknown fields, unchanged.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl<'de, D: Default + Deserialize<'de>> Deserialize<'de> for CloudEvent<D> {
    /// An event without data is rejected if it has unknown fields that cannot be extensions: it is
    /// of another shape. The error names them.
    fn deserialize<R: Deserializer<'de>>(deserializer: R) -> Result<Self, R::Error> {
        /// The JSON form. It has the name of the event, which serde's errors contain.
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "D: Deserialize<'de>"))]
        struct CloudEvent<D> {
            #[serde(default)]
            specversion: Element<String>,
            #[serde(default)]
            id: Element<String>,
            #[serde(default)]
            source: Element<String>,
            #[serde(default, rename = "type")]
            event_type: Element<String>,
            #[serde(default)]
            subject: Element<String>,
            #[serde(default)]
            time: Element<Option<Time>>,
            #[serde(default)]
            datacontenttype: Element<String>,
            #[serde(default)]
            dataschema: Element<String>,
            #[serde(default)]
            ttl: Element<Option<u64>>,
            #[serde(default, deserialize_with = "present")]
            data: Option<Option<D>>,
            #[serde(flatten)]
            extra: Map<String, Value>,
        }

        let mut read = <CloudEvent<D> as Deserialize>::deserialize(deserializer)?;
        // Data is optional, and extensions are strings, numbers or flags. Any other unknown field
        // may be misnamed data.
        let is_named = [&read.specversion, &read.id, &read.source, &read.event_type]
            .iter()
            .any(|name| !name.0.is_empty());
        let is_extension = |(name, value): (&String, &Value)| {
            name != "data_base64" && !value.is_object() && !value.is_array()
        };
        let is_without_data =
            read.extra.is_empty() || (is_named && read.extra.iter().all(is_extension));
        let data = match read.data {
            Some(data) => data.unwrap_or_default(),
            None => match in_base64(&mut read.extra) {
                Some(data) => D::deserialize(data).map_err(serde::de::Error::custom)?,
                None if is_without_data => D::default(),
                None => return Err(unknown_shape(&["data"], &read.extra)),
            },
        };
        Ok(Self {
            specversion: read.specversion.0,
            id: read.id.0,
            source: read.source.0,
            event_type: read.event_type.0,
            subject: read.subject.0,
            time: read.time.0,
            datacontenttype: read.datacontenttype.0,
            dataschema: read.dataschema.0,
            ttl: read.ttl.0,
            data,
            extra: read.extra,
        })
    }
}

/// The JSON in `data_base64`, the attribute of CloudEvents for binary data.
fn in_base64(extra: &mut Map<String, Value>) -> Option<Value> {
    let bytes = base64::decode("data_base64", extra.get("data_base64")?.as_str()?).ok()?;
    let data = serde_json::from_slice(&bytes).ok()?;
    extra.remove("data_base64");
    Some(data)
}

macro_rules! setters {
    ($($field:ident: $type:ty => $setter:ident,)*) => { $(
        #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
        #[must_use]
        pub fn $setter(mut self, value: impl Into<$type>) -> Self {
            self.$field = value.into();
            self
        }
    )* };
}

impl<D> CloudEvent<D> {
    /// Creates an event with this data, to be filled by the setters.
    #[must_use]
    pub fn new(data: D) -> Self
    where
        D: Default,
    {
        Self { data, ..Self::default() }
    }

    setters! {
        specversion: String => with_specversion,
        id: String => with_id,
        source: String => with_source,
        event_type: String => with_event_type,
        subject: String => with_subject,
        time: Option<Time> => with_time,
        datacontenttype: String => with_datacontenttype,
        dataschema: String => with_dataschema,
        ttl: Option<u64> => with_ttl,
    }
}

impl CloudEvent<Value> {
    /// Deserializes the data, which may also be a string with JSON in it.
    ///
    /// # Errors
    ///
    /// If it does not fit; the message has the JSON path.
    pub fn data_as<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        json::open("data", &self.data)
    }
}

fixture!(
    CloudEvent,
    "eventgrid.json",
    "A sample payload in the format of CloudEvents; its `data` depends on the source."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_in_base64_is_decoded_and_missing_data_is_an_error() {
        let event: CloudEvent<Vec<u8>> =
            serde_json::from_str(r#"{"id":"1","data_base64":"WzcsOF0="}"#).expect("it is read");
        assert_eq!((event.data, event.extra.len()), (vec![7, 8], 0));
        let error = serde_json::from_str::<CloudEvent>(r#"{"id":"1","detail":{}}"#)
            .expect_err("there is no data")
            .to_string();
        assert!(error.starts_with("`data` is missing; unknown fields: `detail`"), "{error}");
        assert!(serde_json::from_str::<CloudEvent>(r#"{"id":"1","traceparent":"00"}"#).is_ok());
        assert!(serde_json::from_str::<CloudEvent>(r#"{"traceparent":"00"}"#).is_err());
    }
}
