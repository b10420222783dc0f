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
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
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
