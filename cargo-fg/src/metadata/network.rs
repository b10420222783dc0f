//! `vpc` and `log`: where a function is, and where its log goes.

use super::entry::Entry;
use super::mistake::Mistake;
use crate::desired::{Log, Vpc};

/// Reads `vpc`.
pub(super) fn vpc(entry: &Entry<'_>) -> Result<Vpc, Mistake> {
    let table = entry.table()?;
    table.check_keys(&["id", "subnet_id", "security_groups"])?;
    Ok(Vpc {
        id: table.required("id")?.text(64)?.to_owned(),
        subnet_id: table.required("subnet_id")?.text(64)?.to_owned(),
        security_groups: table
            .read("security_groups", |entry| entry.texts(64))?
            .unwrap_or_default(),
    })
}

/// Reads `log`.
pub(super) fn log(entry: &Entry<'_>) -> Result<Log, Mistake> {
    let table = entry.table()?;
    table.check_keys(&["lts", "group_id", "stream_id", "labels"])?;
    let id = |key: &str| table.read(key, |entry| entry.text(64).map(str::to_owned));
    let log = Log {
        lts: table.read("lts", Entry::flag)?,
        group_id: id("group_id")?,
        stream_id: id("stream_id")?,
        labels: table.read("labels", labels)?.unwrap_or_default(),
    };
    if log.group_id.is_some() != log.stream_id.is_some() {
        let missing = if log.group_id.is_some() { "stream_id" } else { "group_id" };
        return Err(entry.wrong(format!(
            "it has to have both `group_id` and `stream_id`, but `{missing}` is missing"
        )));
    }
    if log.lts == Some(false) && (log.group_id.is_some() || !log.labels.is_empty()) {
        let reason = "`lts` is false, but a group, a stream and labels need it";
        return Err(entry.wrong(reason));
    }
    Ok(log)
}

fn labels(entry: &Entry<'_>) -> Result<std::collections::BTreeMap<String, String>, Mistake> {
    let table = entry.table()?;
    table
        .entries()
        .map(|(name, entry)| Ok((name.to_owned(), entry.text(255)?.to_owned())))
        .collect()
}
