//! One task that looks at the folders of buckets once a second, as long as a trigger asks for one.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::buckets::{Bucket, Change};
use super::object_events::event;
use super::object_filter::Filter;
use super::report::What;
use super::{Queue, Report, Reporter};
use crate::catalog::Catalog;
use crate::catalog::function::{Function, Trigger};
use crate::urn::Place;

/// The shortest pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// The shortest pause as a multiple of the duration of a look, so that looks never take more than
/// 5 % of the time.
const PAUSES_PER_LOOK: u32 = 20;

/// Where buckets are, and whose they are.
pub(super) struct Places {
    /// A bucket is the folder of its name in this one.
    pub(super) folder: PathBuf,
    pub(super) place: Place,
}

/// An active trigger that is about objects.
struct Watcher {
    function: Arc<Function>,
    trigger: Trigger,
    filter: Filter,
    /// What was there before is no event for it.
    since: Timestamp,
}

/// Looks at the buckets until it is dropped. What has changed while this server did not run is no
/// event.
pub(super) fn run<Q: Queue>(
    catalog: Arc<Catalog>,
    queue: Q,
    places: Places,
    reporter: Reporter,
) -> impl Future<Output = ()> + Send {
    let mut changes = catalog.subscribe();
    let start = Timestamp::now();
    async move {
        let mut buckets = BTreeMap::new();
        let mut told = BTreeSet::new();
        loop {
            changes.mark_unchanged();
            let watchers = watchers(&catalog, start, &reporter, &mut told);
            if watchers.is_empty() {
                buckets.clear();
                if changes.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let mut oldest: BTreeMap<String, Timestamp> = BTreeMap::new();
            for watcher in &watchers {
                let since = oldest.entry(watcher.filter.bucket.clone()).or_insert(watcher.since);
                *since = watcher.since.min(*since);
            }
            buckets.retain(|name, _| oldest.contains_key(name));
            let begin = Instant::now();
            let (folder, before) = (places.folder.clone(), std::mem::take(&mut buckets));
            let Ok((after, seen)) = spawn_blocking(move || look(&folder, oldest, before)).await
            else {
                // The runtime is shut down.
                return;
            };
            let pause = PAUSE.max(begin.elapsed() * PAUSES_PER_LOOK);
            buckets = after;
            // A trigger may have been created while the folders were read, before a file that was
            // seen.
            let watchers = self::watchers(&catalog, start, &reporter, &mut told);
            for (name, seen) in seen {
                let of_bucket = watchers.iter().filter(|watcher| watcher.filter.bucket == name);
                match seen {
                    Ok(changes) => {
                        told.remove(&name);
                        for watcher in of_bucket {
                            for change in &changes {
                                watcher.tell(change, &queue, &places.place, &reporter).await;
                            }
                        }
                    }
                    // It is told once, until it succeeds.
                    Err(reason) if told.insert(name.clone()) => {
                        for Watcher { function, trigger, .. } in of_bucket {
                            let what = What::Unwatched { reason: reason.clone() };
                            reporter(Report::new(function, trigger, what));
                        }
                    }
                    Err(_) => {}
                }
            }
            sleep(pause).await;
        }
    }
}

type Seen = Vec<(String, Result<Vec<Change>, String>)>;

fn look(
    folder: &Path,
    oldest: BTreeMap<String, Timestamp>,
    mut buckets: BTreeMap<String, Bucket>,
) -> (BTreeMap<String, Bucket>, Seen) {
    let mut seen = Vec::new();
    for (name, oldest) in oldest {
        let bucket = buckets.entry(name.clone()).or_default();
        let path = folder.join(&name);
        let changes = bucket.look(&path, oldest, Timestamp::now());
        seen.push((name, changes.map_err(|error| format!("{}: {error}", path.display()))));
    }
    (buckets, seen)
}

fn watchers(
    catalog: &Catalog,
    start: Timestamp,
    reporter: &Reporter,
    told: &mut BTreeSet<String>,
) -> Vec<Watcher> {
    let mut watchers = Vec::new();
    for function in catalog.list() {
        for trigger in function.triggers.iter().filter(|trigger| trigger.is_active) {
            match Filter::of(&trigger.type_code, &trigger.event_data) {
                Ok(Some(filter)) => watchers.push(Watcher {
                    function: Arc::clone(&function),
                    since: trigger.last_updated.max(start),
                    trigger: trigger.clone(),
                    filter,
                }),
                // No bucket has a name like this.
                Err(reason) if told.insert(format!("{}/{}", trigger.id, trigger.last_updated)) => {
                    reporter(Report::new(&function, trigger, What::Invalid { reason }));
                }
                Ok(None) | Err(_) => {}
            }
        }
    }
    watchers
}

impl Watcher {
    async fn tell<Q: Queue>(&self, change: &Change, queue: &Q, place: &Place, reporter: &Reporter) {
        if !change.is_since(self.since) || !self.filter.matches(&change.key, change.operation) {
            return;
        }
        let Self { function, trigger, filter, .. } = self;
        let payload = event(filter, change, &trigger.id, place);
        let queued = queue.queue(function, trigger.qualifier.clone(), payload, Vec::new()).await;
        let what = match queued {
            Ok(request_id) => What::Fired { request_id },
            Err(error) => What::Refused { reason: error.to_string() },
        };
        reporter(Report::new(function, trigger, what));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Value, json};
    use tokio::sync::mpsc::UnboundedReceiver;

    use super::*;
    use crate::triggers::example::{Folder, Queued, Recorder, function, reports};
    use crate::urn::FunctionName;

    /// A task that looks at buckets in a folder. The time of its pauses is tokio's.
    struct Objects {
        folder: Folder,
        objects: tempfile::TempDir,
        queued: UnboundedReceiver<Queued>,
        reports: UnboundedReceiver<Report>,
        task: tokio::task::JoinHandle<()>,
    }

    impl Objects {
        fn start() -> Self {
            let folder = Folder::new();
            folder.catalog.create(function("f1", &[])).expect("it is created");
            let objects = tempfile::tempdir().expect("a folder");
            let (queue, queued) = Recorder::new();
            let (reporter, reports) = reports();
            let place = Place { region: "eu-de".into(), project_id: "p".into() };
            let places = Places { folder: objects.path().join("objects"), place };
            let task = tokio::spawn(run(Arc::clone(&folder.catalog), queue, places, reporter));
            Self { folder, objects, queued, reports, task }
        }

        fn bucket(&self, name: &str) -> PathBuf {
            self.objects.path().join("objects").join(name)
        }

        /// Sets the triggers, which are created now.
        fn set(&self, triggers: &[(&str, &str, Value)]) {
            let mut triggers = function("f1", triggers).triggers;
            for trigger in &mut triggers {
                trigger.last_updated = Timestamp::now();
            }
            let change = |function: &mut Function| {
                function.triggers = triggers;
                Ok(())
            };
            let name = FunctionName::new("default", "greet");
            self.folder.catalog.change(&name, change).expect("it is changed");
        }

        /// The name and the key of the next notification.
        async fn record(&mut self) -> (String, String) {
            let queued = self.queued.recv().await.expect("the task runs");
            let record = &queued.payload["Records"][0];
            let text = |value: &Value| value.as_str().expect("a string").to_owned();
            (text(&record["eventName"]), text(&record["s3"]["object"]["key"]))
        }
    }

    impl Drop for Objects {
        fn drop(&mut self) {
            self.task.abort();
        }
    }

    fn write(path: &Path, content: &str) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        fs::write(path, content).expect("it is written");
    }

    fn obs(bucket: &str, prefix: &str) -> Value {
        let events = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"];
        json!({"bucket": bucket, "prefix": prefix, "events": events})
    }

    #[tokio::test]
    async fn files_that_come_after_the_trigger_are_events_even_at_once() {
        let mut objects = Objects::start();
        write(&objects.bucket("photos").join("old.png"), "1");
        // The time of a file is coarse.
        let old = fs::metadata(objects.bucket("photos").join("old.png")).expect("it is there");
        let written = Timestamp::try_from(old.modified().expect("a time")).expect("a time");
        while Timestamp::now().duration_since(written) < jiff::SignedDuration::from_millis(30) {
            tokio::task::yield_now().await;
        }
        objects.set(&[("OBS", "t1", obs("photos", "in/"))]);
        write(&objects.bucket("photos").join("in/a b.png"), "1");
        write(&objects.bucket("photos").join("other.png"), "1");
        let created = ("ObjectCreated:Put".to_owned(), "in%2Fa+b.png".to_owned());
        assert_eq!(objects.record().await, created);
        fs::remove_file(objects.bucket("photos").join("in/a b.png")).expect("it is removed");
        let removed = ("ObjectRemoved:Delete".to_owned(), "in%2Fa+b.png".to_owned());
        assert_eq!(objects.record().await, removed);
        assert!(objects.queued.try_recv().is_err());
        let report = objects.reports.recv().await.expect("the task runs");
        assert_eq!(report.what, What::Fired { request_id: "r-1".into() });
    }

    #[tokio::test]
    async fn a_bucket_may_have_triggers_of_both_types() {
        let mut objects = Objects::start();
        let grid = json!({
            "source_name": "HC.OBS.DWR", "bucket": "photos",
            "event_types": ["OBS:DWR:ObjectCreated:PUT"]
        });
        objects.set(&[("OBS", "t1", obs("photos", "")), ("EVENTGRID", "t2", grid)]);
        write(&objects.bucket("photos").join("a.png"), "1");
        assert_eq!(objects.record().await.1, "a.png");
        let event = objects.queued.recv().await.expect("the task runs").payload;
        assert_eq!(event["data"]["obs"]["bucket"]["name"], "photos");
    }

    #[tokio::test]
    async fn a_bucket_that_cannot_be_read_is_told_once_and_watched_as_soon_as_it_can() {
        let mut objects = Objects::start();
        let bucket = objects.bucket("photos");
        write(&bucket, "a file in place of the folder");
        objects.set(&[("OBS", "t1", obs("photos", ""))]);
        let report = objects.reports.recv().await.expect("the task runs");
        assert!(matches!(report.what, What::Unwatched { .. }), "{report}");
        fs::remove_file(&bucket).expect("it is removed");
        write(&bucket.join("a"), "1");
        assert_eq!(objects.record().await.1, "a");
    }

    #[tokio::test(start_paused = true)]
    async fn no_folder_is_looked_at_without_a_trigger() {
        let objects = Objects::start();
        objects.set(&[("SMN", "t1", json!({}))]);
        sleep(Duration::from_secs(60)).await;
        assert!(!objects.objects.path().join("objects").exists());
    }
}
