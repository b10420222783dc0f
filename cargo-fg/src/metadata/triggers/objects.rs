//! Triggers of object storage and of EventGrid, which has the events of object storage, too.

use serde_json::Value;

use super::field::Kind::{Flag, Own, Text, Texts};
use super::field::Preset::Text as OfText;
use super::field::{Field, optional, preset, required, texts};
use super::types::Type;
use crate::metadata::entry::{Entry, alternatives};
use crate::metadata::mistake::Mistake;

pub(super) const TYPES: &[Type] = &[
    Type {
        name: "obs",
        code: "OBS",
        fields: OBS_FIELDS,
        identity: &["bucket", "prefix", "suffix"],
        ..Type::PLAIN
    },
    Type {
        name: "eventgrid",
        code: "EVENTGRID",
        fields: EVENTGRID_FIELDS,
        identity: &["channel_id", "trigger_name"],
        is_silent: true,
        ..Type::PLAIN
    },
];

const OBS_FIELDS: &[Field] = &[
    required("bucket", Text(64)),
    required("events", Own(events)),
    optional("name", Text(64)),
    optional("prefix", Text(1024)),
    optional("suffix", Text(1024)),
];

const EVENTGRID_FIELDS: &[Field] = &[
    required("channel_id", Text(64)),
    required("event_types", Texts),
    optional("trigger_name", Text(64)),
    optional("channel_name", Text(128)),
    preset("source_name", Text(128), OfText("HC.OBS.DWR")),
    optional("bucket", Text(64)),
    optional("agency", Text(64)),
    optional("key_encode", Flag).sent_as("Key_encode"),
];

const EVENTS: &[&str] = &[
    "ObjectCreated:*",
    "ObjectCreated:Put",
    "ObjectCreated:Post",
    "ObjectCreated:Copy",
    "ObjectCreated:CompleteMultipartUpload",
    "ObjectRemoved:*",
    "ObjectRemoved:Delete",
    "ObjectRemoved:DeleteMarkerCreated",
];

/// The events of a bucket; the platform has them with `s3:`.
fn events(entry: &Entry<'_>) -> Result<Value, Mistake> {
    texts(entry)?;
    let event = |entry: &Entry<'_>| {
        let text = entry.string()?;
        let event = text.strip_prefix("s3:").unwrap_or(text);
        match EVENTS.iter().find(|known| **known == event) {
            Some(known) => Ok(Value::from(format!("s3:{known}"))),
            None => Err(entry.wrong(format!("it has to be {}", alternatives(EVENTS)))),
        }
    };
    entry.list()?.iter().map(event).collect()
}
