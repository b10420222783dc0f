//! What the store keeps, bounds, refuses and says.

#![allow(clippy::unwrap_used, reason = "a test ends where something else happens")]

mod kill;

use std::fs;
use std::io::Write;

use bytes::Bytes;
use jiff::Timestamp;
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;
use crate::catalog::version::{Code, Config, LATEST, Version};

fn function(name: &str, digest: &str) -> Function {
    let latest = Version {
        name: LATEST.into(),
        description: String::new(),
        config: Config::default(),
        code: Code { digest: digest.into(), ..Code::default() },
        last_modified: Timestamp::now(),
    };
    Function {
        id: "0".repeat(32),
        name: FunctionName::new("default", name),
        created: Timestamp::now(),
        latest,
        versions: Vec::new(),
        aliases: Vec::new(),
        triggers: Vec::new(),
        async_configs: std::collections::BTreeMap::default(),
        reserved: std::collections::BTreeMap::default(),
        tags: std::collections::BTreeMap::default(),
        test_events: Vec::new(),
        is_pinned: false,
    }
}

fn package(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::DEFAULT.unix_permissions(0o755)).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn invocation(function: &str, request_id: &str) -> NewInvocation {
    NewInvocation {
        request_id: request_id.into(),
        function: FunctionName::new("default", function),
        qualifier: LATEST.into(),
        headers: vec![("x-cff-a".into(), "b".into())],
        payload: Bytes::from(format!("payload of {request_id}")),
    }
}

fn names(store: &Store) -> Vec<String> {
    store.functions().unwrap().into_iter().map(|function| function.name.name).collect()
}

#[test]
fn functions_are_there_when_the_folder_is_opened_again() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.put_function(&function("a", "")).unwrap();
    store.put_function(&function("b", "")).unwrap();
    store.delete_function(&FunctionName::new("default", "a")).unwrap();
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(names(&store), ["b"]);
    assert!(store.damaged().is_empty());
}

#[tokio::test]
async fn an_invocation_waits_runs_and_is_finished_once() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let waits = store.push(invocation("a", "1")).await.unwrap();
    assert_eq!((waits.status, waits.attempts), (Status::Wait, 0));
    assert_eq!(store.push(invocation("a", "1")).await, Err(QueueError::Exists));
    let (runs, payload) = store.start("1").await.unwrap();
    assert_eq!((runs.status, runs.attempts), (Status::Running, 1));
    assert_eq!(payload, b"payload of 1");
    assert_eq!(store.start("1").await, Err(QueueError::State(Status::Running)));
    let finished = store.finish("1", End::Success, Failure::default()).await.unwrap();
    assert_eq!(store.get("1").unwrap(), Some(finished));
    assert_eq!(
        store.finish("1", End::Fail, Failure::default()).await,
        Err(QueueError::State(Status::Success))
    );
    let page = store.list(&FunctionName::new("default", "a"), &Filter::default(), 0, 100).unwrap();
    assert_eq!(page.invocations.len(), 1);
}

#[test]
fn a_package_is_unpacked_into_a_folder() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let bytes = package(&[("bootstrap", "#!/bin/sh"), ("lib/x", "y")]);
    let stored = store.put_package(&bytes).unwrap();
    assert_eq!(stored.size, bytes.len() as u64);
    assert_eq!(store.package(&stored.digest).unwrap(), bytes);
    let unpacked = store.unpacked(&stored.digest).unwrap();
    assert_eq!(fs::read_to_string(unpacked.join("lib/x")).unwrap(), "y");
}

#[test]
fn a_database_whose_creation_was_cut_short_is_created_again() {
    for length in [1, 9, 1 << 20] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("functions.redb"), vec![0; length]).unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.put_function(&function("a", "")).unwrap();
        drop(store);
        assert_eq!(names(&Store::open(folder.path()).unwrap()), ["a"]);
    }
}

#[cfg(unix)]
#[test]
fn what_is_in_the_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("target/data");
    let _store = Store::open(&folder).unwrap();
    assert_eq!(mode(&folder), 0o700);

    // One that is there keeps its permissions, and what is put into it is private.
    let shared = parent.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o755)).unwrap();
    let _store = Store::open(&shared).unwrap();
    assert_eq!(mode(&shared), 0o755);
    assert_eq!(mode(&shared.join("functions.redb")), 0o600);
    for name in ["packages", "code", "temporary"] {
        assert_eq!(mode(&shared.join(name)), 0o700, "{name}");
    }
}

#[test]
fn a_folder_is_used_by_one_process_at_a_time() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let refused = Store::open(folder.path()).unwrap_err().to_string();
    let named = format!(
        "the data folder {} is in use by process {}: end that process first, or start this one with \
         another data folder",
        folder.path().display(),
        std::process::id()
    );
    assert_eq!(refused, named);
    drop(store);
    Store::open(folder.path()).unwrap();
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let parent = TempDir::new().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    for folder in [file.clone(), file.join("data")] {
        let error = Store::open(&folder).unwrap_err().to_string();
        assert!(error.contains(&*file.to_string_lossy()), "{error}");
    }
    let folder = parent.path().join("other");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("functions.redb"), "something else entirely").unwrap();
    let error = Store::open(&folder).unwrap_err().to_string();
    assert!(error.contains(&*folder.to_string_lossy()), "{error}");
    assert!(error.contains("move"), "{error}");
}

#[test]
fn a_folder_of_the_first_layout_is_read() {
    let folder = TempDir::new().unwrap();
    let database = Database::builder()
        .create_with_file_format_v3(true)
        .create(folder.path().join("functions.redb"))
        .unwrap();
    let transaction = database.begin_write().unwrap();
    let json = serde_json::to_vec(&function("old", "")).unwrap();
    transaction.open_table(FUNCTIONS).unwrap().insert("default:old", &*json).unwrap();
    transaction.commit().unwrap();
    drop(database);

    let store = Store::open(folder.path()).unwrap();
    assert_eq!(names(&store), ["old"]);
    store.put_function(&function("new", "")).unwrap();
    drop(store);
    assert_eq!(names(&Store::open(folder.path()).unwrap()), ["new", "old"]);
}

#[test]
fn a_folder_of_a_newer_program_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let path = folder.path().join("functions.redb");
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let numbers: redb::TableDefinition<'_, &str, u64> = redb::TableDefinition::new("numbers");
    transaction.open_table(numbers).unwrap().insert("layout", 2).unwrap();
    transaction.commit().unwrap();
    drop(database);

    for _ in 0..2 {
        let error = Store::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains(&*folder.path().to_string_lossy()), "{error}");
        assert!(error.contains("a newer version of this program (its layout is 2"), "{error}");
        assert!(error.contains("update this program"), "{error}");
    }
}

#[test]
fn a_damaged_function_is_named_and_the_others_are_there() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let digest = store.put_package(&package(&[("bootstrap", "x")])).unwrap().digest;
    store.put_function(&function("good", "")).unwrap();
    store.put_function(&function("bad", &digest)).unwrap();
    store
        .writer
        .write_blocking(Urgency::First, |change| {
            change.tables.functions.insert("default:bad", b"{\"id\":".as_slice())?;
            Ok(())
        })
        .unwrap();
    drop(store);

    let store = Store::open(folder.path()).unwrap();
    assert_eq!(names(&store), ["good"]);
    let [sentence] = store.damaged() else { panic!("{:?}", store.damaged()) };
    assert!(sentence.contains("default:bad"), "{sentence}");
    // What it refers to is not known, so that no package is removed.
    assert!(store.package(&digest).is_ok());
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    store.put_function(&function("bad", "")).unwrap();
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(names(&store), ["bad", "good"]);
    assert_eq!(store.package(&digest), Err(PackageError::NotFound(digest)));
}

#[tokio::test]
async fn a_damaged_invocation_is_dropped_and_the_others_are_there() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.push(invocation("a", "1")).await.unwrap();
    store.push(invocation("a", "2")).await.unwrap();
    store
        .writer
        .write_blocking(Urgency::First, |change| {
            change.tables.invocations.insert(("default:a", 0), b"{".as_slice())?;
            Ok(())
        })
        .unwrap();
    let all = store.list(&FunctionName::new("default", "a"), &Filter::default(), 0, 9).unwrap();
    assert_eq!(all.invocations.len(), 1);
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert!(store.damaged()[0].contains("default:a"), "{:?}", store.damaged());
    assert_eq!(ids(&store.unfinished()), ["2"]);
    assert_eq!(store.get("1").unwrap(), None);
}

#[test]
fn a_damaged_database_is_an_error_or_read_and_never_a_panic() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for number in 0..20 {
        store.put_function(&function(&number.to_string(), "")).unwrap();
    }
    drop(store);
    let path = folder.path().join("functions.redb");
    let whole = fs::read(&path).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    for damaged in (0..used).step_by(used / 60) {
        let mut bytes = whole.clone();
        for byte in &mut bytes[damaged..(damaged + 16).min(used)] {
            *byte ^= 0x5a;
        }
        fs::write(&path, bytes).unwrap();
        if let Err(error) = Store::open(folder.path()) {
            let error = error.to_string();
            assert!(error.contains(&*folder.path().to_string_lossy()), "{error}");
        }
    }
}

#[test]
fn a_package_is_unpacked_once_however_many_ask() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let digest = store.put_package(&package(&[("bootstrap", "x")])).unwrap().digest;
    let barrier = std::sync::Barrier::new(8);
    let unpacked: Vec<_> = std::thread::scope(|scope| {
        let ask = || {
            barrier.wait();
            store.unpacked(&digest).unwrap()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(unpacked.iter().all(|each| Arc::ptr_eq(each, &unpacked[0])));
    assert_eq!(fs::read_dir(folder.path().join("code")).unwrap().count(), 1);
    assert_eq!(fs::read_dir(folder.path().join("temporary")).unwrap().count(), 0);
}

#[test]
fn packages_without_a_function_are_removed_at_the_start() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let put =
        |content: &str| store.put_package(&package(&[("bootstrap", content)])).unwrap().digest;
    let [kept, published, dropped] = ["a", "b", "c"].map(put);
    let mut function = function("f", &published);
    function.versions.push(function.latest.clone());
    function.latest.code.digest = kept.clone();
    store.put_function(&function).unwrap();
    drop(store);
    fs::write(folder.path().join("temporary/left-by-a-kill"), "").unwrap();
    fs::write(folder.path().join("packages/no-digest"), "").unwrap();
    fs::create_dir_all(folder.path().join("code").join(&kept).join("written/by/a/function"))
        .unwrap();

    let store = Store::open(folder.path()).unwrap();
    assert!(store.package(&kept).is_ok() && store.package(&published).is_ok());
    assert_eq!(store.package(&dropped), Err(PackageError::NotFound(dropped.clone())));
    assert_eq!(fs::read_dir(folder.path().join("packages")).unwrap().count(), 2);
    let unpacked = store.unpacked(&kept).unwrap();
    assert_eq!(fs::read_dir(&**unpacked).unwrap().count(), 1);
}

#[test]
fn a_package_is_removed_once_no_function_and_no_instance_has_it() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let put = |store: &Store, content: &str| {
        store.put_package(&package(&[("bootstrap", content)])).unwrap().digest
    };
    let (old, new) = (put(&store, "old"), put(&store, "new"));
    let name = FunctionName::new("default", "f");
    store.put_function(&function("f", &old)).unwrap();
    let instance = store.unpacked(&old).unwrap();
    store.put_function(&function("f", &new)).unwrap();
    assert!(store.package(&old).is_ok(), "it is kept for a while");

    store.packages.keep_for(std::time::Duration::ZERO);
    store.put_function(&function("f", &new)).unwrap();
    assert!(instance.join("bootstrap").is_file(), "an instance runs in it");
    assert!(store.package(&old).is_ok());

    drop(instance);
    store.put_function(&function("f", &new)).unwrap();
    assert_eq!(store.package(&old), Err(PackageError::NotFound(old.clone())));
    assert!(!folder.path().join("code").join(&old).exists());
    assert!(store.package(&new).is_ok());

    // Another function has it, too.
    store.put_function(&function("g", &new)).unwrap();
    store.delete_function(&name).unwrap();
    assert!(store.package(&new).is_ok());
    store.delete_function(&FunctionName::new("default", "g")).unwrap();
    assert_eq!(store.package(&new), Err(PackageError::NotFound(new)));
}

#[test]
fn a_package_that_is_damaged_missing_or_not_a_digest_is_an_error() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let digest = store.put_package(&package(&[("bootstrap", "x")])).unwrap().digest;
    fs::write(folder.path().join("packages").join(format!("{digest}.zip")), "x").unwrap();
    let error = store.unpacked(&digest).unwrap_err().to_string();
    assert!(error.contains("damaged") && error.contains(&digest), "{error}");
    // Uploading it again mends it.
    store.put_package(&package(&[("bootstrap", "x")])).unwrap();
    store.unpacked(&digest).unwrap();

    for digest in ["", "../functions.redb", &"0".repeat(128), &"A".repeat(128)] {
        assert_eq!(store.package(digest), Err(PackageError::NotFound(digest.into())));
        assert!(store.unpacked(digest).is_err());
    }
}

#[test]
fn inline_code_is_a_file_of_its_name() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let stored = store.put_file("index.py", b"def handler(): pass").unwrap();
    let unpacked = store.unpacked(&stored.digest).unwrap();
    assert_eq!(fs::read(unpacked.join("index.py")).unwrap(), b"def handler(): pass");
}

fn ids(invocations: &[Invocation]) -> Vec<&str> {
    invocations.iter().map(|invocation| &*invocation.request_id).collect()
}

#[tokio::test]
async fn what_ran_when_the_process_ended_waits_again_and_keeps_its_attempts() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for id in ["waits", "runs", "failed", "done", "cancelled"] {
        store.push(invocation("a", id)).await.unwrap();
    }
    let failure = || Failure { code: Some(4201), message: "no".into() };
    store.start("runs").await.unwrap();
    store.retry("runs", failure()).await.unwrap();
    store.start("runs").await.unwrap();
    store.start("failed").await.unwrap();
    let failed = store.finish("failed", End::Fail, failure()).await.unwrap();
    store.start("done").await.unwrap();
    let done = store.finish("done", End::Success, Failure::default()).await.unwrap();
    let cancelled = store.cancel("cancelled", Failure::default()).await.unwrap();
    assert_eq!(cancelled.status, Status::Discard);
    assert_eq!(
        store.cancel("runs", Failure::default()).await,
        Err(QueueError::State(Status::Running))
    );
    assert_eq!(
        store.cancel("done", Failure::default()).await,
        Err(QueueError::State(Status::Success))
    );
    drop(store);

    let store = Store::open(folder.path()).unwrap();
    let unfinished = store.unfinished();
    assert_eq!(ids(&unfinished), ["waits", "runs"]);
    assert!(unfinished.iter().all(|invocation| invocation.status == Status::Wait));
    assert_eq!((unfinished[1].attempts, unfinished[1].error_code), (2, Some(4201)));
    assert_eq!(unfinished[1].headers, [("x-cff-a".into(), "b".into())]);
    assert!(store.unfinished().is_empty());
    let (again, payload) = store.start("runs").await.unwrap();
    assert_eq!((again.attempts, &*payload), (3, b"payload of runs".as_slice()));
    for finished in [failed, done, cancelled] {
        let id = &finished.request_id;
        assert_eq!(store.get(id).unwrap().as_ref(), Some(&finished));
        assert!(finished.ended.is_some());
        let refused = Err(QueueError::State(finished.status));
        assert_eq!(store.start(id).await.map(|(invocation, _)| invocation), refused);
        assert_eq!(store.retry(id, Failure::default()).await, refused);
        assert_eq!(store.finish(id, End::Discard, Failure::default()).await, refused);
    }
    for refused in [
        store.start("none").await.map(|(invocation, _)| invocation),
        store.finish("none", End::Success, Failure::default()).await,
    ] {
        assert_eq!(refused, Err(QueueError::NotFound));
    }
}

#[tokio::test]
async fn a_full_queue_refuses_until_something_is_finished() {
    let folder = TempDir::new().unwrap();
    let limits = Limits { unfinished: 3, unfinished_bytes: 1000, ..Limits::DEFAULT };
    let store = Store::open_with(folder.path(), limits).unwrap();
    let pushes = (0..10).map(|number| store.push(invocation("a", &number.to_string())));
    let mut accepted = 0;
    for pushed in pushes {
        match pushed.await {
            Ok(_) => accepted += 1,
            Err(error) => assert_eq!(error, QueueError::Full),
        }
    }
    assert_eq!(accepted, 3);
    drop(store);
    let store = Store::open_with(folder.path(), limits).unwrap();
    assert_eq!(store.push(invocation("b", "more")).await, Err(QueueError::Full));
    store.finish("0", End::Discard, Failure::default()).await.unwrap();
    let large = NewInvocation { payload: Bytes::from(vec![0; 990]), ..invocation("b", "large") };
    assert_eq!(store.push(large).await, Err(QueueError::Full));
    store.push(invocation("b", "more")).await.unwrap();
    assert_eq!(store.push(invocation("b", "again")).await, Err(QueueError::Full));
    store.delete_function(&FunctionName::new("default", "a")).unwrap();
    store.push(invocation("b", "again")).await.unwrap();
}

#[tokio::test]
async fn finished_invocations_are_kept_in_part() {
    let folder = TempDir::new().unwrap();
    let limits = Limits { finished: 3, ..Limits::DEFAULT };
    let store = Store::open_with(folder.path(), limits).unwrap();
    let name = FunctionName::new("default", "a");
    store.push(invocation("a", "waits")).await.unwrap();
    for number in 0..10 {
        let id = number.to_string();
        store.push(invocation("a", &id)).await.unwrap();
        store.finish(&id, End::Success, Failure::default()).await.unwrap();
    }
    let page = store.list(&name, &Filter::default(), 0, 100).unwrap();
    assert_eq!(ids(&page.invocations), ["9", "8", "7", "waits"]);
    assert_eq!(store.get("6").unwrap(), None);
    // Its id is free again.
    store.push(invocation("a", "6")).await.unwrap();
    drop(store);

    let limits = Limits { finished_age: 0, ..Limits::DEFAULT };
    let store = Store::open_with(folder.path(), limits).unwrap();
    let page = store.list(&name, &Filter::default(), 0, 100).unwrap();
    assert_eq!(ids(&page.invocations), ["6", "waits"]);
}

#[tokio::test]
async fn invocations_are_listed_in_pages_the_newest_first() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let name = FunctionName::new("default", "a");
    for number in 0..7 {
        store.push(invocation("a", &number.to_string())).await.unwrap();
    }
    for other in ["", "0", "a1", "b"] {
        store.push(invocation(other, &format!("of {other}"))).await.unwrap();
    }
    store.finish("2", End::Fail, Failure::default()).await.unwrap();
    let list = |filter: &Filter, marker, limit| store.list(&name, filter, marker, limit).unwrap();

    let all = Filter::default();
    let first = list(&all, 0, 3);
    assert_eq!((ids(&first.invocations), first.next), (vec!["6", "5", "4"], Some(3)));
    let second = list(&all, 3, 3);
    assert_eq!((ids(&second.invocations), second.next), (vec!["3", "2", "1"], Some(6)));
    let last = list(&all, 6, 3);
    assert_eq!((ids(&last.invocations), last.next), (vec!["0"], None));
    assert_eq!(list(&all, 7, 3), Page::default());
    assert_eq!(list(&all, 0, 7).next, None);

    let failed = Filter { statuses: vec![Status::Fail, Status::Running], ..Filter::default() };
    assert_eq!(ids(&list(&failed, 0, 100).invocations), ["2"]);
    let chosen = Filter { request_ids: vec!["1".into(), "5".into()], ..Filter::default() };
    assert_eq!(ids(&list(&chosen, 0, 100).invocations), ["5", "1"]);
    let middle = store.get("3").unwrap().unwrap().accepted;
    let from = Filter { from: Some(middle), ..Filter::default() };
    let to = Filter { to: Some(middle), ..Filter::default() };
    let [from, to] = [from, to].map(|filter| list(&filter, 0, 100));
    assert!(ids(&from.invocations).starts_with(&["6", "5"]), "{from:?}");
    assert!(ids(&to.invocations).ends_with(&["1", "0"]), "{to:?}");
    assert!(!ids(&from.invocations).contains(&"0") && !ids(&to.invocations).contains(&"6"));
}

#[tokio::test]
async fn the_invocations_of_a_deleted_function_are_gone_and_a_new_one_has_its_own() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let name = FunctionName::new("default", "a");
    let pushes: Vec<_> = (0..600).map(|number| format!("old {number}")).collect();
    let pushed = pushes.iter().map(|id| store.push(invocation("a", id)));
    for pushed in futures_of(pushed.collect()).await {
        pushed.unwrap();
    }
    store.push(invocation("b", "other")).await.unwrap();
    store.start("old 1").await.unwrap();
    store.finish("old 2", End::Success, Failure::default()).await.unwrap();
    store.put_function(&function("a", "")).unwrap();
    store.delete_function(&name).unwrap();

    for id in ["old 0", "old 1", "old 2"] {
        assert_eq!(store.get(id).unwrap(), None);
        let finished = store.finish(id, End::Success, Failure::default()).await;
        assert_eq!(finished, Err(QueueError::NotFound));
    }
    assert_eq!(store.list(&name, &Filter::default(), 0, 10).unwrap(), Page::default());
    store.push(invocation("a", "new")).await.unwrap();
    let page = store.list(&name, &Filter::default(), 0, 10).unwrap();
    assert_eq!(ids(&page.invocations), ["new"]);
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(ids(&store.unfinished()), ["other", "new"]);

    // In the end nothing of them is left.
    let left = || {
        let transaction = store.database.begin_read().unwrap();
        let invocations = transaction.open_table(layout::INVOCATIONS).unwrap();
        let requests = transaction.open_table(layout::REQUESTS).unwrap();
        let payloads = transaction.open_table(layout::PAYLOADS).unwrap();
        let finished = transaction.open_table(layout::FINISHED).unwrap();
        let deleted = transaction.open_table(layout::DELETED).unwrap();
        use redb::ReadableTableMetadata as _;
        [
            invocations.len().unwrap(),
            requests.len().unwrap(),
            payloads.len().unwrap(),
            finished.len().unwrap(),
            deleted.len().unwrap(),
        ]
    };
    while left() != [2, 2, 2, 0, 0] {
        std::thread::yield_now();
    }
}

/// The outputs of all of them, polled at the same time.
async fn futures_of<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<_> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        let mut is_pending = false;
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(ready) => *output = Some(ready),
                    std::task::Poll::Pending => is_pending = true,
                }
            }
        }
        if is_pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

#[tokio::test]
async fn what_is_asked_before_the_store_is_dropped_is_written() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let ids: Vec<_> = (0..50).map(|number| number.to_string()).collect();
    let mut pushes: Vec<_> =
        ids.iter().map(|id| Box::pin(store.push(invocation("a", id)))).collect();
    // Begun, and given up.
    std::future::poll_fn(|context| {
        for push in &mut pushes {
            let _ = push.as_mut().poll(context);
        }
        std::task::Poll::Ready(())
    })
    .await;
    drop(pushes);
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.unfinished().len(), 50);
}

#[tokio::test]
async fn those_who_wait_for_a_writer_that_has_panicked_get_an_error() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let panicked = store
        .writer
        .write_blocking(Urgency::First, |_| -> Result<(), RedbError> { panic!("as planned") });
    let error = panicked.unwrap_err().to_string();
    assert!(error.contains(&*folder.path().to_string_lossy()), "{error}");
    assert!(store.put_function(&function("a", "")).is_err());
    assert!(store.push(invocation("a", "1")).await.is_err());
    assert_eq!(store.get("1").unwrap(), None);
}

#[tokio::test]
async fn what_fails_in_a_transaction_is_not_counted() {
    let folder = TempDir::new().unwrap();
    let limits = Limits { unfinished: 1, ..Limits::DEFAULT };
    let store = Store::open_with(folder.path(), limits).unwrap();
    let failed = store.writer.write(0, |change| -> Result<(), RedbError> {
        assert!(change.push(invocation("a", "1"))?.is_ok());
        Err(redb::Error::Io(io::Error::other("as planned")).into())
    });
    assert!(failed.await.unwrap_err().to_string().contains("as planned"));
    assert_eq!(store.get("1").unwrap(), None);
    store.push(invocation("a", "1")).await.unwrap();
}

#[test]
fn no_secret_and_no_payload_is_in_a_debug_print() {
    let mut new = invocation("a", "1");
    new.headers = vec![("authorization".into(), "hunter2".into())];
    new.payload = Bytes::from_static(b"hunter2");
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let printed = format!("{new:?}");
    let pushed = format!("{:?}", runtime.block_on(store.push(new)).unwrap());
    for printed in [printed, pushed, format!("{store:?}")] {
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
