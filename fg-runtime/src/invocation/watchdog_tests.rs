//! When the thread checks, who has claimed an answer, and which task is woken.

use super::*;

fn watchdog(timeouts: bool) -> Watchdog {
    let timeout = timeouts.then_some(Duration::from_secs(4));
    Watchdog {
        route: AnswerRoute::Stdout,
        audience: ErrorAudience::Owner,
        timeout,
        current: Mutex::default(),
        waker: None,
        is_running: AtomicBool::new(timeouts),
        #[cfg(feature = "server")]
        task: std::sync::OnceLock::new(),
    }
}

#[test]
fn an_answer_can_be_claimed_only_once() {
    let watchdog = watchdog(false);
    assert!(!watchdog.claim(), "no invocation runs");
    watchdog.begin(&Context::default());
    assert!(watchdog.claim());
    assert!(!watchdog.claim());
}

#[test]
fn the_watchdog_checks_twice_within_the_timeout() {
    let watchdog = watchdog(true);
    assert!(watchdog.check(Duration::ZERO) < Duration::from_secs(2));
    watchdog.begin_phase(Phase::PreStop, Some(PRE_STOP_LIMIT));
    assert!(watchdog.check(Duration::ZERO) < Duration::from_secs(2), "one may begin after that");
}

#[test]
fn a_task_is_woken_at_its_time() {
    #[derive(Default)]
    struct Task(AtomicBool);
    impl std::task::Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let (watchdog, task) = (watchdog(true), Arc::<Task>::default());
    let waker = TaskWaker::from(Arc::clone(&task));
    let context = TaskContext::from_waker(&waker);
    let limit = Duration::from_millis(50);
    let time = Instant::now() + limit;
    assert!(watchdog.has_alarm() && watchdog.poll_at(time, &context).is_pending());
    assert!(watchdog.check(Duration::ZERO) <= limit);
    while !task.0.load(Ordering::SeqCst) {
        assert!(time + Duration::from_secs(20) > Instant::now());
        std::thread::sleep(watchdog.check(Duration::ZERO).min(limit));
    }
    assert!(Instant::now() >= time && watchdog.poll_at(time, &context).is_ready());
    assert!(watchdog.check(Duration::ZERO) > limit, "it is woken once");
}

#[test]
fn ending_an_earlier_phase_does_not_end_the_current_one() {
    let watchdog = watchdog(true);
    watchdog.begin_phase(Phase::PreStop, Some(PRE_STOP_LIMIT));
    watchdog.end_phase(|phase| matches!(phase, Phase::Init { .. }));
    assert!(watchdog.lock().watched.is_some());
    watchdog.end_phase(|phase| phase == Phase::PreStop);
    assert!(watchdog.lock().watched.is_none());
}
