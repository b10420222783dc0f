//! EventGrid: events of any source in the form of CloudEvents 1.0.
//!
//! Existing users have RocketMQ, RabbitMQ and sources of their own there too; what `data` is for them no sample shows.

use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Time;
use crate::content::{ContentError, json};
use crate::record::fixture;
use crate::tolerant::{absent, field};

/// An event (trigger `EVENTGRID`). `D` is what the source sends as `data`.
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
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, bound(deserialize = "D: Default + Deserialize<'de>"))]
#[non_exhaustive]
pub struct CloudEvent<D = Value> {
    /// `1.0`.
    #[serde(deserialize_with = "field", skip_serializing_if = "absent")]
    pub specversion: String,
    /// Unique among the events of one source.
    #[serde(deserialize_with = "field", skip_serializing_if = "absent")]
    pub id: String,
    /// Where it comes from: `HC.OBS.DWR`, `HC.ROCKETMQ`, or the name of a source of your own.
    #[serde(deserialize_with = "field", skip_serializing_if = "absent")]
    pub source: String,
    /// What happened: `OBS:DWR:ObjectCreated:PUT`.
    #[serde(rename = "type", deserialize_with = "field", skip_serializing_if = "absent")]
    pub event_type: String,
    /// What it happened to.
    #[serde(deserialize_with = "field", skip_serializing_if = "absent")]
    pub subject: String,
    /// When.
    #[serde(deserialize_with = "field", skip_serializing_if = "absent")]
    pub time: Option<Time>,
    /// The media type of `data`.
    #[serde(deserialize_with = "field", skip_serializing_if = "absent")]
    pub datacontenttype: String,
    /// A URI that describes `data`.
    #[serde(deserialize_with = "field", skip_serializing_if = "absent")]
    pub dataschema: String,
    /// How long it is delivered for; arrives as a text. The unit is not documented.
    #[serde(deserialize_with = "field", skip_serializing_if = "absent")]
    pub ttl: Option<u64>,
    /// What the source says.
    #[serde(deserialize_with = "missing_or")]
    pub data: D,
    /// Extensions, and fields that this version of the crate does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

fn missing_or<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
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
    /// One with this data, to be filled by the setters.
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
    /// The data as a type of yours, also where it is JSON in a text.
    ///
    /// # Errors
    ///
    /// Where it does not fit; the message names the path.
    pub fn data_as<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        json::open("data", &self.data)
    }
}

fixture!(CloudEvent, "eventgrid.json");
