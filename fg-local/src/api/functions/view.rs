//! A version of a function in the answers of the API.
//!
//! Each operation of the platform has a selection of its own of the same fields. Here every answer
//! has all of them: clients ignore what they do not know.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::catalog::function::Function;
use crate::catalog::user_data::without_values;
use crate::catalog::version::Version;
use crate::metrics::Minute;

/// A time as all SDKs read it: UTC, with a `Z`, in whole seconds.
pub(crate) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What belongs to `memory_size` MB, in millicores: 300 for 128 MB.
fn cpu(memory_size: u32) -> u64 {
    u64::from(memory_size) * 100 / 128 + 200
}

/// The answer of create, show and update.
pub(crate) fn function_view(
    app: &App,
    function: &Function,
    version: &Version,
) -> Map<String, Value> {
    let mut view = common_view(app, function, version);
    let config = &version.config;
    let reserved = function.reserved.get(&version.name);
    let logs = function.log_ids(&app.place.project_id);
    let more = json!({
        "func_id": function.id,
        "resource_id": format!("{}:{}", function.id, function.name.name),
        "namespace": app.place.project_id,
        "project_name": app.place.region,
        "package": function.name.package,
        "timeout": config.timeout,
        "handler": config.handler,
        "memory_size": config.memory_size,
        "cpu": cpu(config.memory_size),
        "user_data": config.user_data,
        "encrypted_user_data": without_values(&config.encrypted_user_data),
        "version": version.name,
        "version_description": version.description,
        "image_name": image_name(function, version),
        "xrole": config.xrole,
        "app_xrole": config.app_xrole,
        "description": config.description,
        "initializer_handler": config.initializer_handler,
        "initializer_timeout": config.initializer_timeout,
        "pre_stop_handler": config.pre_stop_handler,
        "pre_stop_timeout": config.pre_stop_timeout,
        "ephemeral_storage": config.ephemeral_storage.unwrap_or(512),
        "allow_ephemeral_storage": config.ephemeral_storage.is_some_and(|size| size > 512),
        "reserved_instance_count": reserved.map_or(0, |reserved| reserved.count),
        "reserved_instance_idle_mode": reserved.is_some_and(|reserved| reserved.idle_mode),
        "log_group_id": logs.group_id,
        "log_stream_id": logs.stream_id,
        "long_time": config.timeout > 900,
        "enable_cloud_debug": "DISABLED",
        "is_bridge_function": false,
        "apig_route_enable": false,
        "is_return_stream": false,
        "fail_count": failures(app, function),
    });
    extend(&mut view, more);
    for (name, kind) in super::body::KEPT {
        let kept = config.other.get(*name).cloned().or_else(|| kind.empty());
        view.extend(kept.map(|kept| ((*name).to_owned(), kept)));
    }
    view
}

/// How many invocations have failed in the last day.
fn failures(app: &App, function: &Function) -> u64 {
    let yesterday = Timestamp::now().saturating_sub(SignedDuration::from_hours(24));
    let minutes = yesterday.map(|since| app.invoker.metrics().minutes(&function.name, since));
    minutes.unwrap_or_default().iter().map(Minute::failures).sum()
}

/// An item of the list of functions or of versions.
pub(crate) fn listed_view(app: &App, function: &Function, version: &Version) -> Map<String, Value> {
    let mut view = function_view(app, function, version);
    let strategy = version.config.strategy;
    let vpc = version.config.other.get("func_vpc").and_then(|vpc| vpc.get("vpc_id"));
    let more = json!({
        "func_vpc_id": vpc.cloned().unwrap_or_else(|| "".into()),
        "concurrency": strategy.concurrency,
        "concurrent_num": strategy.concurrent_num,
        "bind_bridge_funcUrns": [],
    });
    extend(&mut view, more);
    view
}

/// The answer of show code and update code. The code itself is never returned, as on the platform.
pub(crate) fn code_view(app: &App, function: &Function, version: &Version) -> Map<String, Value> {
    let mut view = common_view(app, function, version);
    view.insert("func_code".into(), json!({"file": "", "link": ""}));
    view
}

fn common_view(app: &App, function: &Function, version: &Version) -> Map<String, Value> {
    let (config, code) = (&version.config, &version.code);
    let mut view = Map::new();
    let fields = json!({
        "func_urn": app.place.urn(&function.name, &version.name),
        "func_name": function.name.name,
        "domain_id": app.domain_id,
        "runtime": config.runtime,
        "code_type": code.code_type,
        "code_url": code.url,
        "code_filename": code.file_name,
        "code_size": code.size,
        "digest": code.digest,
        "last_modified": time(version.last_modified),
        "strategy_config": {
            "concurrency": config.strategy.concurrency,
            "concurrent_num": config.strategy.concurrent_num,
        },
        "depend_list": [],
        "depend_version_list": [],
        "dependencies": [],
    });
    extend(&mut view, fields);
    view
}

/// The platform's name of the image of a version, such as `latest-191025153727@zehht`.
fn image_name(function: &Function, version: &Version) -> String {
    let letters = function.id.bytes().filter(u8::is_ascii_hexdigit).take(5);
    let letters: String = letters.map(|digit| char::from(b'a' + digit % 26)).collect();
    format!("{}-{}@{letters}", version.name, version.last_modified.strftime("%y%m%d%H%M%S"))
}

fn extend(view: &mut Map<String, Value>, fields: Value) {
    if let Value::Object(fields) = fields {
        view.extend(fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_ends_with_z_and_has_no_fraction() {
        let at: Timestamp = "2026-11-27T10:20:30.123456+08:00".parse().expect("it is well-formed");
        assert_eq!(time(at), "2026-11-27T02:20:30Z");
    }

    #[test]
    fn the_cpu_follows_from_the_memory() {
        assert_eq!((cpu(128), cpu(256), cpu(4096)), (300, 400, 3400));
    }
}
