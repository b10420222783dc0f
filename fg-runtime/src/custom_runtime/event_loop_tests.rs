use std::net::TcpListener;

use fg_core::Environment;

use super::*;
use crate::testing::CapturedLog;

#[tokio::test(start_paused = true)]
async fn an_api_that_is_gone_is_asked_for_rarely_and_mentioned_once() {
    // A port that was free a moment ago: nothing listens there.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    drop(listener);
    let log = CapturedLog::new();
    let limits = Limits { response_size: 0, timeouts: true };
    let start = Start::new(Environment::default(), log.clone(), limits);
    let shutdown = Shutdown::new();
    let mut function = EventLoop::new(&start, ErrorAudience::Owner, address, &shutdown);
    let polled = tokio::time::timeout(Duration::from_secs(10), function.poll()).await;
    assert!(polled.is_err(), "nothing answers");
    let attempts = function.backoff.pauses();
    assert!((8..=12).contains(&attempts), "{attempts}");
    assert_eq!(log.lines().len(), 1, "{log:?}");
}
