//! One task that fires all timers of the catalog.
//!
//! Times are those of the machine's clock. What was missed while the machine slept is not made up
//! for, and a timer whose time comes more than once before it can be fired is fired once.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ZonedDateTime};
use serde_json::{Map, Value};
use tokio::time::sleep;

use super::report::What;
use super::{Queue, Report, Reporter, Schedule, current, timer_event};
use crate::catalog::Catalog;
use crate::catalog::function::{Function, Trigger};
use crate::urn::FunctionRef;

/// A timer that is later than this has missed its time.
const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// The longest pause. While a machine sleeps, pauses do not elapse, but its clock goes on.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// A timer, and when it fires next.
struct Timer {
    function: Arc<Function>,
    trigger: Trigger,
    due: Timestamp,
}

/// Fires timers until it is dropped. `clock` is the time with the zone of schedules that
/// name none.
pub(super) fn run<Q: Queue>(
    catalog: Arc<Catalog>,
    queue: Q,
    clock: impl Fn() -> ZonedDateTime + Send + 'static,
    reporter: Reporter,
) -> impl Future<Output = ()> + Send {
    let mut changes = catalog.subscribe();
    async move {
        let mut scheduler =
            Scheduler { catalog, queue, reporter, told: HashSet::new(), handled: clock() };
        let mut timers = scheduler.plan();
        loop {
            let next = timers.iter().map(|timer| timer.due).min();
            let now = clock().timestamp();
            let pause = next.map_or(LONGEST_PAUSE, |due| {
                let pause = Duration::try_from(due.duration_since(now)).unwrap_or_default();
                pause.min(LONGEST_PAUSE)
            });
            let is_changed = tokio::select! {
                changed = changes.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    true
                }
                () = sleep(pause) => false,
            };
            let now = clock();
            if scheduler.fire(&timers, &now) || is_changed {
                timers = scheduler.plan();
            }
        }
    }
}

struct Scheduler<Q> {
    catalog: Arc<Catalog>,
    queue: Q,
    reporter: Reporter,
    /// The triggers that are reported to fire no more, with the time of their last change.
    told: HashSet<(String, Timestamp)>,
    /// All timers whose time was at most this were fired.
    handled: ZonedDateTime,
}

impl<Q: Queue> Scheduler<Q> {
    fn plan(&mut self) -> Vec<Timer> {
        let mut timers = Vec::new();
        for function in self.catalog.list() {
            let active = function.triggers.iter().filter(|trigger| trigger.is_active);
            for trigger in active.filter(|trigger| trigger.type_code == "TIMER") {
                // What was due before the trigger was there is not its concern.
                let changed =
                    trigger.last_updated.to_zoned_datetime(self.handled.time_zone().clone());
                let after = if changed > self.handled { &changed } else { &self.handled };
                let what = match schedule(&trigger.event_data) {
                    Ok(schedule) => match schedule.next(trigger.last_updated, after) {
                        Some(due) => {
                            let (function, trigger) = (Arc::clone(&function), trigger.clone());
                            timers.push(Timer { function, trigger, due });
                            continue;
                        }
                        None => What::Ended,
                    },
                    Err(reason) => What::Invalid { reason },
                };
                if self.told.insert((trigger.id.clone(), trigger.last_updated)) {
                    (self.reporter)(Report::new(&function, trigger, what));
                }
            }
        }
        timers
    }

    /// Fires what is due. Returns whether the next times have to be computed.
    fn fire(&mut self, timers: &[Timer], now: &ZonedDateTime) -> bool {
        let due: Vec<_> = timers.iter().filter(|timer| timer.due <= now.timestamp()).collect();
        for timer in &due {
            let Some(function) = self.current(timer) else { continue };
            let late = now.timestamp().duration_since(timer.due);
            if late > GRACE {
                let due = timer.due.to_zoned_datetime(now.time_zone().clone());
                let what = What::Missed { due: due.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string() };
                (self.reporter)(Report::new(&function, &timer.trigger, what));
            } else {
                tokio::spawn(invoke(
                    self.queue.clone(),
                    function,
                    timer.trigger.clone(),
                    now.clone(),
                    Arc::clone(&self.reporter),
                ));
            }
        }
        // A clock that was set back by an hour shows the same times again, unlike one that is
        // corrected by a little.
        let back = self.handled.timestamp().duration_since(now.timestamp());
        let is_set_back = back > GRACE;
        if is_set_back || back < SignedDuration::ZERO {
            self.handled = now.clone();
        }
        is_set_back || !due.is_empty()
    }

    /// The timer's function as it is now, if the timer is still in it.
    fn current(&self, timer: &Timer) -> Option<Arc<Function>> {
        let name = &timer.function.name;
        let named = FunctionRef {
            package: Some(name.package.clone()),
            name: name.name.clone(),
            qualifier: None,
        };
        let function = self.catalog.find(&named).ok()?;
        current(&function, &timer.trigger)?;
        Some(function)
    }
}

async fn invoke<Q: Queue>(
    queue: Q,
    function: Arc<Function>,
    trigger: Trigger,
    now: ZonedDateTime,
    reporter: Reporter,
) {
    let payload = event(&trigger, &now).into_bytes();
    let what = match queue.queue(&function, trigger.qualifier.clone(), payload, Vec::new()).await {
        Ok(request_id) => What::Fired { request_id },
        Err(error) => What::Refused { reason: error.to_string() },
    };
    reporter(Report::new(&function, &trigger, what));
}

/// The event of a timer that fires now.
pub(super) fn event(trigger: &Trigger, now: &ZonedDateTime) -> String {
    let string = |key: &str| trigger.event_data.get(key).and_then(Value::as_str);
    timer_event(string("name").unwrap_or_default(), string("user_event"), now)
}

/// Checks the `event_data` of a timer.
pub(crate) fn check_timer(event_data: &Map<String, Value>) -> Result<(), String> {
    schedule(event_data).map(drop)
}

/// The schedule in a timer's `event_data`.
fn schedule(event_data: &Map<String, Value>) -> Result<Schedule, String> {
    let string = |key: &str| {
        event_data.get(key).and_then(Value::as_str).ok_or_else(|| format!("{key} is not a string"))
    };
    let (schedule_type, text) = (string("schedule_type")?, string("schedule")?);
    let schedule = match schedule_type {
        "Rate" => Schedule::rate(text),
        "Cron" => Schedule::parse(text),
        other => return Err(format!("schedule_type {other:?} is neither Rate nor Cron")),
    };
    schedule.map_err(|error| format!("schedule: {error}"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use serde_json::json;
    use tokio::sync::mpsc::UnboundedReceiver;
    use tokio::task::JoinHandle;
    use tokio::time::Instant;

    use super::*;
    use crate::triggers::example::{Folder, Queued, Recorder, function, reports};
    use crate::urn::FunctionName;

    /// The timers of a catalog, with a clock that begins at midnight and follows tokio's time.
    struct Timers {
        folder: Folder,
        queued: UnboundedReceiver<Queued>,
        reports: UnboundedReceiver<Report>,
        /// Seconds that the machine has slept.
        slept: Arc<AtomicI64>,
        task: JoinHandle<()>,
    }

    impl Timers {
        fn start(functions: Vec<Function>) -> Self {
            let folder = Folder::new();
            for function in functions {
                folder.catalog.create(function).expect("it is created");
            }
            let (queue, queued) = Recorder::new();
            let (reporter, reports) = reports();
            let slept = Arc::new(AtomicI64::new(0));
            let (start, more) = (Instant::now(), Arc::clone(&slept));
            let clock = move || {
                let midnight: ZonedDateTime =
                    "2026-01-01T00:00:00+00:00[UTC]".parse().expect("a time");
                let slept = SignedDuration::from_secs(more.load(Ordering::SeqCst));
                let elapsed = SignedDuration::try_from(start.elapsed()).expect("it is short");
                midnight.checked_add(elapsed + slept).expect("a time")
            };
            let task = tokio::spawn(run(Arc::clone(&folder.catalog), queue, clock, reporter));
            Self { folder, queued, reports, slept, task }
        }

        /// The names and times of the next events. Tokio lets time pass while all tasks wait.
        async fn fired(&mut self, count: usize) -> Vec<String> {
            let mut fired = Vec::new();
            for _ in 0..count {
                let queued = self.queued.recv().await.expect("the scheduler runs");
                let text = |key: &str| queued.payload[key].as_str().expect("a string").to_owned();
                fired.push(format!("{} {}", text("trigger_name"), &text("time")[11..19]));
            }
            fired
        }

        async fn report(&mut self) -> Report {
            self.reports.recv().await.expect("the scheduler runs")
        }

        fn change(&self, change: impl FnOnce(&mut Function)) {
            let name = FunctionName::new("default", "greet");
            let change = |function: &mut Function| {
                change(function);
                Ok(())
            };
            self.folder.catalog.change(&name, change).expect("it is changed");
        }
    }

    impl Drop for Timers {
        fn drop(&mut self) {
            self.task.abort();
        }
    }

    fn timer(name: &str, schedule_type: &str, schedule: &str) -> Value {
        json!({"name": name, "schedule_type": schedule_type, "schedule": schedule, "user_event": "all"})
    }

    #[tokio::test(start_paused = true)]
    async fn rates_intervals_and_cron_expressions_fire_at_their_times() {
        let function = function(
            "f1",
            &[
                ("TIMER", "t1", timer("rate", "Rate", "2m")),
                ("TIMER", "t2", timer("every", "Cron", "@every 1m30s")),
                ("TIMER", "t3", timer("cron", "Cron", "CRON_TZ=UTC 10 * * * * ?")),
                ("SMN", "t4", json!({"topic_urn": "urn"})),
            ],
        );
        let mut timers = Timers::start(vec![function]);
        let first = timers.queued.recv().await.expect("the scheduler runs");
        assert_eq!((first.function.name.as_str(), first.qualifier.as_str()), ("greet", "latest"));
        let expected = json!({
            "version": "v1.0", "time": "2026-01-01T00:00:10+00:00", "trigger_type": "TIMER",
            "trigger_name": "cron", "user_event": "all"
        });
        assert_eq!(first.payload, expected);
        let expected = ["cron 00:01:10", "every 00:01:30", "rate 00:02:00", "cron 00:02:10"];
        assert_eq!(timers.fired(4).await, expected);
        let what = What::Fired { request_id: "r-1".into() };
        assert_eq!(timers.report().await.what, what);
    }

    #[tokio::test(start_paused = true)]
    async fn the_catalog_decides_at_any_time_which_timers_there_are() {
        let mut timers = Timers::start(vec![function("f1", &[])]);
        let with = |schedule: &str| {
            function("f1", &[("TIMER", "t1", timer("a", "Rate", schedule))]).triggers
        };
        let one_hour = with("1h");
        timers.change(|function| function.triggers = one_hour);
        assert_eq!(timers.fired(1).await, ["a 01:00:00"]);
        // A shorter one while the scheduler waits for the longer.
        let mut minutes = with("10m");
        minutes[0].last_updated = "2026-01-01T01:00:05Z".parse().expect("a time");
        tokio::time::advance(Duration::from_secs(5)).await;
        timers.change(|function| function.triggers = minutes);
        assert_eq!(timers.fired(2).await, ["a 01:10:05", "a 01:20:05"]);
        timers.change(|function| function.triggers[0].is_active = false);
        sleep(Duration::from_secs(3600)).await;
        assert!(timers.queued.try_recv().is_err(), "it is disabled");
        timers.change(|function| function.triggers[0].is_active = true);
        assert_eq!(timers.fired(1).await, ["a 02:30:05"]);
        let name = FunctionName::new("default", "greet");
        timers.folder.catalog.delete(&name).expect("it is deleted");
        sleep(Duration::from_secs(3600)).await;
        assert!(timers.queued.try_recv().is_err(), "it is deleted");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_missed_while_the_machine_slept_is_told_and_not_made_up_for() {
        let function = function("f1", &[("TIMER", "t1", timer("a", "Rate", "10m"))]);
        let mut timers = Timers::start(vec![function]);
        assert_eq!(timers.fired(1).await, ["a 00:10:00"]);
        assert_eq!(timers.report().await.what, What::Fired { request_id: "r-1".into() });
        timers.slept.store(3 * 3600 + 300, Ordering::SeqCst);
        let due = "2026-01-01T00:20:00+00:00".to_owned();
        assert_eq!(timers.report().await.what, What::Missed { due });
        assert_eq!(timers.fired(2).await, ["a 03:20:00", "a 03:30:00"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_sleep_makes_a_timer_late_and_it_fires_once() {
        let function = function("f1", &[("TIMER", "t1", timer("a", "Cron", "@every 10s"))]);
        let mut timers = Timers::start(vec![function]);
        assert_eq!(timers.fired(1).await, ["a 00:00:10"]);
        timers.slept.store(35, Ordering::SeqCst);
        let late = timers.fired(2).await;
        assert_eq!(late[1], "a 00:01:00", "{late:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_never_fires_is_told_once() {
        let function = function(
            "f1",
            &[
                ("TIMER", "t1", timer("bad", "Rate", "61m")),
                ("TIMER", "t2", timer("never", "Cron", "0 0 0 31 2 ?")),
            ],
        );
        let mut timers = Timers::start(vec![function]);
        let report = timers.report().await;
        assert_eq!(report.trigger, "bad");
        assert!(report.to_string().contains("will never fire: schedule: \"61m\""), "{report}");
        assert_eq!(timers.report().await.what, What::Ended);
        timers.change(|function| function.is_pinned = true);
        sleep(Duration::from_secs(60)).await;
        assert!(timers.reports.try_recv().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_timers_of_one_second_all_fire() {
        let functions = (0..10).map(|at| {
            let each: Vec<_> = (0..100).map(|timer| format!("t{at}-{timer}")).collect();
            let each: Vec<_> = each
                .iter()
                .map(|id| ("TIMER", id.as_str(), timer(id, "Cron", "CRON_TZ=UTC 0 0 12 * * ?")))
                .collect();
            let mut function = function(&format!("f{at}"), &each);
            function.name.name = format!("f{at}");
            function
        });
        let mut timers = Timers::start(functions.collect());
        let fired: HashSet<_> = timers.fired(1000).await.into_iter().collect();
        assert_eq!(fired.len(), 1000);
        assert!(fired.iter().all(|fired| fired.ends_with(" 12:00:00")));
    }
}
