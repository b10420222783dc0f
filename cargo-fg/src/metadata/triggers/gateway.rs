//! Triggers of API Gateway: a request of HTTP.

use serde_json::Value;

use super::field::Kind::{Number, OneOf, Own, Text};
use super::field::Preset::{Number as OfNumber, Text as OfText};
use super::field::{Field, optional, preset, required};
use super::types::Type;
use crate::desired::Trigger;
use crate::metadata::entry::{Entry, Table};
use crate::metadata::mistake::Mistake;

pub(super) const TYPES: &[Type] = &[
    Type { name: "apig", code: "APIG", finish: choose_gateway, ..API },
    Type { name: "apic", code: "APIC", ..API },
];

const API: Type =
    Type { fields: FIELDS, identity: &["group_id", "req_method", "path"], ..Type::PLAIN };

const FIELDS: &[Field] = &[
    required("group_id", Text(64)),
    required("path", Own(path)),
    preset("auth", OneOf(&["IAM", "APP", "NONE"]), OfText("IAM")),
    preset("req_method", OneOf(METHODS), OfText("ANY")),
    preset("match_mode", OneOf(&["SWA", "NORMAL"]), OfText("SWA")),
    preset("protocol", OneOf(&["HTTP", "HTTPS"]), OfText("HTTPS")),
    preset("timeout", Number(1..=60_000, "milliseconds"), OfNumber(5000))
        .sent_as("func_info.timeout"),
    optional("invocation_type", OneOf(&["sync", "async"])).sent_as("func_info.invocation_type"),
    preset("visibility", Own(visibility), OfNumber(1)).sent_as("type"),
    optional("instance_id", Text(64)),
    optional("name", Text(64)),
    preset("env_id", Text(64), OfText("DEFAULT_ENVIRONMENT_RELEASE_ID")),
    preset("env_name", Text(64), OfText("RELEASE")),
    optional("sl_domain", Text(255)),
    preset("backend_type", OneOf(&["FUNCTION"]), OfText("FUNCTION")),
];

const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "ANY"];

/// A dedicated gateway has an instance, the shared one has not.
fn choose_gateway(_: &Table<'_>, trigger: &mut Trigger) -> Result<(), Mistake> {
    if trigger.settings.contains_key("instance_id") {
        trigger.type_code = "DEDICATEDGATEWAY".to_owned();
    }
    Ok(())
}

fn path(entry: &Entry<'_>) -> Result<Value, Mistake> {
    let path = entry.text(512)?;
    if !path.starts_with('/') || path.contains(char::is_whitespace) {
        return Err(entry.wrong("it has to begin with `/`, and to have no spaces"));
    }
    Ok(path.into())
}

fn visibility(entry: &Entry<'_>) -> Result<Value, Mistake> {
    Ok(if entry.one_of(&["public", "private"])? == "public" { 1 } else { 2 }.into())
}
