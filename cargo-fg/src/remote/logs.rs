//! `cargo fg logs`: what a function has written, from LTS.

mod reader;

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use fg_client::{Error, Qualifier};
use jiff::Timestamp;

use self::reader::{Filter, Reader};
use super::output::print;
use super::published::{Published, shares};
use super::target::{Target, TargetFlags};
use super::times::parse_moment;
use crate::cloud;
use crate::failure::{Exit, Failure};
use crate::printable::Form;
use crate::screen::Screen;

/// How often the log is asked for new lines.
const INTERVAL: Duration = Duration::from_secs(1);

/// After so many questions, the alias is looked at again: a deployment may have moved it.
const LOOK_AT_ALIAS: u64 = 15;

/// Shows the log of a function, the oldest line first
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg logs                          # of the last 10 minutes
  cargo fg logs --follow                 # and what comes, until Ctrl-C
  cargo fg logs --since 2h --until 1h
  cargo fg logs --since 1d --request 1167bf8c-87b0-43ab-8f5f-26b16c64f252
  cargo fg logs --limit 100 | grep ERROR

A duration is a number with s, m, h or d. The log comes from LTS, which takes some seconds to show
what was written, and keeps it as long as its log group says. On a terminal, control characters are
printed escaped, as \\u{1b}, and colours are removed.")]
pub(crate) struct LogsArguments {
    /// Goes on with new lines, until Ctrl-C
    #[arg(long, short, conflicts_with = "until")]
    follow: bool,
    /// From when on: a duration before now, or a time such as 2026-11-27T10:20:30Z [default: 10m]
    #[arg(long, value_name = "DURATION|TIME", default_value = "10m", value_parser = parse_moment, hide_default_value = true)]
    since: Timestamp,
    /// Until when [default: now]
    #[arg(long, value_name = "DURATION|TIME", value_parser = parse_moment)]
    until: Option<Timestamp>,
    /// Only the lines that have the id of this invocation, as those of `ctx.logger()`, `log` and
    /// `tracing` do
    #[arg(long, value_name = "ID", value_parser = parse_request)]
    request: Option<String>,
    /// Only the last lines, so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Only the lines of invocations of the version, or versions, that this alias points to
    #[arg(long, value_name = "NAME")]
    alias: Option<String>,
    #[command(flatten)]
    target: TargetFlags,
}

/// The id of an invocation: what else could be in it has a meaning in a search of LTS.
fn parse_request(id: &str) -> Result<String, String> {
    let is_id = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_id.then(|| id.to_owned()).ok_or_else(|| {
        "it is the id of an invocation, such as 1167bf8c-87b0-43ab-8f5f-26b16c64f252".to_owned()
    })
}

pub(crate) fn run(arguments: &LogsArguments, screen: Screen) -> Result<ExitCode, Failure> {
    if arguments.until.is_some_and(|until| until < arguments.since) {
        return Err(Failure::usage("--until is before --since"));
    }
    let target = arguments.target.connect()?;
    let filter = Filter::new(arguments.request.clone(), versions(arguments, &target)?);
    let mut reader = Reader::open(&target, arguments.since, filter)?;
    let until = arguments.until.unwrap_or_else(|| Timestamp::now() + Duration::from_secs(60));
    let has_reader = match arguments.limit {
        Some(limit) => print_lines(&reader.last(&target, until, limit as usize)?),
        None => reader.each_page(&target, until, &mut print_lines)?,
    };
    if !arguments.follow {
        if reader.is_empty() {
            screen.note("there are no such lines; LTS takes some seconds to show new ones, and --since DURATION goes further back");
        }
        return Ok(ExitCode::SUCCESS);
    }
    // Ctrl-C ends the process, as it ends `tail -f`.
    let mut has_reader = has_reader;
    for round in 1_u64.. {
        if !has_reader {
            break;
        }
        std::thread::sleep(INTERVAL);
        if round % LOOK_AT_ALIAS == 0 {
            reader.show(versions(arguments, &target)?);
        }
        let until = Timestamp::now() + Duration::from_secs(60);
        has_reader = reader.each_page(&target, until, &mut print_lines)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints lines; false if the reader of a pipe is gone.
fn print_lines(lines: &[String]) -> bool {
    lines
        .iter()
        .all(|line| print(&format!("{}\n", line.trim_end_matches(['\r', '\n'])), Form::Text))
}

/// The versions whose lines are shown; `None` for all.
fn versions(arguments: &LogsArguments, target: &Target) -> Result<Option<Vec<String>>, Failure> {
    let alias = match (&arguments.alias, &target.qualifier) {
        (Some(_), Some(_)) => {
            return Err(Failure::usage("the URN names an alias or a version, and --alias another")
                .advise("remove one of the two"));
        }
        (None, Some(Qualifier::Version(version))) => return Ok(Some(vec![version.clone()])),
        (None, Some(Qualifier::Alias(alias))) | (Some(alias), None) => alias,
        (None, None) => return Ok(None),
    };
    let published = Published::new(Vec::new(), target.wait(target.function.aliases())?);
    let found = published.aliases.iter().find(|known| known.name.as_deref() == Some(alias));
    match found {
        Some(found) => {
            Ok(Some(shares(found).into_iter().map(|(version, _)| version.to_owned()).collect()))
        }
        None => {
            Err(Failure::new(Exit::Failed, format!("{} has no alias `{alias}`", target.name()))
                .advise("`cargo fg status` shows its aliases"))
        }
    }
}

/// The failure of the question where the log is.
fn no_log(target: &Target, error: Error) -> Failure {
    if error.is_not_found() && error.error_code() != Some("FSS.1051") {
        return Failure::new(Exit::Failed, format!("{} has no log in LTS", target.name())).advise(
            "switch it on: with `lts = true` under [package.metadata.fg.log] and `cargo fg deploy`, or on the console (the function, Configuration, Logs)",
        );
    }
    match error.error_code() {
        Some("FSS.1051") => target.failure(error),
        _ => cloud::failure(error),
    }
}
