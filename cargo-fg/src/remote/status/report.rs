//! The status of a function as text and as JSON.

use std::fmt;

use fg_client::functions::{Function, UserData};
use fg_client::invocations::{AsyncConfig, AsyncInvocation, Destination};
use fg_client::resources::MetricPoint;
use serde_json::{Value, json};

use super::{Status, reserved_line};
use crate::remote::output::{columns, one_line, size};
use crate::remote::published::{Published, digest_of, name_of, route};

/// A label, and lines behind it.
struct Rows(Vec<[String; 2]>);

impl Rows {
    fn add(&mut self, label: &str, lines: impl IntoIterator<Item = String>) {
        for (at, line) in lines.into_iter().enumerate() {
            self.0.push([if at == 0 { label.to_owned() } else { String::new() }, line]);
        }
    }

    /// Adds what is known, or why it is not.
    fn add_known<T>(
        &mut self,
        label: &str,
        known: &Result<T, String>,
        lines: impl FnOnce(&T) -> Vec<String>,
    ) {
        match known {
            Ok(known) => {
                let lines = lines(known);
                let none = lines.is_empty().then(|| "none".to_owned());
                self.add(label, lines.into_iter().chain(none));
            }
            Err(reason) => self.add(label, [format!("not known: {reason}")]),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, .. } = self;
        let mut rows = Rows(Vec::new());
        rows.add("function", [self.urn.clone()]);
        rows.add("", function.description.clone().filter(|text| !text.is_empty()));
        rows.add("runtime", [runtime(function)]);
        rows.add("limits", [limits(function)]);
        rows.add("variables", [variables(function)]);
        rows.add("agencies", [agencies(function)].into_iter().filter(|text| !text.is_empty()));
        rows.add(
            "network",
            function.func_vpc.iter().filter_map(|vpc| {
                let (id, subnet) = (vpc.vpc_id.as_ref()?, vpc.subnet_id.as_ref()?);
                (!id.is_empty()).then(|| format!("VPC {id}, subnet {subnet}"))
            }),
        );
        rows.add("code", [code(function)]);
        rows.add_known("log", &self.log, |log| {
            vec![match log {
                Some(log) => format!(
                    "LTS group {}, stream {}",
                    log.group_name.as_deref().unwrap_or_default(),
                    log.stream_name.as_deref().unwrap_or_default()
                ),
                None => "not in LTS".to_owned(),
            }]
        });
        rows.add_known("versions", &self.published, |published| {
            let newest = published.versions.first().map(|version| {
                format!(
                    "{} published, the newest is {} of {}",
                    published.versions.len(),
                    name_of(version),
                    version.last_modified.as_deref().unwrap_or_default()
                )
            });
            newest.into_iter().collect()
        });
        rows.add_known("aliases", &self.published, |published| {
            let aliases = published.aliases.iter();
            aliases
                .map(|alias| {
                    format!("{}: {}", alias.name.as_deref().unwrap_or_default(), route(alias))
                })
                .collect()
        });
        rows.add_known("triggers", &self.triggers, |triggers| {
            triggers.iter().map(super::Trigger::line).collect()
        });
        rows.add_known("async", &self.async_config, |config| match config {
            Some(config) => async_lines(config),
            None => vec!["as the platform has it, without destinations".to_owned()],
        });
        rows.add_known("reserved", &self.reserved, |reserved| {
            reserved.iter().map(reserved_line).collect()
        });
        rows.add_known("last hour", &self.metrics, |metrics| {
            vec![format!(
                "{} invocations, {} failed, {} refused",
                sum(&metrics.count),
                sum(&metrics.fail_count),
                sum(&metrics.reject_count)
            )]
        });
        rows.add_known("instances", &self.metrics, |metrics| {
            vec![match last(&metrics.instance_num) {
                Some(instances) => format!("{instances} in the last minute that has a figure"),
                None => "no figure of the last hour: nothing has run".to_owned(),
            }]
        });
        rows.add_known("errors", &self.errors, Clone::clone);
        rows.add_known("failed async", &self.failed, |failed| {
            failed.iter().map(failed_line).collect()
        });
        f.write_str(&columns(&rows.0))
    }
}

impl Status {
    pub(super) fn to_json(&self) -> Value {
        let Self { function, .. } = self;
        let names = |variables: &Option<UserData>| -> Vec<String> {
            variables.iter().flat_map(UserData::names).map(str::to_owned).collect()
        };
        json!({
            "urn": self.urn,
            "name": function.func_name,
            "app": function.package,
            "description": function.description,
            "runtime": function.runtime,
            "handler": function.handler,
            "memory_mb": function.memory_size,
            "timeout_s": function.timeout,
            "ephemeral_storage_mb": function.ephemeral_storage,
            "max_instances": function.strategy_config.as_ref().and_then(|it| it.concurrency),
            "concurrency": function.strategy_config.as_ref().and_then(|it| it.concurrent_num),
            "variables": names(&function.user_data),
            "encrypted_variables": names(&function.encrypted_user_data),
            "agency": function.app_xrole,
            "configuration_agency": function.xrole,
            "vpc_id": function.func_vpc.as_ref().and_then(|vpc| vpc.vpc_id.clone()),
            "subnet_id": function.func_vpc.as_ref().and_then(|vpc| vpc.subnet_id.clone()),
            "image": function.custom_image.as_ref().and_then(|image| image.image.clone()),
            "code": {
                "type": function.code_type,
                "size": function.code_size,
                "digest": function.digest,
                "last_modified": function.last_modified,
            },
            "log": known(&self.log, |log| json!(log)),
            "versions": known(&self.published, Published::to_json),
            "aliases": known(&self.published, |published| json!(published.aliases)),
            "triggers": known(&self.triggers, |triggers| {
                triggers.iter().map(super::Trigger::to_json).collect()
            }),
            "async": known(&self.async_config, |config| json!(config)),
            "reserved": known(&self.reserved, |reserved| json!(reserved)),
            "last_hour": known(&self.metrics, |metrics| json!({
                "invocations": sum(&metrics.count),
                "failed": sum(&metrics.fail_count),
                "refused": sum(&metrics.reject_count),
            })),
            "instances": known(&self.metrics, |metrics| json!(last(&metrics.instance_num))),
            "errors": known(&self.errors, |errors| json!(errors)),
            "failed_async": known(&self.failed, |failed| json!(failed)),
        })
    }
}

/// What is known, or an object that says why it is not.
fn known<T>(known: &Result<T, String>, value: impl FnOnce(&T) -> Value) -> Value {
    match known {
        Ok(known) => value(known),
        Err(reason) => json!({"not_known": reason}),
    }
}

fn runtime(function: &Function) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    match function.custom_image.as_ref().and_then(|image| image.image.as_ref()) {
        Some(image) if !image.is_empty() => format!("{}, {image}", text(&function.runtime)),
        _ => format!("{}, handler {}", text(&function.runtime), text(&function.handler)),
    }
}

fn limits(function: &Function) -> String {
    let mut limits = Vec::new();
    limits.extend(function.memory_size.map(|memory| format!("{memory} MB")));
    limits.extend(function.timeout.map(|timeout| format!("{timeout} s")));
    let storage = function.ephemeral_storage.filter(|storage| *storage > 0);
    limits.extend(storage.map(|storage| format!("{storage} MB in /tmp")));
    if let Some(strategy) = &function.strategy_config {
        limits.extend(strategy.concurrency.map(|instances| match instances {
            -1 => "instances without a limit".to_owned(),
            0 => "switched off: no instances".to_owned(),
            most => format!("at most {most} instances"),
        }));
        let at_a_time = strategy.concurrent_num.filter(|number| *number > 1);
        limits.extend(at_a_time.map(|number| format!("{number} requests at a time on each")));
    }
    limits.join(", ")
}

/// The names of the variables; their values are the function's business.
fn variables(function: &Function) -> String {
    let names = |variables: &Option<UserData>, mark: &str| -> Vec<String> {
        let names = variables.iter().flat_map(UserData::names);
        names.map(|name| format!("{name}{mark}")).collect()
    };
    let mut all = names(&function.user_data, "");
    all.extend(names(&function.encrypted_user_data, " (encrypted)"));
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn agencies(function: &Function) -> String {
    let of = |agency: &Option<String>, what: &str| {
        let agency = agency.as_ref().filter(|agency| !agency.is_empty())?;
        Some(format!("{agency} ({what})"))
    };
    let both = [of(&function.app_xrole, "credentials"), of(&function.xrole, "configuration")];
    both.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn code(function: &Function) -> String {
    let digest = Some(digest_of(function)).filter(|digest| !digest.is_empty());
    let parts = [
        function.code_type.clone(),
        function.code_size.map(size),
        digest.map(|digest| format!("digest {digest}")),
        function.last_modified.as_ref().map(|time| format!("changed {time}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn async_lines(config: &AsyncConfig) -> Vec<String> {
    let mut limits = Vec::new();
    let retries = config.max_async_retry_attempts;
    limits.extend(retries.map(|retries| format!("{retries} retries")));
    let age = config.max_async_event_age_in_seconds;
    limits.extend(age.map(|age| format!("events wait at most {age} s")));
    let mut lines = vec![limits.join(", ")];
    let destinations = config.destination_config.clone().unwrap_or_default();
    let mut add = |when: &str, destination: &Option<Destination>| {
        let kind = destination.as_ref().and_then(|it| it.destination.as_ref());
        if let Some(kind) = kind.filter(|kind| !kind.is_empty()) {
            let param = destination.as_ref().and_then(|it| it.param.as_deref());
            lines.push(format!("{when} to {kind} {}", param.unwrap_or_default()));
        }
    };
    add("results", &destinations.on_success);
    add("failures", &destinations.on_failure);
    lines
}

fn failed_line(invocation: &AsyncInvocation) -> String {
    let text = |text: &Option<String>| one_line(text.as_deref().unwrap_or_default());
    let AsyncInvocation { start_time, request_id, error_message, .. } = invocation;
    format!("{} {} {}", text(start_time), text(request_id), text(error_message))
}

/// The sum of the minutes in which something ran.
#[allow(clippy::cast_possible_truncation, reason = "these are counts")]
fn sum(points: &[MetricPoint]) -> i64 {
    points.iter().filter_map(|point| point.value).filter(|value| *value > 0.0).sum::<f64>() as i64
}

/// The newest value of a minute in which something ran.
#[allow(clippy::cast_possible_truncation, reason = "these are counts")]
fn last(points: &[MetricPoint]) -> Option<i64> {
    let known = |point: &&MetricPoint| point.value.is_some_and(|value| value >= 0.0);
    points.iter().filter(known).max_by_key(|point| point.timestamp)?.value.map(|value| value as i64)
}
