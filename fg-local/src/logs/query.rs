//! A query of a log stream, in the form of LTS (API reference, "Querying Logs").
//!
//! `forwards` is the next page in the order of the answer, `backwards` the page before, and both
//! are in that order.

use std::collections::BTreeMap;
use std::io;
use std::ops::RangeInclusive;

use serde::Serialize;
use serde_json::{Map, Value};

use super::error::LtsError;
use super::keywords::Keywords;
use super::line::Line;
use super::stream::{Stream, View};
use crate::catalog::function::Function;

/// How many lines an answer has if the request does not say, and at most.
const LIMITS: (usize, usize) = (50, 5000);

/// An answer with more bytes of lines ends there, as at the limit. The platform has no such limit.
const MAX_BYTES: usize = 8 << 20;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// In milliseconds since 1970.
    times: RangeInclusive<i64>,
    /// The lines of this page and the pages after it, in the order of the search.
    numbers: RangeInclusive<u64>,
    keywords: Keywords,
    labels: BTreeMap<String, String>,
    is_descending: bool,
    is_backwards: bool,
    limit: usize,
    counts: bool,
    highlights: bool,
}

/// What a query has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Page {
    /// How many lines there are in all, if that was asked for; otherwise how many are here.
    pub(crate) count: usize,
    pub(crate) logs: Vec<Found>,
    /// Whether there are no more lines in this direction.
    #[serde(rename = "isQueryComplete")]
    pub(crate) is_complete: bool,
}

/// A line that a query has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Found {
    pub(crate) content: String,
    pub(crate) line_num: String,
    pub(crate) labels: BTreeMap<String, String>,
}

impl Page {
    pub(crate) fn empty() -> Self {
        Self { count: 0, logs: Vec::new(), is_complete: true }
    }
}

impl Query {
    /// Reads the body of a request. As on the platform, numbers and flags may be strings, and times
    /// may be numbers.
    ///
    /// The time range is at most 30 days, and 180 days in the regions of Open Telekom Cloud.
    pub(crate) fn parse(body: &[u8], region: &str) -> Result<Self, LtsError> {
        let body = match serde_json::from_slice(body).map_err(LtsError::not_json)? {
            Value::Object(body) => Body(body),
            _ => return Err(LtsError::not_json("it is not an object")),
        };
        let time = |name| match body.number(name)? {
            Some(time) => Ok(time),
            None => Err(LtsError::invalid(format_args!(
                "{name} is missing: milliseconds since 1970, as a string"
            ))),
        };
        let times: RangeInclusive<i64> = time("start_time")?..=time("end_time")?;
        if times.is_empty() {
            return Err(LtsError::invalid("start_time is after end_time"));
        }
        let days = if matches!(region, "eu-de" | "eu-nl" | "eu-ch2") { 180 } else { 30 };
        if times.end().checked_sub(*times.start()).is_none_or(|range| range > days * DAY) {
            return Err(LtsError::invalid(format_args!(
                "from start_time to end_time are more than {days} days"
            )));
        }
        let limit = body.number("limit")?.unwrap_or(LIMITS.0);
        if !(1..=LIMITS.1).contains(&limit) {
            return Err(LtsError::invalid(format_args!("limit is not from 1 to {}", LIMITS.1)));
        }
        let is_descending = body.flag("is_desc")?.unwrap_or(false);
        let (numbers, is_backwards) = body.page(is_descending)?;
        Ok(Self {
            times,
            numbers,
            keywords: Keywords::parse(&body.string("keywords")?.unwrap_or_default())?,
            labels: body.labels()?,
            is_descending,
            is_backwards,
            limit,
            counts: body.flag("is_count")?.unwrap_or(false),
            highlights: body.flag("highlight")?.unwrap_or(true),
        })
    }

    /// Whether it can match in a stream whose last line has this number.
    pub(super) fn may_match_after(&self, last: u64) -> bool {
        last > 0 && (self.counts || *self.numbers.start() <= last)
    }

    pub(super) fn view(&self, stream: &Stream) -> io::Result<View> {
        let all = 0..=u64::MAX;
        stream.view(if self.counts { &all } else { &self.numbers }, &self.times)
    }

    /// Reads the lines of a view.
    pub(super) fn run(&self, function: &Function, view: View) -> io::Result<Page> {
        let (mut found, mut count, mut bytes, mut is_complete) = (Vec::new(), 0, 0, true);
        // The page before is searched from its end.
        view.for_each(self.is_descending != self.is_backwards, |line| {
            if !self.times.contains(&line.time) {
                return true;
            }
            let labels = labels(function, &line);
            if !self.labels.iter().all(|(name, value)| labels.get(name) == Some(value))
                || !self.keywords.matches(&line.content)
            {
                return true;
            }
            count += 1;
            if !self.numbers.contains(&line.line_num) {
                return true;
            }
            if !is_complete || found.len() == self.limit || bytes > MAX_BYTES {
                is_complete = false;
                return self.counts;
            }
            let content = match self.highlights {
                true => self.keywords.highlight(&line.content),
                false => line.content.into_owned(),
            };
            bytes += content.len();
            found.push(Found { content, line_num: line.line_num.to_string(), labels });
            true
        })?;
        if self.is_backwards {
            found.reverse();
        }
        let count = if self.counts { count } else { found.len() };
        Ok(Page { count, logs: found, is_complete })
    }
}

/// The labels of a line. Those of the platform are not documented.
fn labels(function: &Function, line: &Line<'_>) -> BTreeMap<String, String> {
    let labels = [
        ("function_name", function.name.name.as_str()),
        ("version", &line.version),
        ("request_id", &line.request_id),
    ];
    labels.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The body of a request.
struct Body(Map<String, Value>);

impl Body {
    /// A value other than `null`.
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn string(&self, name: &str) -> Result<Option<String>, LtsError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(LtsError::invalid(format_args!("{name} is not a string"))),
        }
    }

    /// A number, also in a string. An empty string is none.
    fn number<N: std::str::FromStr>(&self, name: &str) -> Result<Option<N>, LtsError> {
        match self.string(name)?.filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| {
                LtsError::invalid(format_args!("{name} is not an integer, or too large"))
            }),
        }
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, LtsError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(_) => Err(LtsError::invalid(format_args!("{name} is not true or false"))),
        }
    }

    fn labels(&self) -> Result<BTreeMap<String, String>, LtsError> {
        let wrong = || LtsError::invalid("labels is not an object of strings");
        let Some(labels) = self.get("labels") else { return Ok(BTreeMap::new()) };
        let labels = labels.as_object().ok_or_else(wrong)?.iter();
        let label =
            |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        labels.map(label).collect::<Option<_>>().ok_or_else(wrong)
    }

    /// The numbers of the page, and whether it is the page before.
    fn page(&self, is_descending: bool) -> Result<(RangeInclusive<u64>, bool), LtsError> {
        let search_type = self.string("search_type")?.unwrap_or_default();
        let is_backwards = match search_type.as_str() {
            // The first query needs no number.
            "" | "init" => return Ok((0..=u64::MAX, false)),
            "forwards" => false,
            "backwards" => true,
            _ => {
                let message = "search_type is none of init, forwards and backwards";
                return Err(LtsError::invalid(message));
            }
        };
        let Some(number) = self.number::<u64>("line_num")? else {
            return Err(LtsError::invalid(format_args!(
                "search_type {search_type} needs the line_num of the last query"
            )));
        };
        let numbers = if is_descending == is_backwards {
            number.saturating_add(1)..=u64::MAX
        } else {
            0..=number.saturating_sub(1)
        };
        Ok((numbers, is_backwards))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(mut body: Value) -> Result<Query, LtsError> {
        if body.get("start_time").is_none() {
            body["start_time"] = "1000".into();
        }
        if body.get("end_time").is_none() {
            body["end_time"] = "2000".into();
        }
        Query::parse(body.to_string().as_bytes(), "cn-north-4")
    }

    #[test]
    fn the_bodies_of_the_api_reference_are_read() {
        let query = parse(json!({
            "start_time": 1_595_659_200_000_i64, "end_time": 1_595_659_500_000_i64,
            "labels": {"hostName": "ecs-kwxtest"}, "keywords": "log",
            "line_num": "1595659490239433658", "is_desc": "false", "search_type": "forwards",
            "limit": "3", "is_count": true, "unknown": {}, "scroll_id": null
        }))
        .expect("it is valid");
        assert_eq!(query.numbers, 1_595_659_490_239_433_659..=u64::MAX);
        assert_eq!((query.limit, query.counts, query.highlights), (3, true, true));
        assert_eq!(query.labels["hostName"], "ecs-kwxtest");
        let query = parse(json!({"highlight": false, "line_num": ""})).expect("it is valid");
        assert_eq!((query.limit, query.highlights, query.is_descending), (50, false, false));
    }

    #[test]
    fn what_is_missing_or_out_of_bounds_is_named() {
        let month = 30 * DAY;
        for (body, reason) in [
            (json!({"start_time": null}), "start_time is missing"),
            (json!({"end_time": "soon"}), "end_time is not an integer"),
            (json!({"start_time": "2001"}), "start_time is after end_time"),
            (json!({"end_time": (1001 + month).to_string()}), "more than 30 days"),
            (json!({"start_time": i64::MIN.to_string()}), "more than 30 days"),
            (json!({"limit": 0}), "limit is not from 1 to 5000"),
            (json!({"limit": 5001}), "limit is not from 1 to 5000"),
            (json!({"limit": -1}), "limit is not an integer"),
            (json!({"is_desc": 1}), "is_desc is not true or false"),
            (json!({"labels": {"a": 1}}), "labels is not an object of strings"),
            (json!({"search_type": "forwards"}), "needs the line_num"),
            (json!({"search_type": "sideways"}), "search_type is none of"),
            (json!({"keywords": ["a"]}), "keywords is not a string"),
        ] {
            let error = parse(body.clone()).expect_err("it is not valid");
            assert_eq!((error.code, error.status.as_u16()), ("LTS.0009", 400), "{body}");
            assert!(error.message.contains(reason), "{body}: {error}");
        }
        assert!(parse(json!({"end_time": (1000 + month).to_string()})).is_ok());
        for body in ["", "[]", "{\"start_time\":"] {
            let error = Query::parse(body.as_bytes(), "eu-de").expect_err("it is not valid");
            assert_eq!(error.code, "LTS.0007");
        }
        let body = json!({"start_time": "0", "end_time": (180 * DAY).to_string()});
        assert!(Query::parse(body.to_string().as_bytes(), "eu-de").is_ok());
    }
}
