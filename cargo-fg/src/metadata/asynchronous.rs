//! `asynchronous`: how asynchronous invocations are handled.

use serde_json::{Map, Value};

use super::entry::Entry;
use super::mistake::Mistake;
use super::triggers::notices::topic_urn;
use crate::desired::{Asynchronous, Destination};

/// A kind of destination: its name in manifests, its name in the API, and its keys, of which the
/// first one has to be there.
const DESTINATIONS: [(&str, &str, &[&str]); 4] = [
    ("obs", "OBS", &["bucket", "prefix", "expires"]),
    ("smn", "SMN", &["topic_urn"]),
    ("dis", "DIS", &["stream_name"]),
    ("functiongraph", "FunctionGraph", &["func_urn"]),
];

/// Reads `asynchronous`.
pub(super) fn read(entry: &Entry<'_>) -> Result<Asynchronous, Mistake> {
    let table = entry.table()?;
    table.check_keys(&["max_age", "max_retries", "on_success", "on_failure"])?;
    Ok(Asynchronous {
        max_age: table.read("max_age", |entry| entry.count(60..=86_400, "seconds"))?,
        max_retries: table.read("max_retries", |entry| entry.count(0..=3, ""))?,
        on_success: table.read("on_success", destination)?,
        on_failure: table.read("on_failure", destination)?,
    })
}

fn destination(entry: &Entry<'_>) -> Result<Destination, Mistake> {
    let table = entry.table()?;
    let kind = table.required("type")?.one_of(&DESTINATIONS.map(|(name, ..)| name))?;
    let (_, code, keys) = DESTINATIONS
        .into_iter()
        .find(|(name, ..)| *name == kind)
        .ok_or_else(|| entry.wrong("there is no such type"))?;
    let all: Vec<_> = ["type"].into_iter().chain(keys.iter().copied()).collect();
    table.check_keys(&all)?;
    let mut param = Map::new();
    for (at, key) in keys.iter().enumerate() {
        let found = if at == 0 { Some(table.required(key)?) } else { table.get(key) };
        let Some(entry) = found else { continue };
        let value: Value = match *key {
            "expires" => entry.number(0..=36_500, "days")?.into(),
            "topic_urn" => topic_urn(&entry)?,
            "func_urn" => func_urn(&entry)?.into(),
            "prefix" => entry.text(1024)?.into(),
            _ => entry.text(64)?.into(),
        };
        param.insert((*key).to_owned(), value);
    }
    Ok(Destination { kind: code.to_owned(), param: Value::Object(param).to_string() })
}

fn func_urn<'v>(entry: &Entry<'v>) -> Result<&'v str, Mistake> {
    let urn = entry.text(512)?;
    if !urn.starts_with("urn:fss:") || !(7..=8).contains(&urn.split(':').count()) {
        return Err(entry.wrong(
            "it has to have the form \"urn:fss:<region>:<project>:function:<app>:<name>\", with `:<version>` or not",
        ));
    }
    Ok(urn)
}
