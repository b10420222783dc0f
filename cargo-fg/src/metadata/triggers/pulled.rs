//! Triggers whose messages the platform fetches: queues, streams, and databases.

use serde_json::Value;

use super::field::Kind::{Flag, Number, OneOf, Own, Password, Text, Texts};
use super::field::Preset::{Number as OfNumber, Text as OfText};
use super::field::{Field, optional, preset, required};
use super::types::Type;
use crate::desired::Trigger;
use crate::metadata::entry::{Entry, Table};
use crate::metadata::mistake::Mistake;

pub(super) const TYPES: &[Type] = &[
    Type { name: "dds", code: "DDS", ..DATABASE },
    Type { name: "gaussmongo", code: "GAUSSMONGO", ..DATABASE },
    Type {
        name: "kafka",
        code: "KAFKA",
        fields: KAFKA_FIELDS,
        identity: &["instance_id", "topic_ids"],
        ..PULLED
    },
    Type {
        name: "open_source_kafka",
        code: "OPENSOURCEKAFKA",
        fields: OPEN_SOURCE_KAFKA_FIELDS,
        identity: &["kafka_connect_address", "topic_ids"],
        ..PULLED
    },
    Type {
        name: "rabbitmq",
        code: "RABBITMQ",
        fields: RABBITMQ_FIELDS,
        identity: &["instance_id", "vhost", "exchange_name"],
        ..PULLED
    },
    Type {
        name: "rocketmq",
        code: "ROCKETMQ",
        fields: ROCKETMQ_FIELDS,
        identity: &["instance_id"],
        finish: check_acl,
        ..PULLED
    },
    Type {
        name: "dms",
        code: "DMS",
        fields: DMS_FIELDS,
        identity: &["queue_id", "consumer_group_id"],
        ..PULLED
    },
    Type {
        name: "dis",
        code: "DIS",
        fields: DIS_FIELDS,
        identity: &["stream_name"],
        can_be_disabled: false,
        ..PULLED
    },
];

const PULLED: Type = Type { is_pulled: true, can_be_disabled: true, ..Type::PLAIN };

const DATABASE: Type = Type {
    fields: DATABASE_FIELDS,
    identity: &["instance_id", "db_name", "collection_name"],
    ..PULLED
};

const DATABASE_FIELDS: &[Field] = &[
    required("instance_id", Text(64)),
    required("db_name", Text(128)),
    required("collection_name", Text(128)),
    required("db_password", Password),
    required("batch_size", Number(1..=10_000, "")),
];

const KAFKA_FIELDS: &[Field] = &[
    required("instance_id", Text(64)),
    required("topic_ids", Texts),
    required("batch_size", Number(1..=1000, "")),
    optional("kafka_user", Text(128)),
    optional("kafka_password", Password),
    optional("kafka_connect_address", Text(1024)),
    optional("kafka_ssl_enable", Flag),
];

const OPEN_SOURCE_KAFKA_FIELDS: &[Field] = &[
    required("kafka_connect_address", Text(1024)),
    required("topic_ids", Texts),
    required("batch_size", Number(1..=1000, "")),
    optional("instance_id", Text(64)),
    optional("kafka_user", Text(128)),
    optional("kafka_password", Password),
    optional("kafka_ssl_enable", Flag),
];

const RABBITMQ_FIELDS: &[Field] = &[
    required("instance_id", Text(64)),
    required("exchange_name", Text(256)),
    required("access_password", Password),
    required("batch_size", Number(1..=1000, "")),
    optional("access_user", Text(128)),
    optional("connect_address", Text(1024)),
    optional("vhost", Text(256)),
    optional("ssl_enable", Flag),
];

const ROCKETMQ_FIELDS: &[Field] = &[
    required("instance_id", Text(64)),
    required("batch_size", Number(1..=1000, "")),
    optional("enable_acl", Flag),
    optional("access_key", Text(128)),
    optional("secret_key", Password),
];

const DMS_FIELDS: &[Field] = &[
    required("queue_id", Text(64)),
    required("consumer_group_id", Text(64)),
    preset("polling_interval", Number(1..=86_400, "seconds"), OfNumber(30)),
];

const DIS_FIELDS: &[Field] = &[
    required("stream_name", Text(64)),
    preset("sharditerator_type", OneOf(&["LATEST", "TRIM_HORIZON"]), OfText("LATEST")),
    preset("polling_interval", Number(1..=86_400_000, "polling units"), OfNumber(30)),
    preset("polling_unit", OneOf(&["s", "ms"]), OfText("s")),
    preset("is_serial", Own(flag_as_text), OfText("true")),
    preset("max_fetch_bytes", Number(1..=10_485_760, "bytes"), OfNumber(1_048_576)),
    optional("batch_size", Number(1..=10_000, "")),
];

/// The API has this flag as a string in new triggers.
fn flag_as_text(entry: &Entry<'_>) -> Result<Value, Mistake> {
    Ok(entry.flag()?.to_string().into())
}

fn check_acl(table: &Table<'_>, trigger: &mut Trigger) -> Result<(), Mistake> {
    if trigger.settings.get("enable_acl") == Some(&Value::Bool(true)) {
        for key in ["access_key", "secret_key"] {
            table.required(key).map_err(|mistake| Mistake {
                reason: "it is missing, and `enable_acl` needs it".to_owned(),
                ..mistake
            })?;
        }
    }
    Ok(())
}
