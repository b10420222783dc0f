//! A process that writes as fast as it can is killed at random moments; whatever it has been told
//! is written must be there afterwards, and nothing must be there in half.
//!
//! `FG_KILLS=300` kills more often, and `FG_KILL_SEED` repeats a run. What happens between two
//! processes cannot be repeated exactly, but the operations and the moments are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha512};

use super::*;

/// This test's name in its executable, which is also the program that is killed.
const NAME: &str = "store::tests::kill::what_was_acknowledged_survives_a_kill_at_any_moment";
/// The folder and the seed of the process that is to be killed.
const FOLDER: &str = "FG_KILL_FOLDER";
const SEED: &str = "FG_KILL_SEED";
/// How often to kill.
const KILLS: &str = "FG_KILLS";
const FEW: u64 = 25;
/// A folder is used for so many processes, then there is a new one.
const LIVES: u64 = 5;

const INVOKERS: u64 = 8;

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let variable = |name| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    if let Some(folder) = std::env::var_os(FOLDER) {
        write_until_killed(Path::new(&folder), variable(SEED).unwrap());
    }
    let kills = variable(KILLS).unwrap_or(FEW);
    let seed = variable(SEED).unwrap_or_else(|| Timestamp::now().as_nanosecond() as u64);
    println!("{SEED}={seed} {KILLS}={kills}");
    let mut random = Random(seed);
    let mut figures = Figures::default();
    let mut folder = TempDir::new().unwrap();
    let mut model = Model::default();
    for life in 0..kills {
        if life % LIVES == 0 {
            folder = TempDir::new().unwrap();
            model = Model::default();
        }
        let lines = live_and_be_killed(folder.path(), random.next(), &mut random);
        check(folder.path(), &mut model, &lines, &mut figures);
    }
    println!("{figures:?}");
    assert!(figures.acknowledged > kills, "hardly anything was written: {figures:?}");
}

/// What was seen, for the person who runs the long form.
#[derive(Debug, Default)]
struct Figures {
    kills: u64,
    before_the_first_line: u64,
    acknowledged: u64,
    in_flight: u64,
    in_flight_written: u64,
    functions_checked: u64,
    packages_checked: u64,
    waiting_checked: u64,
    finished_checked: u64,
    slowest_open: Duration,
}

/// Runs a process that writes, kills it at a random moment, and returns its complete lines.
fn live_and_be_killed(folder: &Path, seed: u64, random: &mut Random) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env(SEED, seed.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .map(KilledOnDrop)
        .unwrap();
    let output = child.0.stdout.take().unwrap();
    let (sender, receiver) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = String::new();
        // A line without an end was cut by the kill.
        while output.read_line(&mut line).unwrap() > 0 && line.ends_with('\n') {
            if line.starts_with("begin ") || line.starts_with("ack ") {
                let _ = sender.send(line.trim_end().to_owned());
            }
            line.clear();
        }
    });
    let mut lines = Vec::new();
    if random.below(5) == 0 {
        // Probably while the folder is being opened.
        std::thread::sleep(Duration::from_micros(random.below(60_000)));
    } else {
        let enough = 1 + random.below(600) as usize;
        while lines.len() < enough {
            lines.push(receiver.recv_timeout(Duration::from_secs(60)).expect("it writes"));
        }
        std::thread::sleep(Duration::from_micros(random.below(5_000)));
    }
    drop(child);
    reader.join().unwrap();
    lines.extend(receiver.try_iter());
    lines
}

struct KilledOnDrop(Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        // SIGKILL on Unix.
        let _ = self.0.kill();
        let status = self.0.wait().unwrap();
        assert_ne!(status.code(), Some(101), "the process that writes has panicked");
    }
}

/// What the processes have been told is written.
#[derive(Clone, Debug, Default)]
struct Model {
    /// The hash of each function.
    functions: BTreeMap<String, String>,
    invocations: BTreeMap<String, Expected>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Expected {
    function: String,
    status: Status,
    attempts: u32,
}

impl Model {
    /// Applies an operation as the process has printed it.
    fn apply(&mut self, operation: &[&str]) {
        match *operation {
            ["put", function, hash] => {
                self.functions.insert(function.to_owned(), hash.to_owned());
            }
            ["delete", function] => {
                self.functions.remove(function);
                self.invocations.retain(|_, invocation| invocation.function != function);
            }
            ["push", id, function] => {
                let (function, status) = (function.to_owned(), Status::Wait);
                let new = Expected { function, status, attempts: 0 };
                self.invocations.insert(id.to_owned(), new);
            }
            ["start", id] => {
                let invocation = self.invocations.get_mut(id).unwrap();
                invocation.status = Status::Running;
                invocation.attempts += 1;
            }
            ["end", id, status] => {
                self.invocations.get_mut(id).unwrap().status = match status {
                    "retry" => Status::Wait,
                    "success" => Status::Success,
                    "fail" => Status::Fail,
                    _ => Status::Discard,
                };
            }
            _ => panic!("{operation:?}"),
        }
    }

    /// What runs when a process is killed waits in the next one.
    fn reopen(&mut self) {
        for invocation in self.invocations.values_mut() {
            if invocation.status == Status::Running {
                invocation.status = Status::Wait;
            }
        }
    }

    fn of_store(store: &Store, known: &[&Model]) -> Self {
        let functions = store.functions().unwrap().into_iter();
        let functions = functions.map(|function| (function.name.name.clone(), hash(&function)));
        let ids: BTreeSet<_> = known.iter().flat_map(|model| model.invocations.keys()).collect();
        let found = ids.into_iter().filter_map(|id| store.get(id).unwrap());
        let invocations = found.map(|invocation| {
            let Invocation { request_id, function, status, attempts, .. } = invocation;
            (request_id, Expected { function: function.name, status, attempts })
        });
        Self { functions: functions.collect(), invocations: invocations.collect() }
    }
}

/// Opens the folder of a killed process, and compares it with what the process has said.
fn check(folder: &Path, model: &mut Model, lines: &[String], figures: &mut Figures) {
    let mut begun: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in lines {
        let words: Vec<_> = line.split(' ').collect();
        let [what, worker, operation @ ..] = &words[..] else { panic!("{line}") };
        if *what == "begin" {
            begun.insert(worker, operation.to_vec());
        } else {
            let operation = begun.remove(worker).expect("what is acknowledged was begun");
            model.apply(&operation);
            figures.acknowledged += 1;
        }
    }
    let mut also = model.clone();
    for operation in begun.values() {
        also.apply(operation);
    }
    model.reopen();
    also.reopen();

    let opening = Instant::now();
    let store = Store::open(folder).unwrap();
    figures.slowest_open = figures.slowest_open.max(opening.elapsed());
    assert_eq!(store.damaged(), &[] as &[String]);
    let found = Model::of_store(&store, &[model, &also]);
    compare("function", &found.functions, &model.functions, &also.functions);
    compare("invocation", &found.invocations, &model.invocations, &also.invocations);
    for operation in begun.values() {
        let mut before = model.clone();
        before.apply(operation);
        before.reopen();
        figures.in_flight_written += u64::from(match operation[..] {
            ["put" | "delete", function, ..] => {
                found.functions.get(function) == before.functions.get(function)
            }
            [_, id, ..] => found.invocations.get(id) == before.invocations.get(id),
            _ => false,
        });
        // It is in one transaction: the invocations of a function go when it goes.
        if let ["delete", function] = operation[..] {
            let gone = !found.functions.contains_key(function);
            let left = found.invocations.values().any(|found| found.function == function);
            assert!(!gone || !left, "{function} is deleted, and has invocations");
        }
    }
    for function in store.functions().unwrap() {
        for digest in digests(&function) {
            assert_eq!(store.package(&digest).unwrap(), code(&function.name.name, &digest, &store));
            figures.packages_checked += 1;
        }
        figures.functions_checked += 1;
    }
    *model = found;
    check_queue(&store, model, figures);
    figures.kills += 1;
    figures.before_the_first_line += u64::from(lines.is_empty());
    figures.in_flight += begun.len() as u64;
}

fn check_queue(store: &Store, model: &mut Model, figures: &mut Figures) {
    let unfinished = store.unfinished();
    let ids: BTreeSet<_> = unfinished.iter().map(|found| found.request_id.clone()).collect();
    assert_eq!(ids.len(), unfinished.len(), "an invocation would run twice");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (id, expected) in &mut model.invocations {
        if expected.status == Status::Wait {
            assert!(ids.contains(id), "{id} waits, and would not be run");
            let (_, payload) = runtime.block_on(store.start(id)).unwrap();
            assert_eq!(payload, payload_of(id), "{id}");
            runtime.block_on(store.retry(id, Failure::default())).unwrap();
            expected.attempts += 1;
            figures.waiting_checked += 1;
        } else {
            assert!(!ids.contains(id), "{id} is finished, and would be run again");
            let again = runtime.block_on(store.finish(id, End::Fail, Failure::default()));
            assert_eq!(again, Err(QueueError::State(expected.status)));
            figures.finished_checked += 1;
        }
    }
    for id in ids {
        assert!(model.invocations.contains_key(&id), "{id} was not pushed");
    }
}

/// Each entry is as it was acknowledged, or as the operation in flight makes it.
fn compare<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &BTreeMap<String, T>,
    acknowledged: &BTreeMap<String, T>,
    in_flight: &BTreeMap<String, T>,
) {
    let names: BTreeSet<_> =
        found.keys().chain(acknowledged.keys()).chain(in_flight.keys()).collect();
    for name in names {
        let found = found.get(name);
        let expected = [acknowledged.get(name), in_flight.get(name)];
        assert!(expected.contains(&found), "{what} {name}: {found:?}, but not {expected:?}");
    }
}

/// The process that is killed.
fn write_until_killed(folder: &Path, seed: u64) -> ! {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        // The other threads would go on.
        std::process::exit(101);
    }));
    let store = Store::open(folder).unwrap();
    let mut random = Random(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    std::thread::scope(|scope| {
        for worker in 0..2 {
            let (store, random) = (&store, Random(random.next()));
            scope.spawn(move || change_functions(store, worker, random));
        }
        let (queue, chosen) = (&store, Random(random.next()));
        scope.spawn(move || push_and_delete(queue, chosen));
        runtime.block_on(async {
            for waiting in store.unfinished() {
                let id = waiting.request_id;
                if waiting.function.name.starts_with('q') {
                    run("recovery", &store, &id, "success").await;
                }
            }
            let workers = (0..INVOKERS).map(|worker| {
                Box::pin(invoke(&store, format!("q{worker}"), Random(random.next())))
            });
            join(workers.collect()).await;
        });
    });
    unreachable!("the workers write until they are killed")
}

/// Polls all of them, for ever.
async fn join(mut workers: Vec<std::pin::Pin<Box<impl Future<Output = ()>>>>) {
    std::future::poll_fn(|context| {
        for worker in &mut workers {
            assert!(worker.as_mut().poll(context).is_pending());
        }
        std::task::Poll::<()>::Pending
    })
    .await;
}

/// Creates, updates, publishes and deletes functions that no other worker has.
fn change_functions(store: &Store, worker: u64, mut random: Random) {
    let worker = format!("f{worker}");
    let mut functions: BTreeMap<_, _> = store
        .functions()
        .unwrap()
        .into_iter()
        .filter(|function| function.name.name.starts_with(&worker))
        .map(|function| (function.name.name.clone(), function))
        .collect();
    loop {
        let name = format!("{worker}-{}", random.below(5));
        let known = functions.get(&name).cloned();
        let mut changed = known.clone().unwrap_or_else(|| function(&name, ""));
        match (known, random.below(10)) {
            (Some(_), 0) => {
                begin(&worker, &format!("delete {name}"));
                store.delete_function(&FunctionName::new("default", &*name)).unwrap();
                ack(&worker);
                functions.remove(&name);
                continue;
            }
            (Some(_), 1 | 2) => {
                let mut published = changed.latest.clone();
                published.name = format!("v{}", changed.versions.len());
                changed.versions.push(published);
            }
            (Some(_), 3) => {
                let unpacked = store.unpacked(&changed.latest.code.digest).unwrap();
                let size = fs::metadata(unpacked.join("bootstrap")).unwrap().len();
                assert_eq!(size, changed.latest.code.size, "{name}");
                continue;
            }
            _ => {
                let content = content(random.next());
                let stored = store.put_package(&package(&[("bootstrap", &content)])).unwrap();
                changed.latest.code.digest = stored.digest;
                changed.latest.code.size = content.len() as u64;
            }
        }
        changed.latest.last_modified = Timestamp::now();
        begin(&worker, &format!("put {name} {}", hash(&changed)));
        store.put_function(&changed).unwrap();
        ack(&worker);
        functions.insert(name, changed);
    }
}

/// Creates a function, pushes invocations of it, and deletes it with them.
fn push_and_delete(store: &Store, mut random: Random) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let function = function("gone", "");
    loop {
        begin("gone", &format!("put gone {}", hash(&function)));
        store.put_function(&function).unwrap();
        ack("gone");
        for _ in 0..random.below(10) {
            let id = format!("gone-{}", random.next());
            runtime.block_on(async {
                push("gone", store, &id, "gone").await;
                if random.below(2) == 0 {
                    run("gone", store, &id, "success").await;
                }
            });
        }
        begin("gone", "delete gone");
        store.delete_function(&function.name).unwrap();
        ack("gone");
    }
}

/// Pushes invocations, and lets most of them run to an end.
async fn invoke(store: &Store, worker: String, mut random: Random) {
    loop {
        let id = format!("{worker}-{}", random.next());
        push(&worker, store, &id, &worker).await;
        match random.below(10) {
            0 => {}
            1 => {
                begin(&worker, &format!("end {id} discard"));
                store.cancel(&id, Failure::default()).await.unwrap();
                ack(&worker);
            }
            2 => run(&worker, store, &id, "fail").await,
            3 | 4 => {
                run(&worker, store, &id, "retry").await;
                run(&worker, store, &id, "success").await;
            }
            _ => run(&worker, store, &id, "success").await,
        }
    }
}

async fn push(worker: &str, store: &Store, id: &str, function: &str) {
    begin(worker, &format!("push {id} {function}"));
    let payload = Bytes::from(payload_of(id));
    store.push(NewInvocation { payload, ..invocation(function, id) }).await.unwrap();
    ack(worker);
}

async fn run(worker: &str, store: &Store, id: &str, end: &str) {
    begin(worker, &format!("start {id}"));
    let (_, payload) = store.start(id).await.unwrap();
    ack(worker);
    assert_eq!(payload, payload_of(id), "{id}");
    begin(worker, &format!("end {id} {end}"));
    let failure = Failure { code: Some(4201), message: "as planned".into() };
    match end {
        "retry" => store.retry(id, failure).await.unwrap(),
        "fail" => store.finish(id, End::Fail, failure).await.unwrap(),
        _ => store.finish(id, End::Success, Failure::default()).await.unwrap(),
    };
    ack(worker);
}

fn begin(worker: &str, operation: &str) {
    say(&format!("begin {worker} {operation}\n"));
}

fn ack(worker: &str) {
    say(&format!("ack {worker}\n"));
}

/// In one write, which a pipe takes as a whole.
fn say(line: &str) {
    let mut output = io::stdout().lock();
    output.write_all(line.as_bytes()).unwrap();
    output.flush().unwrap();
}

fn hash(function: &Function) -> String {
    let json = serde_json::to_vec(function).unwrap();
    base16ct::lower::encode_string(&Sha512::digest(json)[..8])
}

/// The package that a function had, made again from what is in it.
fn code(function: &str, digest: &str, store: &Store) -> Vec<u8> {
    let unpacked = store.unpacked(digest).unwrap_or_else(|error| panic!("{function}: {error}"));
    package(&[("bootstrap", &fs::read_to_string(unpacked.join("bootstrap")).unwrap())])
}

/// Of a few bytes to 60 KB.
fn content(seed: u64) -> String {
    format!("{seed:016x}").repeat(1 + (seed % 4000) as usize)
}

/// Mostly small, sometimes 256 KB.
fn payload_of(id: &str) -> Vec<u8> {
    let seed = Sha512::digest(id)[0];
    let length = if seed == 0 { 256 << 10 } else { usize::from(seed) * 16 };
    id.bytes().cycle().take(length).collect()
}

/// The generator splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
