//! `cargo fg status`: what a function is on the platform, and how it is doing.

mod report;
mod trigger;

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Args;
use fg_client::Error;
use fg_client::aliases::Alias;
use fg_client::functions::Function;
use fg_client::invocations::{AsyncConfig, AsyncInvocation, ListAsyncInvocations};
use fg_client::logs::{LogDetails, LogQuery};
use fg_client::resources::{ListReservedInstances, Metrics, ReservedInstances};

use super::output::{OutputFormat, print_as};
use super::published::Published;
use super::target::{Target, TargetFlags};
use crate::failure::Failure;
use crate::screen::Screen;

pub(crate) use self::trigger::Trigger;

/// How far back errors and metrics go.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// How many errors of each kind are shown.
const ERRORS: usize = 5;

/// Shows a function on the platform: configuration, code, versions, aliases, triggers, instances,
/// and the errors of the last hour
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg status
  cargo fg status urn:fss:cn-north-4:0123456789abcdef0123456789abcdef:function:default:greet
  cargo fg status --output json | jq .triggers

Of variables, only the names are shown. Configuration and code are those of `latest`; a published
version has its own. What the platform does not tell, or the account may not see, is said to be not
known, and why.")]
pub(crate) struct StatusArguments {
    /// The format of the result
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    output: OutputFormat,
    #[command(flatten)]
    target: TargetFlags,
}

/// What is known of a function. What could not be asked has the reason instead.
pub(crate) struct Status {
    urn: String,
    function: Function,
    published: Result<Published, String>,
    triggers: Result<Vec<Trigger>, String>,
    /// `None` if nothing was set.
    async_config: Result<Option<AsyncConfig>, String>,
    reserved: Result<Vec<ReservedInstances>, String>,
    metrics: Result<Metrics, String>,
    /// `None` if the log is not in LTS.
    log: Result<Option<LogDetails>, String>,
    /// The newest first.
    errors: Result<Vec<String>, String>,
    failed: Result<Vec<AsyncInvocation>, String>,
}

pub(crate) fn run(arguments: &StatusArguments, _: Screen) -> Result<ExitCode, Failure> {
    let target = arguments.target.connect()?;
    let status = Status::fetch(&target)?;
    print_as(arguments.output, &status.to_json(), || status.to_string());
    Ok(ExitCode::SUCCESS)
}

impl Status {
    fn fetch(target: &Target) -> Result<Self, Failure> {
        let function = target.wait(target.function.config())?;
        let known = |failure: Failure| failure.reason();
        let published = Published::fetch(target).map_err(known);
        let aliases = published.as_ref().map(|it| it.aliases.clone()).unwrap_or_default();
        let log = log(target).map_err(|error| error.to_string());
        let errors = match &log {
            Ok(Some(log)) => errors(target, log).map_err(|error| error.to_string()),
            Ok(None) => Err("the log is not in LTS".to_owned()),
            Err(error) => Err(error.clone()),
        };
        Ok(Self {
            urn: target.function.urn().to_string(),
            triggers: triggers(target, &aliases).map_err(known),
            async_config: async_config(target).map_err(|error| error.to_string()),
            reserved: reserved(target).map_err(known),
            metrics: target.wait(target.function.metrics(60)).map_err(known),
            failed: target.wait(failed(target)).map_err(known),
            function,
            published,
            log,
            errors,
        })
    }
}

/// The triggers of the function and of its aliases.
pub(crate) fn triggers(target: &Target, aliases: &[Alias]) -> Result<Vec<Trigger>, Failure> {
    let mut triggers: Vec<Trigger> = Vec::new();
    // Those of an alias first: the function's own list may have them, too, without saying so.
    for alias in aliases.iter().filter_map(|alias| alias.name.as_deref()) {
        let urn = target.function.urn().with_alias(alias);
        let found = target.wait(target.cloud.client.function(&urn).triggers())?;
        triggers.extend(found.into_iter().map(|trigger| Trigger::new(trigger, Some(alias))));
    }
    let of_function = target.wait(target.function.triggers())?;
    for trigger in of_function.into_iter().map(|trigger| Trigger::new(trigger, None)) {
        if !triggers.iter().any(|known| known.id == trigger.id) {
            triggers.push(trigger);
        }
    }
    triggers.sort_by(|one, other| one.key().cmp(&other.key()));
    Ok(triggers)
}

/// The reserved instances of all versions and aliases.
pub(crate) fn reserved(target: &Target) -> Result<Vec<ReservedInstances>, Failure> {
    let urn = target.function.urn();
    let mut which = ListReservedInstances::default();
    which.function_urn = Some(urn.with_version(super::published::LATEST));
    let mut reserved = Vec::new();
    loop {
        let page = target.wait(target.cloud.client.reserved_instances(&which))?;
        if page.reserved_instances.is_empty() {
            return Ok(reserved);
        }
        reserved.extend(page.reserved_instances);
        let next = page.page_info.and_then(|info| info.next_marker);
        match next.filter(|next| *next > which.marker.unwrap_or_default()) {
            Some(next) => which.marker = Some(next),
            None => return Ok(reserved),
        }
    }
}

/// What a version or alias keeps, on one line.
pub(crate) fn reserved_line(reserved: &ReservedInstances) -> String {
    let of = reserved.qualifier_name.as_deref().unwrap_or_default();
    let kind = reserved.qualifier_type.as_deref().unwrap_or_default();
    let count = reserved.min_count.unwrap_or_default();
    let idle = if reserved.idle_mode == Some(true) { ", idle between invocations" } else { "" };
    format!("{kind} {of}: {count}{idle}")
}

fn log(target: &Target) -> Result<Option<LogDetails>, Error> {
    match target.cloud.wait(target.function.log_details()) {
        Ok(log) => Ok(Some(log)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn async_config(target: &Target) -> Result<Option<AsyncConfig>, Error> {
    match target.cloud.wait(target.function.async_config()) {
        Ok(config) => Ok(Some(config)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The last lines of the log that have the word ERROR.
fn errors(target: &Target, log: &LogDetails) -> Result<Vec<String>, Error> {
    let milliseconds = |time: SystemTime| {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or_default()
    };
    let now = SystemTime::now();
    let mut query = LogQuery::between(milliseconds(now - HOUR), milliseconds(now + HOUR / 60));
    query.keywords = Some("ERROR".to_owned());
    query.is_desc = Some(true);
    query.limit = Some(100);
    let group = log.group_id.as_deref().unwrap_or_default();
    let stream = log.stream_id.as_deref().unwrap_or_default();
    let page = target.cloud.wait(target.cloud.client.query_log(group, stream, &query))?;
    let lines = page.logs.into_iter().filter_map(|line| line.content);
    // LTS does not tell upper and lower case apart.
    Ok(lines.filter(|line| line.contains("ERROR")).take(ERRORS).collect())
}

/// The asynchronous invocations of the last hour that failed.
async fn failed(target: &Target) -> Result<Vec<AsyncInvocation>, Error> {
    let mut which = ListAsyncInvocations::default();
    which.status = Some("FAIL".to_owned());
    which.from = Some(SystemTime::now() - HOUR);
    which.limit = Some(100);
    let mut failed = target.function.async_invocations(&which).await?.invocations;
    failed.sort_by(|one, other| other.start_time.cmp(&one.start_time));
    failed.truncate(ERRORS);
    Ok(failed)
}
