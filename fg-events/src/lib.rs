//! The payload of every FunctionGraph trigger as a type that always parses.
//!
//! Each trigger is a module behind a feature of its own; none is on by default, `all` is all of
//! them.
//!
//! ```
//! # #[cfg(feature = "timer")] {
//! use fg_events::timer::{self, TimerEvent};
//!
//! let event: TimerEvent = serde_json::from_str(timer::FIXTURE)?;
//! assert_eq!(event.trigger_name, "nightly-report");
//! # }
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # The triggers
//!
//! | trigger | `trigger_type_code` | feature, module | type | status |
//! | --- | --- | --- | --- | --- |
//! | API Gateway, dedicated and shared | `DEDICATEDGATEWAY`, `APIG` | `apig` | `ApigEvent` | live samples |
//! | APIC of ROMA Connect | `APIC` | `apig` | `ApigEvent` | assumed: described in API Gateway's words |
//! | timer | `TIMER` | `timer` | `TimerEvent` | documentation |
//! | OBS, the bucket's notification | `OBS` | `obs` | `ObsEvent` | documentation |
//! | OBS through EventGrid | `EVENTGRID` | `obs-eventgrid`, `obs_eventgrid` | `ObsGridEvent` | one sample, of a public project |
//! | EventGrid, any other source | `EVENTGRID` | `eventgrid` | `CloudEvent` | envelope: as above; `data`: yours |
//! | SMN | `SMN` | `smn` | `SmnEvent` | documentation |
//! | LTS | `LTS` | `lts` | `LtsEvent` | documentation |
//! | CTS | `CTS` | `cts` | `CtsEvent` | documentation |
//! | DDS | `DDS` | `dds` | `DdsEvent` | documentation |
//! | GeminiDB for Mongo | `GAUSSMONGO` (not confirmed) | `gemini-mongo`, `gemini_mongo` | `GeminiMongoEvent` | assumed: the console's template |
//! | DMS for Kafka | `KAFKA` | `kafka` | `KafkaEvent` | documentation |
//! | Kafka, open source | `OPENSOURCEKAFKA` | `kafka-open-source`, `kafka_open_source` | `OpenSourceKafkaEvent` | documentation |
//! | RocketMQ | `ROCKETMQ` | `rocketmq` | `RocketMqEvent` | documentation |
//! | RabbitMQ | `RABBITMQ` (not confirmed) | `rabbitmq` | `RabbitMqEvent` | assumed: as Kafka |
//! | DIS | `DIS` | `dis` | `DisEvent` | documentation |
//! | IoTDA | `IOTDA` (not confirmed) | `iotda` | `IotdaEvent` | assumed: a sample of a public project |
//! | asynchronous notification | none: a destination | `notification` | `AsyncNotification` | documentation |
//! | DMS, classic queues | `DMS` | `dms` | `DmsEvent` | assumed: the entities of the platform's Java SDK |
//!
//! "Live" samples are payloads that were recorded on the platform; "documentation" are those that
//! its documents and its own runtimes print; what is "assumed" no payload of the platform confirms.
//!
//! # Tolerance
//!
//! - A field may be missing, `null` or `""`: it is empty then, `None` where it is a number or a
//!   time.
//! - A number may be a text, and a text a number; a flag may be `"true"`.
//! - `{}` and `[]` where a string, a list or an object belongs are empty, too.
//! - A string that may hold JSON, such as a document, a message or a timer's text, takes the JSON
//!   itself.
//! - Unknown fields are kept in `extra`, and written again.
//! - An object of another shape is not read as an empty one: where what it is for is missing
//!   (`records`, `s3`, `message` and so on) and unknown fields are there, the error names both.
//! - What cannot be meant is an error. Where `fg` reads the event, the error names the path: ``the
//!   payload does not fit `ObsEvent`: `Records[0].s3.object.size`: ..``.
//!
//! What an event holds in another encoding is opened by a method, whose [`ContentError`] names the
//! field: bodies and stream records (base64), documents and log batches (JSON in a text), keys of
//! objects (URL-encoded). The field itself holds what came.
//!
//! # In tests
//!
//! Each module has a `FIXTURE`, a payload in the platform's form, and `fixture()`, the same as an
//! event. Events have setters, too:
//!
//! ```
//! # #[cfg(feature = "timer")] {
//! use fg_events::timer::TimerEvent;
//!
//! let event = TimerEvent::new().with_trigger_name("nightly").with_user_event(r#"{"keep_days":30}"#);
//! assert_eq!(serde_json::to_string(&event)?, r#"{"user_event":"{\"keep_days\":30}","trigger_name":"nightly"}"#);
//! # }
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # Events of your own
//!
//! A struct is an event by `Deserialize` alone: of a trigger that is not here, of a direct
//! invocation, or with only the fields that you need. With `#[serde(borrow)]` its texts are not
//! even copied; `Cow` rather than `&str`, because a text with an escape in it does not stand in the
//! payload as it is.
//!
//! ```
//! # #[cfg(feature = "timer")] {
//! use std::borrow::Cow;
//!
//! #[derive(serde::Deserialize)]
//! struct Timer<'a> {
//!     #[serde(borrow)]
//!     trigger_name: Cow<'a, str>,
//! }
//!
//! let event: Timer = serde_json::from_str(fg_events::timer::FIXTURE)?;
//! assert!(matches!(event.trigger_name, Cow::Borrowed("nightly-report")));
//! # }
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # Numbers
//!
//! A number in a field that is a string becomes its digits. A whole number beyond the `i64`s and
//! `u64`s is kept where some crate of the program switches on `serde_json/arbitrary_precision`;
//! otherwise its last digits are gone before they get here, and it is an error instead of another
//! number. Nothing else depends on that feature.
//!
//! # Batches
//!
//! Several triggers deliver several records at once: [`batch::for_each`] handles them, a few at a
//! time.

// On docs.rs each item behind a feature says so.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod batch;
mod content;
#[allow(dead_code, reason = "as `tolerant`, which needs it")]
mod number;
#[allow(unused_macros, unused_imports, reason = "without any trigger there is nothing to declare")]
mod record;
#[allow(dead_code, reason = "not every trigger has fields of every type")]
mod tolerant;

#[cfg(feature = "apig")]
pub mod apig;
#[cfg(feature = "apig")]
mod apig_response;
#[cfg(feature = "cts")]
pub mod cts;
#[cfg(feature = "dds")]
pub mod dds;
#[cfg(feature = "dis")]
pub mod dis;
#[cfg(feature = "dms")]
pub mod dms;
#[cfg(feature = "eventgrid")]
pub mod eventgrid;
#[cfg(feature = "apig")]
mod fields;
#[cfg(feature = "gemini-mongo")]
pub mod gemini_mongo;
#[cfg(feature = "iotda")]
pub mod iotda;
#[cfg(feature = "kafka")]
pub mod kafka;
#[cfg(feature = "kafka-open-source")]
pub mod kafka_open_source;
#[cfg(feature = "lts")]
pub mod lts;
#[cfg(any(
    feature = "kafka",
    feature = "kafka-open-source",
    feature = "rabbitmq",
    feature = "rocketmq"
))]
pub mod messages;
#[cfg(feature = "notification")]
pub mod notification;
#[cfg(feature = "obs")]
pub mod obs;
#[cfg(feature = "obs-eventgrid")]
pub mod obs_eventgrid;
#[cfg(feature = "rabbitmq")]
pub mod rabbitmq;
#[cfg(feature = "rocketmq")]
pub mod rocketmq;
#[cfg(feature = "smn")]
pub mod smn;
mod time;
#[cfg(feature = "timer")]
pub mod timer;

pub use content::ContentError;
pub use time::Time;

/// The programs of the README, compiled with the documentation's own.
#[cfg(all(doctest, feature = "timer"))]
#[doc = include_str!("../README.md")]
struct Readme;
