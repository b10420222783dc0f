//! Reads the lines of a log stream page by page, and remembers where it is.

use std::collections::HashMap;

use fg_client::logs::{LogDetails, LogLine, LogPage, LogQuery};
use jiff::Timestamp;

use super::no_log;
use crate::failure::Failure;
use crate::remote::target::Target;

/// How many lines a page has, as LTS advises.
const PAGE: u32 = 100;

/// Which lines are wanted.
#[derive(Debug, Default)]
pub(super) struct Filter {
    request: Option<String>,
    versions: Option<Vec<String>>,
    /// Whether the invocations whose beginnings were seen are of these versions.
    known: HashMap<String, bool>,
    /// Whether the last invocation that has begun is.
    is_last_wanted: bool,
}

impl Filter {
    pub(super) fn new(request: Option<String>, versions: Option<Vec<String>>) -> Self {
        Self { request, versions, ..Self::default() }
    }

    /// Whether a line is wanted. Lines come in their order.
    fn wants(&mut self, line: &LogLine) -> bool {
        let content = line.content.as_deref().unwrap_or_default();
        let label =
            |name: &str| line.labels.as_ref()?.get(name)?.as_str().filter(|it| !it.is_empty());
        // The search of LTS is by words: what has the parts of the id is found, too.
        if self.request.as_ref().is_some_and(|request| !content.contains(request)) {
            return false;
        }
        let Some(versions) = &self.versions else { return true };
        if let Some(version) = label("version") {
            return versions.iter().any(|wanted| wanted == version);
        }
        // Without labels, the line at the beginning of an invocation has its version.
        if let Some((id, version)) = beginning(content) {
            self.is_last_wanted = versions.iter().any(|wanted| wanted == version);
            self.known.insert(id.to_owned(), self.is_last_wanted);
            return self.is_last_wanted;
        }
        let word = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
        let known = content.split(word).find_map(|word| self.known.get(word));
        known.copied().unwrap_or(self.is_last_wanted)
    }
}

/// The request id and the version in `.. Start invoke request '<id>', version: <version>`.
fn beginning(content: &str) -> Option<(&str, &str)> {
    let (_, rest) = content.split_once("Start invoke request '")?;
    let (id, rest) = rest.split_once("', version: ")?;
    Some((id, rest.trim()))
}

/// A place in a log stream.
#[derive(Debug)]
pub(super) struct Reader {
    group_id: String,
    stream_id: String,
    since: Timestamp,
    filter: Filter,
    /// The number of the last line that was read.
    last: Option<String>,
    has_found: bool,
}

impl Reader {
    pub(super) fn open(target: &Target, since: Timestamp, filter: Filter) -> Result<Self, Failure> {
        let details = target.cloud.wait(target.function.log_details());
        let LogDetails { group_id, stream_id, .. } =
            details.map_err(|error| no_log(target, error))?;
        let (Some(group_id), Some(stream_id)) = (group_id, stream_id) else {
            return Err(Failure::new(
                crate::failure::Exit::Failed,
                "the platform does not say where the log is",
            ));
        };
        Ok(Self { group_id, stream_id, since, filter, last: None, has_found: false })
    }

    /// Shows the lines of these versions from now on; `None` for all.
    pub(super) fn show(&mut self, versions: Option<Vec<String>>) {
        self.filter.versions = versions;
    }

    /// Whether no wanted line was found so far.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_found
    }

    /// Passes on what comes after the last line that was read, page by page, as long as `take`
    /// returns true; returns whether it did so until the end.
    pub(super) fn each_page(
        &mut self,
        target: &Target,
        until: Timestamp,
        take: &mut dyn FnMut(&[String]) -> bool,
    ) -> Result<bool, Failure> {
        loop {
            let query = self.query(until, self.last.clone(), false, PAGE);
            let page = self.page(target, &query)?;
            let is_end = is_end(&page);
            let next = page.logs.last().and_then(|line| line.line_num.clone());
            let lines = self.filtered(page.logs);
            if !take(&lines) {
                return Ok(false);
            }
            let is_same = next.is_none() || next == self.last;
            self.last = next.or(self.last.take());
            if is_end || is_same {
                return Ok(true);
            }
        }
    }

    /// The last lines, so many, in their order.
    pub(super) fn last(
        &mut self,
        target: &Target,
        until: Timestamp,
        count: usize,
    ) -> Result<Vec<String>, Failure> {
        // The filter needs the lines in their order: what it leaves is cut here.
        let mut kept = std::collections::VecDeque::new();
        if self.filter.versions.is_some() {
            self.each_page(target, until, &mut |lines| {
                kept.extend(lines.iter().cloned());
                kept.drain(..kept.len().saturating_sub(count));
                true
            })?;
            return Ok(kept.into());
        }
        let mut at = None;
        loop {
            let query = self.query(until, at.clone(), true, PAGE);
            let page = self.page(target, &query)?;
            let is_end = is_end(&page);
            let next = page.logs.last().and_then(|line| line.line_num.clone());
            if self.last.is_none() {
                self.last = page.logs.first().and_then(|line| line.line_num.clone());
            }
            for line in self.filtered(page.logs) {
                kept.push_front(line);
                if kept.len() == count {
                    return Ok(kept.into());
                }
            }
            if is_end || next.is_none() || next == at {
                return Ok(kept.into());
            }
            at = next;
        }
    }

    fn query(
        &self,
        until: Timestamp,
        after: Option<String>,
        is_descending: bool,
        limit: u32,
    ) -> LogQuery {
        let millisecond =
            |time: Timestamp| u64::try_from(time.as_millisecond()).unwrap_or_default();
        let mut query = LogQuery::between(millisecond(self.since), millisecond(until));
        query.limit = Some(limit);
        query.is_desc = Some(is_descending);
        query.keywords.clone_from(&self.filter.request);
        query.search_type = after.as_ref().map(|_| "forwards".to_owned());
        query.line_num = after;
        query
    }

    fn page(&self, target: &Target, query: &LogQuery) -> Result<LogPage, Failure> {
        target.wait(target.cloud.client.query_log(&self.group_id, &self.stream_id, query))
    }

    fn filtered(&mut self, lines: Vec<LogLine>) -> Vec<String> {
        let wanted = lines.into_iter().filter(|line| self.filter.wants(line));
        let lines: Vec<_> = wanted.filter_map(|line| line.content).collect();
        self.has_found |= !lines.is_empty();
        lines
    }
}

/// Whether there is no page after this one.
fn is_end(page: &LogPage) -> bool {
    let is_short = page.logs.len() < PAGE as usize;
    page.logs.is_empty() || (is_short && page.is_query_complete != Some(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(filter: &mut Filter, labels: Option<(&str, &str)>, content: &str) -> bool {
        let labels: serde_json::Map<_, _> =
            labels.map(|(name, value)| (name.to_owned(), value.into())).into_iter().collect();
        let line = serde_json::json!({"content": content, "labels": labels});
        filter.wants(&serde_json::from_value(line).expect("a line"))
    }

    #[test]
    fn without_labels_a_line_belongs_to_the_version_that_its_invocation_began_with() {
        let mut filter = Filter::new(None, Some(vec!["v1".to_owned()]));
        let mut wants = |content: &str| wanted(&mut filter, None, content);
        assert!(!wants("before the first"));
        assert!(wants("T Start invoke request 'r-1', version: v1"));
        assert!(wants("a line without an id"));
        assert!(!wants("T Start invoke request 'r-2', version: v2"));
        assert!(wants("T r-1 INFO still of the first"));
        assert!(!wants("a line after that of the second"));
        assert!(wants("T Finish invoke request 'r-1', duration: 1ms"));
    }

    #[test]
    fn labels_say_the_version_and_the_request() {
        let mut filter = Filter::new(Some("r-1".to_owned()), Some(vec!["v1".to_owned()]));
        assert!(wanted(&mut filter, Some(("version", "v1")), "r-1 INFO"));
        assert!(!wanted(&mut filter, Some(("version", "v2")), "r-1 INFO"));
        assert!(!wanted(&mut filter, Some(("version", "v1")), "r-2 INFO"));
    }
}
