//! The types of triggers, with their fields and their codes.

use serde_json::{Map, Value};

use super::field::Kind::{Flag, FlagOrText, Number, Object, OneOf, Secret, Text, Texts};
use super::field::{Field, optional, required};
use super::object_storage;
use crate::error::ApiError;
use crate::triggers::check_timer;

/// A type of triggers.
#[derive(Debug)]
pub(crate) struct TriggerType {
    /// `TIMER`, `OBS` and so on.
    pub(crate) code: &'static str,
    /// The code of an error for data that is refused, and the platform's words for it.
    pub(crate) invalid: &'static str,
    pub(super) words: &'static str,
    /// The code of an error for a trigger that is not there.
    pub(crate) missing: &'static str,
    /// The code of an error for a trigger that is there already.
    pub(crate) exists: &'static str,
    /// New triggers are disabled unless the request says otherwise.
    pub(super) starts_disabled: bool,
    pub(super) can_be_disabled: bool,
    /// The platform fetches messages.
    pub(super) is_pull: bool,
    /// It is an API of API Gateway.
    pub(crate) has_path: bool,
    fields: &'static [Field],
    /// What the table of fields cannot say; a sentence about what is wrong.
    more: fn(&Map<String, Value>) -> Result<(), String>,
}

/// A type without anything special.
const PLAIN: TriggerType = TriggerType {
    code: "",
    invalid: "FSS.0400",
    words: "Invalid parameter",
    missing: "FSS.1131",
    exists: "FSS.0409",
    starts_disabled: false,
    can_be_disabled: false,
    is_pull: false,
    has_path: false,
    fields: &[],
    more: |_| Ok(()),
};

const API: TriggerType = TriggerType {
    invalid: "FSS.1107",
    words: "Invalid APIG trigger parameters",
    missing: "FSS.1138",
    exists: "FSS.1147",
    has_path: true,
    fields: API_FIELDS,
    more: check_api,
    ..PLAIN
};

const DATABASE: TriggerType = TriggerType {
    starts_disabled: true,
    can_be_disabled: true,
    is_pull: true,
    fields: DATABASE_FIELDS,
    ..PLAIN
};

const KAFKA: TriggerType = TriggerType {
    invalid: "FSS.1112",
    words: "The Kafka trigger parameters are invalid",
    missing: "FSS.1174",
    exists: "FSS.1150",
    starts_disabled: true,
    can_be_disabled: true,
    is_pull: true,
    fields: KAFKA_FIELDS,
    ..PLAIN
};

/// All types (API reference `06_0119`, `06_0122`).
pub(crate) const TYPES: &[TriggerType] = &[
    TriggerType {
        code: "TIMER",
        invalid: "FSS.1109",
        words: "Invalid timer trigger parameters",
        missing: "FSS.1140",
        exists: "FSS.1148",
        can_be_disabled: true,
        fields: TIMER_FIELDS,
        more: check_timer,
        ..PLAIN
    },
    TriggerType { code: "APIG", ..API },
    TriggerType {
        code: "DEDICATEDGATEWAY",
        invalid: "FSS.1417",
        words: "Invalid APIG Exclusive trigger parameters",
        more: check_dedicated_api,
        ..API
    },
    TriggerType { code: "APIC", ..API },
    TriggerType {
        code: "OBS",
        invalid: "FSS.1106",
        words: "Invalid OBS trigger parameters",
        missing: "FSS.1136",
        exists: "FSS.1145",
        fields: OBS_FIELDS,
        more: object_storage::check,
        ..PLAIN
    },
    TriggerType {
        code: "SMN",
        invalid: "FSS.1102",
        words: "Invalid SMN trigger parameters",
        missing: "FSS.1132",
        exists: "FSS.1141",
        fields: &[required("topic_urn", Text(512))],
        more: check_topic,
        ..PLAIN
    },
    TriggerType {
        code: "LTS",
        can_be_disabled: true,
        fields: &[required("log_group_id", Text(64)), required("log_topic_id", Text(64))],
        ..PLAIN
    },
    TriggerType {
        code: "CTS",
        fields: &[required("name", Text(64)), required("operations", Texts)],
        ..PLAIN
    },
    TriggerType { code: "DDS", ..DATABASE },
    TriggerType { code: "GAUSSMONGO", ..DATABASE },
    TriggerType { code: "KAFKA", ..KAFKA },
    TriggerType { code: "OPENSOURCEKAFKA", starts_disabled: false, ..KAFKA },
    TriggerType {
        code: "RABBITMQ",
        can_be_disabled: true,
        is_pull: true,
        fields: RABBIT_FIELDS,
        ..PLAIN
    },
    TriggerType {
        code: "ROCKETMQ",
        can_be_disabled: true,
        is_pull: true,
        fields: ROCKET_FIELDS,
        ..PLAIN
    },
    TriggerType { code: "DMS", can_be_disabled: true, is_pull: true, fields: DMS_FIELDS, ..PLAIN },
    TriggerType { code: "DIS", is_pull: true, fields: DIS_FIELDS, ..PLAIN },
    TriggerType { code: "EVENTGRID", fields: EVENTGRID_FIELDS, ..PLAIN },
    TriggerType { code: "IOTDA", ..PLAIN },
];

const TIMER_FIELDS: &[Field] = &[
    required("name", Text(64)),
    required("schedule_type", OneOf(&["Rate", "Cron"])),
    required("schedule", Text(256)),
    optional("user_event", Text(2048)),
];

const API_FIELDS: &[Field] = &[
    required("func_info", Object),
    optional("name", Text(64)),
    required("env_id", Text(64)),
    required("env_name", Text(64)),
    required("protocol", OneOf(&["HTTP", "HTTPS"])),
    required("auth", OneOf(&["IAM", "APP", "NONE"])),
    required("group_id", Text(64)),
    optional("sl_domain", Text(256)),
    required("match_mode", OneOf(&["SWA", "NORMAL"])),
    required("req_method", OneOf(METHODS)),
    optional("backend_type", OneOf(&["FUNCTION"])),
    required("type", Number(1..=2)),
    required("path", Text(512)),
    optional("instance_id", Text(64)),
];

const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "ANY"];

const OBS_FIELDS: &[Field] = &[
    required("bucket", Text(64)),
    required("events", Texts),
    optional("name", Text(64)),
    optional("prefix", Text(1024)),
    optional("suffix", Text(1024)),
];

const DATABASE_FIELDS: &[Field] = &[
    required("instance_id", Text(64)),
    required("db_name", Text(128)),
    required("collection_name", Text(128)),
    required("db_password", Secret),
    required("batch_size", Number(1..=10_000)),
];

const KAFKA_FIELDS: &[Field] = &[
    required("instance_id", Text(64)),
    required("topic_ids", Texts),
    required("batch_size", Number(1..=1000)),
    optional("kafka_user", Text(128)),
    optional("kafka_password", Secret),
    optional("kafka_connect_address", Text(1024)),
    optional("kafka_ssl_enable", Flag),
];

const RABBIT_FIELDS: &[Field] = &[
    required("instance_id", Text(64)),
    required("access_password", Secret),
    required("exchange_name", Text(256)),
    required("batch_size", Number(1..=1000)),
    optional("access_user", Text(128)),
    optional("connect_address", Text(1024)),
    optional("vhost", Text(256)),
    optional("ssl_enable", Flag),
];

const ROCKET_FIELDS: &[Field] = &[
    required("instance_id", Text(64)),
    required("batch_size", Number(1..=1000)),
    optional("enable_acl", Flag),
    optional("access_key", Text(128)),
    optional("secret_key", Secret),
];

const DMS_FIELDS: &[Field] = &[
    required("queue_id", Text(64)),
    required("consumer_group_id", Text(64)),
    required("polling_interval", Number(1..=86_400)),
];

const DIS_FIELDS: &[Field] = &[
    required("stream_name", Text(64)),
    required("sharditerator_type", OneOf(&["TRIM_HORIZON", "LATEST"])),
    required("polling_interval", Number(1..=86_400_000)),
    required("polling_unit", OneOf(&["s", "ms"])),
    required("is_serial", FlagOrText),
    optional("max_fetch_bytes", Number(1..=10_485_760)),
    optional("batch_size", Number(1..=10_000)),
];

const EVENTGRID_FIELDS: &[Field] = &[
    optional("channel_id", Text(64)),
    optional("channel_name", Text(128)),
    optional("source_name", Text(128)),
    optional("trigger_name", Text(128)),
    optional("agency", Text(64)),
    optional("bucket", Text(64)),
    optional("event_types", Texts),
    optional("Key_encode", FlagOrText),
];

/// `func_info.timeout` in milliseconds, and the path.
fn check_api(data: &Map<String, Value>) -> Result<(), String> {
    let info = data.get("func_info").and_then(Value::as_object);
    let timeout = info.and_then(|info| info.get("timeout")).and_then(Value::as_i64);
    if !timeout.is_some_and(|timeout| (1..=60_000).contains(&timeout)) {
        return Err("func_info.timeout must be a number from 1 to 60000 (milliseconds)".into());
    }
    let kind = info.and_then(|info| info.get("invocation_type")).and_then(Value::as_str);
    if !matches!(kind, None | Some("" | "sync" | "async")) {
        return Err("func_info.invocation_type must be sync or async".into());
    }
    let path = data.get("path").and_then(Value::as_str).unwrap_or_default();
    if !path.starts_with('/') || path.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err("path must start with / and have no spaces".into());
    }
    Ok(())
}

fn check_dedicated_api(data: &Map<String, Value>) -> Result<(), String> {
    if data.get("instance_id").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err("instance_id is missing".into());
    }
    check_api(data)
}

fn check_topic(data: &Map<String, Value>) -> Result<(), String> {
    let urn = data.get("topic_urn").and_then(Value::as_str).unwrap_or_default();
    if urn.starts_with("urn:smn:") && urn.split(':').count() == 5 {
        return Ok(());
    }
    Err("topic_urn must have the form urn:smn:<region>:<project>:<topic>".into())
}

impl TriggerType {
    /// Whether the platform would accept this data. Of a trigger that is there, secrets may be
    /// empty: they are not kept.
    pub(super) fn check(&self, data: &Map<String, Value>, is_new: bool) -> Result<(), ApiError> {
        if self.code == "CTS" {
            check_operations(data)?;
        }
        let fields = self.fields.iter().try_for_each(|field| field.check(data, is_new));
        fields.and_then(|()| (self.more)(data)).map_err(|reason| {
            ApiError::bad_request(self.invalid, format!("{}: {reason}", self.words))
        })
    }

    pub(super) fn read_status(&self, status: &str) -> Result<bool, ApiError> {
        match status {
            "ACTIVE" => Ok(true),
            "DISABLED" if self.can_be_disabled => Ok(false),
            "DISABLED" => Err(ApiError::bad_request(
                "FSS.1318",
                format!(
                    "Invalid trigger operation: triggers of the type {} are always ACTIVE",
                    self.code
                ),
            )),
            _ => Err(ApiError::bad_request(
                "FSS.0400",
                "Invalid parameter: trigger_status must be ACTIVE or DISABLED",
            )),
        }
    }

    #[cfg(test)]
    pub(super) fn required(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().filter(|field| field.is_required).map(|field| field.name)
    }
}

/// Cloud Trace has codes of its own for a missing name and for the number of operations.
fn check_operations(data: &Map<String, Value>) -> Result<(), ApiError> {
    if data.get("name").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(ApiError::bad_request(
            "FSS.1312",
            "The notification name must be specified: name is missing",
        ));
    }
    match data.get("operations").and_then(Value::as_array).map_or(0, Vec::len) {
        0 => Err(ApiError::bad_request(
            "FSS.1314",
            "The operation resource must be specified: operations is empty",
        )),
        1..=100 => Ok(()),
        _ => Err(ApiError::bad_request(
            "FSS.1313",
            "The number of operation resources has reached the maximum allowed limit (100)",
        )),
    }
}
