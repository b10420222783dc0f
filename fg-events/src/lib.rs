//! The payload of every FunctionGraph trigger as a type that always parses.
//!
//! Each trigger is a module behind a feature of its own. None is enabled by default; `all` enables
//! all of them.
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
//! "Live samples" are payloads that were recorded on the platform; "documentation" means samples in
//! its documentation or in its own runtimes; "assumed" is not confirmed by any payload of the
//! platform.
//!
//! # Tolerance
//!
//! - A field may be missing, `null` or `""`: it is empty then, or `None` if it is a number or a
//!   time.
//! - Numbers may arrive as strings, and strings as numbers; a flag may be `"true"`.
//! - `{}` and `[]` in place of a string, a list or an object are empty, too.
//! - A string that may hold JSON, such as a document, a message or a timer's payload, may arrive as
//!   the JSON itself.
//! - Unknown fields are kept in `extra`, and serialized again.
//! - An object of another shape is not read as an empty one: if its essential fields (`records`,
//!   `s3`, `message` and so on) are missing and unknown fields are present, the error names both.
//! - Anything else is an error. If `fg` reads the event, the error has the JSON path: ``the payload
//!   does not fit `ObsEvent`: `Records[0].s3.object.size`: ..``.
//!
//! Methods decode what an event contains in another encoding: bodies and stream records (base64),
//! documents and log batches (JSON in a string), keys of objects (URL-encoded). Their
//! [`ContentError`] names the field. The field itself has the original value.
//!
//! # In tests
//!
//! Each module has a `FIXTURE`, a payload as the platform sends it, and `fixture()`, the same as an
//! event. Events also have setters:
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
//! Any struct that implements `Deserialize` can be an event: for a trigger that is not here, for a
//! direct invocation, or with only the fields that you need. With `#[serde(borrow)]` its strings
//! are not even copied. Use `Cow` instead of `&str`, because a string with an escape sequence has
//! to be unescaped into a new string.
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
//! A number in place of a string becomes the string of its digits. An integer beyond `i64` and
//! `u64` keeps its digits if some crate of the program enables `serde_json/arbitrary_precision`;
//! otherwise it is an error, because `serde_json` has already rounded it. Nothing else depends on
//! that feature.
//!
//! # Batches
//!
//! Some triggers deliver several records at once: [`batch::for_each`] handles them concurrently.

// On docs.rs each item behind a feature says so.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod batch;
mod content;
#[allow(dead_code, reason = "as `tolerant`, which needs it")]
mod number;
#[allow(unused_macros, unused_imports, reason = "without any trigger there is nothing to declare")]
mod record;
#[allow(dead_code, unused_imports, reason = "not every trigger has fields of every type")]
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

/// Compiles the programs of the README as doctests.
#[cfg(all(doctest, feature = "timer"))]
#[doc = include_str!("../README.md")]
struct Readme;
