//! The streams of all functions, in one folder.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fg_emulator::Execution;
use jiff::Timestamp;
use parking_lot::Mutex;

use super::query::{Page, Query};
use super::stream::Stream;
use crate::catalog::function::Function;

/// How many bytes one of the two files of a stream has before it is replaced.
const FILE: u64 = 10 << 20;

/// The logs of all functions, below one folder.
///
/// Its methods block while they read and write files; appending takes microseconds.
pub(crate) struct LogStore {
    folder: PathBuf,
    limit: u64,
    streams: Mutex<Streams>,
}

#[derive(Default)]
struct Streams {
    /// By the function's id. A stream is read when it is needed for the first time.
    open: HashMap<String, Arc<Mutex<Option<Stream>>>>,
    /// The functions that were deleted, whose last invocations may still end.
    deleted: HashSet<String>,
}

impl fmt::Debug for LogStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl LogStore {
    /// Opens the logs in this folder, and removes the streams of functions that are no longer
    /// there.
    pub(crate) fn open(folder: &Path, functions: &[Arc<Function>]) -> io::Result<Self> {
        Self::with_limit(folder, functions, FILE)
    }

    pub(super) fn with_limit(
        folder: &Path,
        functions: &[Arc<Function>],
        limit: u64,
    ) -> io::Result<Self> {
        let context = |error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", folder.display()))
        };
        fs::create_dir_all(folder).map_err(context)?;
        let ids: HashSet<_> = functions.iter().map(|function| function.id.as_str()).collect();
        for entry in fs::read_dir(folder).map_err(context)? {
            let entry = entry.map_err(context)?;
            let name = entry.file_name();
            let is_stream = |name: &str| is_id(name) && !ids.contains(name);
            if name.to_str().is_some_and(is_stream) && entry.file_type().map_err(context)?.is_dir()
            {
                fs::remove_dir_all(entry.path()).map_err(context)?;
            }
        }
        Ok(Self { folder: folder.to_owned(), limit, streams: Mutex::default() })
    }

    /// Appends lines that were written at this time, or about it. Longer lines than 90 KiB are
    /// split. What was appended outlives the process, however it ends.
    ///
    /// The request id is empty for lines of the init phase and for those after an answer.
    pub(crate) fn append<'l>(
        &self,
        function: &Function,
        version: &str,
        request_id: &str,
        time: Timestamp,
        lines: impl IntoIterator<Item = &'l str>,
    ) -> io::Result<()> {
        self.with(function, |stream| stream.append(time, version, request_id, lines.into_iter()))?
            .unwrap_or(Ok(()))
    }

    /// Appends the log of an invocation, with the platform's lines at its begin and end. What the
    /// process has written before it has no request id.
    pub(crate) fn append_execution(
        &self,
        function: &Function,
        version: &str,
        time: Timestamp,
        execution: &Execution,
    ) -> io::Result<()> {
        let (log, before) = (execution.log.full(), execution.log.before());
        let before = before.iter().map(String::as_str);
        let own = log.split_terminator('\n').skip(before.len());
        self.append(function, version, "", time, before)?;
        self.append(function, version, &execution.summary.request_id, time, own)
    }

    /// Removes a function's stream. Later lines of the function are dropped.
    pub(crate) fn delete(&self, function: &Function) -> io::Result<()> {
        let open = {
            let mut streams = self.streams.lock();
            streams.deleted.insert(function.id.clone());
            streams.open.remove(&function.id)
        };
        // A write that has begun ends first.
        let _writing = open.as_ref().map(|stream| stream.lock());
        match fs::remove_dir_all(self.folder.join(checked(&function.id)?)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The lines that a query asks for.
    pub(crate) fn query(&self, function: &Function, query: &Query) -> io::Result<Page> {
        let view = self.with(function, |stream| {
            query.may_match_after(stream.last()).then(|| query.view(stream)).transpose()
        })?;
        match view.transpose()?.flatten() {
            Some(view) => query.run(function, view),
            None => Ok(Page::empty()),
        }
    }

    /// Calls `work` with the function's stream; `None` if the function was deleted.
    fn with<T>(
        &self,
        function: &Function,
        work: impl FnOnce(&mut Stream) -> T,
    ) -> io::Result<Option<T>> {
        let stream = {
            let mut streams = self.streams.lock();
            if streams.deleted.contains(&function.id) {
                return Ok(None);
            }
            Arc::clone(streams.open.entry(function.id.clone()).or_default())
        };
        let mut stream = stream.lock();
        if self.streams.lock().deleted.contains(&function.id) {
            return Ok(None);
        }
        let stream = match &mut *stream {
            Some(stream) if !stream.is_broken() => stream,
            stream => {
                let folder = self.folder.join(checked(&function.id)?);
                stream.insert(Stream::open(folder, self.limit)?)
            }
        };
        Ok(Some(work(stream)))
    }
}

/// The id as the name of a folder.
fn checked(id: &str) -> io::Result<&str> {
    let error = || io::Error::new(io::ErrorKind::InvalidInput, format!("{id:?} is not an id"));
    is_id(id).then_some(id).ok_or_else(error)
}

fn is_id(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=64).contains(&name.len()) && name.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triggers::example::function;
    use serde_json::{Value, json};

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).expect("a time")
    }

    fn ask(logs: &LogStore, function: &Function, mut body: Value) -> Page {
        for (name, value) in [("start_time", "0"), ("end_time", "100000"), ("highlight", "false")] {
            if body.get(name).is_none() {
                body[name] = value.into();
            }
        }
        let query = Query::parse(body.to_string().as_bytes(), "cn-north-4").expect("it is valid");
        logs.query(function, &query).expect("it can be read")
    }

    fn contents(page: &Page) -> Vec<&str> {
        page.logs.iter().map(|line| line.content.as_str()).collect()
    }

    /// A store with `NO 1` to `NO 9`, one line a second, and the number of `NO 5`.
    fn nine_lines(folder: &Path) -> (LogStore, Function, String) {
        let function = function("f1", &[]);
        let logs = LogStore::open(folder, &[]).expect("it opens");
        for at_second in 1..10 {
            let line = format!("this log is NO {at_second}");
            let request = format!("r-{at_second}");
            logs.append(&function, "latest", &request, at(at_second * 1000), [line.as_str()])
                .expect("it is written");
        }
        let page = ask(&logs, &function, json!({"keywords": "r-5 or #\"NO 5\""}));
        assert_eq!(contents(&page), ["this log is NO 5"]);
        let number = page.logs[0].line_num.clone();
        (logs, function, number)
    }

    /// The four requests and answers of the API reference, "Querying Logs".
    #[test]
    fn pages_are_those_of_the_api_reference() {
        let folder = tempfile::tempdir().expect("a folder");
        let (logs, function, number) = nine_lines(folder.path());
        for (is_desc, search_type, expected) in [
            (false, "forwards", [6, 7, 8]),
            (true, "backwards", [8, 7, 6]),
            (false, "backwards", [2, 3, 4]),
            (true, "forwards", [4, 3, 2]),
        ] {
            let body = json!({
                "keywords": "log", "line_num": number, "is_desc": is_desc,
                "search_type": search_type, "limit": 3, "is_count": true
            });
            let page = ask(&logs, &function, body);
            assert_eq!(contents(&page), expected.map(|at| format!("this log is NO {at}")));
            assert_eq!((page.count, page.is_complete), (9, false), "{is_desc} {search_type}");
        }
        let page = ask(&logs, &function, json!({"is_desc": true, "limit": 9}));
        assert_eq!((page.count, page.is_complete), (9, true));
        assert_eq!(page.logs[0].content, "this log is NO 9");
    }

    #[test]
    fn time_labels_and_keywords_select_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let (logs, function, _) = nine_lines(folder.path());
        let page = ask(&logs, &function, json!({"start_time": 2000, "end_time": 3000}));
        assert_eq!(contents(&page), ["this log is NO 2", "this log is NO 3"]);
        let page = ask(&logs, &function, json!({"labels": {"request_id": "r-7"}}));
        assert_eq!(contents(&page), ["this log is NO 7"]);
        assert_eq!(page.logs[0].labels["function_name"], "greet");
        let page = ask(&logs, &function, json!({"keywords": "no 4", "highlight": true}));
        let hit = "this log is <HighLightTag>NO</HighLightTag> <HighLightTag>4</HighLightTag>";
        assert_eq!(contents(&page), [hit]);
        assert_eq!(ask(&logs, &function, json!({"keywords": "none"})), Page::empty());
    }

    #[test]
    fn an_answer_that_would_be_too_large_ends_before_the_limit_and_the_rest_is_the_next_page() {
        let folder = tempfile::tempdir().expect("a folder");
        let (logs, function) =
            (LogStore::open(folder.path(), &[]).expect("it opens"), function("f1", &[]));
        let line = "x ".repeat(40 << 10);
        let lines = || std::iter::repeat_n(line.as_str(), 40);
        logs.append(&function, "latest", "r", at(5), lines()).expect("it is written");
        let body = json!({"keywords": "x", "highlight": true, "limit": 5000});
        let (mut page, mut pages, mut found) = (ask(&logs, &function, body.clone()), 0, 0);
        loop {
            let size: usize = page.logs.iter().map(|line| line.content.len()).sum();
            assert!(size < 10 << 20, "{size}");
            (pages, found) = (pages + 1, found + page.logs.len());
            if page.is_complete {
                break;
            }
            let mut body = body.clone();
            body["line_num"] = page.logs.last().expect("a line").line_num.clone().into();
            body["search_type"] = "forwards".into();
            page = ask(&logs, &function, body);
        }
        assert_eq!(found, 40);
        assert!(pages > 1);
    }

    #[test]
    fn lines_and_numbers_outlive_the_store_and_a_deleted_function_has_no_stream() {
        let folder = tempfile::tempdir().expect("a folder");
        let (logs, function, _) = nine_lines(folder.path());
        let before = ask(&logs, &function, json!({}));
        drop(logs);
        let functions = [Arc::new(function)];
        let [function] = &functions;
        let logs = LogStore::open(folder.path(), &functions).expect("it opens");
        logs.append(function, "v1", "", at(1), ["older"]).expect("it is written");
        let after = ask(&logs, function, json!({}));
        assert_eq!(after.logs[..9], before.logs);
        let number = |at: usize| after.logs[at].line_num.parse::<u64>().expect("a number");
        assert_eq!(number(9), number(8) + 1);

        logs.delete(function).expect("it is deleted");
        logs.append(function, "v1", "", at(1), ["late"]).expect("it is dropped");
        assert_eq!(ask(&logs, function, json!({})), Page::empty());
        assert!(!folder.path().join(&function.id).exists());
    }

    #[test]
    fn streams_of_functions_that_are_gone_are_removed_at_the_start_and_other_files_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(nine_lines(folder.path()));
        fs::create_dir(folder.path().join("my notes")).expect("it is made");
        drop(LogStore::open(folder.path(), &[]).expect("it opens"));
        assert!(!folder.path().join("f1").exists() && folder.path().join("my notes").exists());
    }

    #[test]
    fn an_id_that_is_no_name_of_a_folder_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let logs = LogStore::open(&folder.path().join("logs"), &[]).expect("it opens");
        let function = function("../x", &[]);
        assert!(logs.append(&function, "v1", "", at(1), ["a"]).is_err());
        assert!(!folder.path().join("x").exists());
    }

    #[test]
    fn concurrent_appends_and_queries_lose_no_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let function = function("f1", &[]);
        let logs = LogStore::with_limit(folder.path(), &[], 1 << 20).expect("it opens");
        std::thread::scope(|threads| {
            for writer in 0..4 {
                let (logs, function) = (&logs, &function);
                threads.spawn(move || {
                    for at_second in 0..250 {
                        let line = format!("{writer} {at_second}");
                        logs.append(function, "v1", "r", at(5), [line.as_str()])
                            .expect("it is written");
                    }
                });
            }
            // A follower sees each line once, in order.
            let (mut seen, mut last) = (0, "0".to_owned());
            while seen < 1000 {
                let body = json!({"search_type": "forwards", "line_num": last, "limit": 7});
                let page = ask(&logs, &function, body);
                seen += page.logs.len();
                for line in page.logs {
                    let number = |text: &str| text.parse::<u64>().expect("a number");
                    assert!(number(&line.line_num) > number(&last));
                    last = line.line_num;
                }
            }
        });
        assert_eq!(ask(&logs, &function, json!({"is_count": true})).count, 1000);
    }
}
