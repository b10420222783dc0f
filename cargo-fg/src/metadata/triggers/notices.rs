//! Triggers of services that push what happens: SMN, LTS, CTS, `IoTDA`.

use serde_json::Value;

use super::field::Kind::{Own, Text};
use super::field::{Field, required, texts};
use super::types::Type;
use crate::metadata::entry::Entry;
use crate::metadata::mistake::Mistake;

pub(super) const TYPES: &[Type] = &[
    Type {
        name: "smn",
        code: "SMN",
        fields: &[required("topic_urn", Own(topic_urn))],
        identity: &["topic_urn"],
        ..Type::PLAIN
    },
    Type {
        name: "lts",
        code: "LTS",
        fields: &[required("log_group_id", Text(64)), required("log_topic_id", Text(64))],
        identity: &["log_group_id", "log_topic_id"],
        can_be_disabled: true,
        ..Type::PLAIN
    },
    Type { name: "cts", code: "CTS", fields: CTS_FIELDS, identity: &["name"], ..Type::PLAIN },
    // Its fields are not documented.
    Type { name: "iotda", code: "IOTDA", ..Type::PLAIN },
];

const CTS_FIELDS: &[Field] = &[required("name", Text(64)), required("operations", Own(operations))];

/// Reads the URN of a topic.
pub(in crate::metadata) fn topic_urn(entry: &Entry<'_>) -> Result<Value, Mistake> {
    let urn = entry.text(512)?;
    if !urn.starts_with("urn:smn:") || urn.split(':').count() != 5 {
        return Err(entry.wrong("it has to have the form \"urn:smn:<region>:<project>:<topic>\""));
    }
    Ok(urn.into())
}

/// Operations of the form `service:resources:operations`.
fn operations(entry: &Entry<'_>) -> Result<Value, Mistake> {
    let operations = texts(entry)?;
    for (operation, entry) in operations.iter().zip(entry.list()?) {
        if operation.split(':').count() != 3 || operation.split(':').any(str::is_empty) {
            return Err(entry
                .wrong("it has to have the form \"service:resource types:operations\"")
                .advise("for example \"APIG:apigConfig;apigApps:updateConfig;updateApp\""));
        }
    }
    Ok(operations.into())
}
