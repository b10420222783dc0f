//! The requests that create and configure a function, made of what it should be and what it has.

use std::collections::BTreeMap;

use fg_client::functions::{
    CreateFunction, CustomImage, Function, LogConfig, StrategyConfig, UpdateConfiguration,
    UserData, Vpc,
};

use crate::desired::{Desired, Runtime};

/// What a new function has, if the manifest does not say.
pub(crate) const DEFAULT_MEMORY: u32 = 128;
pub(crate) const DEFAULT_TIMEOUT: u32 = 3;

/// The runtime's name in the API.
pub(crate) fn runtime(runtime: &Runtime) -> &'static str {
    match runtime {
        Runtime::Custom => "Custom",
        Runtime::Http => "http",
        Runtime::Image(_) => "Custom Image",
    }
}

/// A new function, without its code. Not all settings can be in it: [`needs_configuration`].
pub(crate) fn create(desired: &Desired) -> CreateFunction {
    let mut body = CreateFunction::new(&desired.name, runtime(&desired.runtime), &desired.handler);
    body.package.clone_from(&desired.app);
    body.memory_size = desired.memory.unwrap_or(DEFAULT_MEMORY);
    body.timeout = desired.timeout.unwrap_or(DEFAULT_TIMEOUT);
    body.description.clone_from(&desired.description);
    body.user_data = variables(desired, None, false);
    body.encrypted_user_data = secrets(desired);
    body.xrole.clone_from(&desired.configuration_agency);
    body.app_xrole.clone_from(&desired.agency);
    body.log_config = log_config(desired);
    body.enable_lts_log = desired.log.as_ref().and_then(|log| log.lts);
    body.custom_image = image(desired, None);
    if body.custom_image.is_some() {
        body.code_type = Some("Custom-Image-Swr".to_owned());
    }
    body
}

/// Whether a setting is only set by configuring the function after it was created. Terraform's
/// provider sends these in no other request.
pub(crate) fn needs_configuration(field: &str) -> bool {
    field.starts_with("vpc.")
        || field.starts_with("log.labels.")
        || ["ephemeral_storage", "concurrency", "agency"].contains(&field)
}

/// A configuration that changes what is wanted, and repeats what the function has.
pub(crate) fn configure(
    desired: &Desired,
    function: &Function,
    prunes: bool,
    sends_secrets: bool,
) -> UpdateConfiguration {
    let mut body = UpdateConfiguration::new(
        &desired.name,
        runtime(&desired.runtime),
        &desired.handler,
        desired.memory.or_else(|| positive(function.memory_size)).unwrap_or(DEFAULT_MEMORY),
        desired.timeout.or_else(|| positive(function.timeout)).unwrap_or(DEFAULT_TIMEOUT),
    );
    body.user_data = variables(desired, Some(function), prunes);
    body.encrypted_user_data = match secrets(desired) {
        _ if !sends_secrets => None,
        // Nothing is left.
        None if prunes && function.encrypted_user_data.is_some() => Some(UserData::default()),
        secrets => secrets,
    };
    body.description = desired.description.clone().or_else(|| set(function.description.as_ref()));
    body.app_xrole = desired.agency.clone().or_else(|| set(function.app_xrole.as_ref()));
    body.xrole = desired.configuration_agency.clone().or_else(|| set(function.xrole.as_ref()));
    body.func_vpc = vpc(desired, function);
    body.ephemeral_storage = desired
        .ephemeral_storage
        .or_else(|| positive(function.ephemeral_storage).filter(|size| *size != 512));
    body.strategy_config = strategy(desired, function);
    body.custom_image = image(desired, Some(function));
    body.log_config = log_config(desired).or_else(|| kept(function, "log_config"));
    body.enable_lts_log = desired
        .log
        .as_ref()
        .and_then(|log| log.lts)
        .or_else(|| function.enable_lts_log.filter(|on| *on));
    body.lts_custom_tag = labels(desired, function);
    repeat(&mut body, function);
    body
}

/// Repeats what no manifest has.
fn repeat(body: &mut UpdateConfiguration, function: &Function) {
    body.mount_config = function
        .mount_config
        .clone()
        .filter(|config| config.func_mounts.as_ref().is_some_and(|mounts| !mounts.is_empty()));
    body.initializer_handler = set(function.initializer_handler.as_ref());
    body.initializer_timeout = positive(function.initializer_timeout);
    body.pre_stop_handler = set(function.pre_stop_handler.as_ref());
    body.pre_stop_timeout = positive(function.pre_stop_timeout);
    body.gpu_memory = positive(function.gpu_memory);
    body.gpu_type = kept(function, "gpu_type");
    body.network_controller.clone_from(&function.network_controller);
    body.enterprise_project_id = set(function.enterprise_project_id.as_ref());
    body.is_stateful_function = function.is_stateful_function.filter(|on| *on);
    body.enable_dynamic_memory = function.enable_dynamic_memory.filter(|on| *on);
    body.enable_auth_in_header = function.enable_auth_in_header.filter(|on| *on);
    body.domain_names = kept(function, "domain_names");
    body.peering_cidr = kept(function, "peering_cidr");
    body.extend_config = kept(function, "extend_config");
    body.user_data_encrypt_kms_key_id = kept(function, "user_data_encrypt_kms_key_id");
}

/// A field of the answer that has no type of its own; what is empty is not repeated.
fn kept<T: serde::de::DeserializeOwned>(function: &Function, name: &str) -> Option<T> {
    let value = function.other.get(name)?;
    let is_empty = value.is_null()
        || value.as_str() == Some("")
        || value.as_object().is_some_and(serde_json::Map::is_empty);
    if is_empty { None } else { serde_json::from_value(value.clone()).ok() }
}

fn set(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

fn positive(number: Option<i64>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0)
}

/// All variables: those of the manifest, and those that the function has besides.
fn variables(desired: &Desired, function: Option<&Function>, prunes: bool) -> Option<UserData> {
    let existing = function.and_then(|function| function.user_data.as_ref());
    let mut all = match existing {
        Some(existing) if !prunes => existing.0.clone(),
        _ => BTreeMap::new(),
    };
    all.extend(desired.variables.0.clone());
    all.retain(|name, _| !desired.secrets.contains_key(name));
    let is_needed = !all.is_empty() || existing.is_some_and(|existing| !existing.is_empty());
    is_needed.then_some(UserData(all))
}

fn secrets(desired: &Desired) -> Option<UserData> {
    let secrets = desired.secrets.iter().map(|(name, value)| (name.as_str(), value.expose()));
    (!desired.secrets.is_empty()).then(|| secrets.collect())
}

fn vpc(desired: &Desired, function: &Function) -> Option<Vpc> {
    let existing = function.func_vpc.clone().filter(|vpc| vpc.vpc_id.is_some());
    let Some(wanted) = &desired.vpc else { return existing };
    let mut vpc = Vpc::default();
    vpc.vpc_id = Some(wanted.id.clone());
    vpc.subnet_id = Some(wanted.subnet_id.clone());
    let is_same = |vpc: &Vpc| vpc.vpc_id.as_deref() == Some(&wanted.id);
    vpc.security_groups = if wanted.security_groups.is_empty() {
        existing.filter(is_same).and_then(|vpc| vpc.security_groups)
    } else {
        Some(wanted.security_groups.clone())
    };
    Some(vpc)
}

fn strategy(desired: &Desired, function: &Function) -> Option<StrategyConfig> {
    let existing = function.strategy_config.as_ref();
    let requests = existing.and_then(|strategy| strategy.concurrent_num).filter(|n| *n > 1);
    let instances = existing.and_then(|strategy| strategy.concurrency).filter(|n| *n != -1);
    let requests = desired.concurrency.map(i64::from).or(requests);
    if requests.is_none() && instances.is_none() {
        return None;
    }
    let mut strategy = StrategyConfig::default();
    strategy.concurrent_num = requests;
    strategy.concurrency = instances;
    Some(strategy)
}

fn image(desired: &Desired, function: Option<&Function>) -> Option<CustomImage> {
    let existing = function.and_then(|function| function.custom_image.clone());
    let Runtime::Image(address) = &desired.runtime else { return existing };
    let mut image = existing.unwrap_or_default();
    image.enabled = Some(true);
    image.image = Some(address.clone());
    Some(image)
}

fn log_config(desired: &Desired) -> Option<LogConfig> {
    let log = desired.log.as_ref()?;
    if log.group_id.is_none() && log.stream_id.is_none() {
        return None;
    }
    let mut config = LogConfig::default();
    config.group_id.clone_from(&log.group_id);
    config.stream_id.clone_from(&log.stream_id);
    Some(config)
}

fn labels(desired: &Desired, function: &Function) -> Option<BTreeMap<String, String>> {
    let mut labels: BTreeMap<String, String> = kept(function, "lts_custom_tag").unwrap_or_default();
    labels.extend(desired.log.iter().flat_map(|log| log.labels.clone()));
    (!labels.is_empty()).then_some(labels)
}
