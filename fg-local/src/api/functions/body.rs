//! A configuration in a request: create and update config.

use serde_json::{Map, Value, json};

use super::super::fields::Fields;
use super::mounts::{custom_image, mount_config, vpc};
use crate::catalog::version::Config;
use crate::error::ApiError;

/// What kind of value a field has that is kept as it came.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    String,
    Integer,
    Flag,
    Object,
    /// An object with rules of its own.
    Checked(fn(Fields<'_>) -> Result<Option<Value>, ApiError>),
}

/// The fields of a configuration that have no other meaning to this server.
pub(crate) const KEPT: &[(&str, Kind)] = &[
    ("gpu_memory", Kind::Integer),
    ("gpu_type", Kind::String),
    ("type", Kind::Checked(generation)),
    ("domain_names", Kind::String),
    ("enterprise_project_id", Kind::String),
    ("peering_cidr", Kind::String),
    ("extend_config", Kind::String),
    ("enable_lts_log", Kind::Flag),
    ("lts_custom_tag", Kind::Object),
    ("log_config", Kind::Object),
    ("network_controller", Kind::Object),
    ("enable_dynamic_memory", Kind::Flag),
    ("is_stateful_function", Kind::Flag),
    ("enable_auth_in_header", Kind::Flag),
    ("enable_class_isolation", Kind::Flag),
    ("heartbeat_handler", Kind::String),
    ("restore_hook_handler", Kind::String),
    ("restore_hook_timeout", Kind::Integer),
    ("user_data_encrypt_kms_key_id", Kind::String),
    ("code_encrypt_kms_key_id", Kind::String),
    ("func_vpc", Kind::Checked(vpc)),
    ("mount_config", Kind::Checked(mount_config)),
    ("custom_image", Kind::Checked(custom_image)),
];

impl Kind {
    /// What is returned for a field that has no value: an object is left out.
    pub(crate) fn empty(self) -> Option<Value> {
        match self {
            Self::String => Some("".into()),
            Self::Integer => Some(0.into()),
            Self::Flag => Some(false.into()),
            Self::Object | Self::Checked(_) => None,
        }
    }
}

/// Changes a configuration as the request says. A field that is absent stays as it is, and the
/// whole is checked.
pub(crate) fn apply(config: &mut Config, fields: Fields<'_>) -> Result<(), ApiError> {
    set(&mut config.runtime, fields.string("runtime", "FSS.1005")?);
    set(&mut config.handler, fields.string("handler", "FSS.1003")?);
    set(&mut config.user_data, fields.string("user_data", "FSS.1009")?);
    set(&mut config.encrypted_user_data, fields.string("encrypted_user_data", "FSS.1009")?);
    set(&mut config.description, fields.string("description", "FSS.1019")?);
    set(&mut config.xrole, fields.string("xrole", "FSS.0400")?);
    set(&mut config.app_xrole, fields.string("app_xrole", "FSS.0400")?);
    set(&mut config.initializer_handler, fields.string("initializer_handler", "FSS.1404")?);
    set(&mut config.pre_stop_handler, fields.string("pre_stop_handler", "FSS.0400")?);
    set_number(&mut config.timeout, fields, "timeout", "FSS.1008")?;
    set_number(&mut config.memory_size, fields, "memory_size", "FSS.1007")?;
    set_number(&mut config.initializer_timeout, fields, "initializer_timeout", "FSS.1405")?;
    set_number(&mut config.pre_stop_timeout, fields, "pre_stop_timeout", "FSS.0400")?;
    let mut ephemeral_storage = 0;
    set_number(&mut ephemeral_storage, fields, "ephemeral_storage", "FSS.0400")?;
    if ephemeral_storage != 0 {
        config.ephemeral_storage = Some(ephemeral_storage);
    }
    if let Some(strategy) = fields.object("strategy_config", "FSS.1026")? {
        apply_strategy(config, strategy)?;
    }
    for (name, kind) in KEPT {
        keep(&mut config.other, fields, name, *kind)?;
    }
    config.check()
}

/// Terraform sends `concurrent_num` alone; a 0 of it is a client's empty value.
fn apply_strategy(config: &mut Config, fields: Fields<'_>) -> Result<(), ApiError> {
    if let Some(concurrency) = fields.integer("concurrency", "FSS.1026")? {
        crate::catalog::config::check_concurrency(concurrency)?;
        config.strategy.concurrency = i32::try_from(concurrency).unwrap_or(-1);
    }
    let mut number = 0;
    set_number(&mut number, fields, "concurrent_num", "FSS.1026")?;
    if number != 0 {
        config.strategy.concurrent_num = number;
    }
    Ok(())
}

/// Keeps a field. A client's empty value is the same as none, so that publishing sees no change.
fn keep(
    kept: &mut Map<String, Value>,
    fields: Fields<'_>,
    name: &str,
    kind: Kind,
) -> Result<(), ApiError> {
    if fields.get(name).is_none() {
        return Ok(());
    }
    const CODE: &str = "FSS.0400";
    let value = match kind {
        Kind::String => {
            fields.string(name, CODE)?.filter(|value| !value.is_empty()).map(|value| json!(value))
        }
        Kind::Integer => fields.integer(name, CODE)?.filter(|value| *value != 0).map(Value::from),
        Kind::Flag => fields.flag(name, CODE)?.filter(|value| *value).map(Value::from),
        Kind::Object => fields
            .object(name, CODE)?
            .filter(|object| !object.as_map().is_empty())
            .map(|object| Value::Object(object.as_map().clone())),
        Kind::Checked(read) => read(fields)?,
    };
    match value {
        Some(value) => kept.insert(name.to_owned(), value),
        None => kept.remove(name),
    };
    Ok(())
}

/// `v1` or `v2`, the generation of the platform.
fn generation(fields: Fields<'_>) -> Result<Option<Value>, ApiError> {
    match fields.string("type", "FSS.0400")? {
        None | Some("" | "v2") => Ok(Some("v2".into())),
        Some("v1") => Ok(Some("v1".into())),
        Some(_) => {
            Err(ApiError::bad_request("FSS.0400", "Invalid parameter: type must be v1 or v2"))
        }
    }
}

fn set(place: &mut String, value: Option<&str>) {
    if let Some(value) = value {
        value.clone_into(place);
    }
}

fn set_number(
    place: &mut u32,
    fields: Fields<'_>,
    name: &str,
    code: &'static str,
) -> Result<(), ApiError> {
    if let Some(number) = fields.integer(name, code)? {
        // The rules say what the limits are; a number that is no u32 is outside of all of them.
        *place = u32::try_from(number).unwrap_or(u32::MAX);
    }
    Ok(())
}
