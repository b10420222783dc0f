//! A process that writes a log is killed at any moment: what it was told is written is there
//! afterwards, and nothing is there in half.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use serde_json::json;

use super::query::Query;
use super::store::LogStore;
use crate::triggers::example::function;

/// This test's name in its executable, which is also the program that is killed.
const NAME: &str = "logs::kill_tests::what_was_appended_survives_a_kill_at_any_moment";
/// The folder of the process that is to be killed.
const FOLDER: &str = "FG_KILL_LOGS";
/// How often to kill.
const KILLS: usize = 25;
/// A file of the stream has so many bytes: it is replaced many times.
const LIMIT: u64 = 8 << 10;

#[test]
fn what_was_appended_survives_a_kill_at_any_moment() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        write_until_killed(Path::new(&folder));
    }
    let folder = tempfile::tempdir().expect("a folder");
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().expect("a path"))
            .args(["--exact", NAME, "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut told = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        // It is killed while it goes on.
        let mut next = || told.by_ref().map_while(Result::ok).find_map(|line| number(&line));
        let mut last = 0;
        for _ in 0..=kill * 7 {
            last = next().expect("it goes on");
        }
        child.kill().expect("it is killed");
        while let Some(more) = next() {
            last = more;
        }
        child.wait().expect("it has ended");
        let kept = kept(folder.path());
        assert!(kept.ends_with(&[last]) || kept.ends_with(&[last, last + 1]), "{last}: {kept:?}");
        assert!(kept.windows(2).all(|two| two[1] == two[0] + 1), "{kept:?}");
        assert!(kept.len() as u64 * 100 > LIMIT.min(last * 100) / 2, "{last}: {kept:?}");
    }
}

/// The number in `wrote 7.`; only a whole line counts.
fn number(line: &str) -> Option<u64> {
    line.split_once("wrote ")?.1.strip_suffix('.')?.parse().ok()
}

fn write_until_killed(folder: &Path) -> ! {
    let first = kept(folder).last().map_or(1, |last| last + 1);
    let logs = LogStore::with_limit(folder, &[function("f1", &[]).into()], LIMIT);
    let logs = logs.expect("it opens");
    for number in first.. {
        let lines = [format!("line {number} of a process that is killed")];
        logs.append(
            &function("f1", &[]),
            "v1",
            "r",
            Timestamp::now(),
            lines.iter().map(|line| &**line),
        )
        .expect("it is written");
        let _ = writeln!(std::io::stdout(), "wrote {number}.");
    }
    unreachable!("it is killed before")
}

/// The numbers of the lines in the stream.
fn kept(folder: &Path) -> Vec<u64> {
    let logs = LogStore::with_limit(folder, &[function("f1", &[]).into()], LIMIT);
    let now = Timestamp::now().as_millisecond();
    let body = json!({
        "start_time": now - 1_000_000, "end_time": now + 1000, "limit": 5000, "highlight": false
    });
    let query = Query::parse(body.to_string().as_bytes(), "eu-de").expect("it is valid");
    let page = logs.expect("it opens").query(&function("f1", &[]), &query).expect("it is read");
    let number = |content: &str| content.split(' ').nth(1)?.parse().ok();
    page.logs.iter().map(|line| number(&line.content).expect("a whole line")).collect()
}
