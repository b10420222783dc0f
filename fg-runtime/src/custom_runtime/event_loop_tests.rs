use std::net::TcpListener;
use std::time::Duration;

use super::*;
use crate::testing::CapturedLog;

#[tokio::test(start_paused = true)]
async fn an_unreachable_api_is_polled_rarely_and_logged_once() {
    // A port that was just free, so nothing listens on it.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    drop(listener);
    let log = CapturedLog::new();
    let limits = Limits { response_size: 0, timeouts: true };
    let start = Start::new(Arc::default(), log.clone(), limits);
    let shutdown = Shutdown::new();
    let mut function = EventLoop::new(&start, ErrorAudience::Owner, address, &shutdown);
    let polled = tokio::time::timeout(Duration::from_secs(10), function.poll()).await;
    assert!(polled.is_err(), "the API is unreachable");
    let attempts = function.backoff.pauses();
    assert!((8..=12).contains(&attempts), "{attempts}");
    assert_eq!(log.lines().len(), 1, "{log:?}");
}
