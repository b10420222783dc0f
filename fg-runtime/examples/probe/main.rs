//! The function under test of `tests/protocol`. Its events and its variables control what it does.
//!
//! It implements `Handler` by hand, so that these tests depend only on the runtime.

mod act;
mod event;
mod mirror;
#[cfg(feature = "http")]
mod router;
#[cfg(feature = "http")]
mod service;
mod stream;

use std::future::pending;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fg_core::{Context, Failure, FromPayload, Handler, IntoPayload, ResponseBuffer};
use fg_runtime::{Function, Source};
#[cfg(feature = "http")]
use tower::layer::util::Identity;

use crate::event::Event;
use crate::mirror::Mirror;
use crate::stream::Stream;

/// Performs the action of the event.
struct Act;

/// Counts the calls. Panics when it is dropped if `is_bomb`.
struct Calls {
    count: AtomicU64,
    is_bomb: bool,
    /// The action of `pre_stop`.
    pre_stop: Option<String>,
}

impl Calls {
    fn new(ctx: &Context, is_bomb: bool) -> Self {
        Self {
            count: AtomicU64::new(0),
            is_bomb,
            pre_stop: ctx.user_data("PROBE_PRE_STOP").map(str::to_owned),
        }
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        assert!(!self.is_bomb, "the state cannot be dropped");
    }
}

impl Handler for Act {
    const NAME: &'static str = "act";
    type State = Calls;

    async fn init(ctx: &Context) -> Result<Calls, Failure> {
        match ctx.user_data("PROBE_INIT") {
            Some("fails") => Err(Failure::new("DatabaseDown", "no connection to the database")
                .with_cause(["connection refused".to_owned()])),
            Some("panics") => panic!("no configuration"),
            Some("hangs") => {
                println!("initialising");
                pending().await
            }
            Some("blocks for three seconds") => {
                std::thread::sleep(Duration::from_secs(3));
                Ok(Calls::new(ctx, false))
            }
            #[cfg(feature = "tracing")]
            Some("sets a subscriber") => {
                tracing::info!("before its own");
                tokio::task::yield_now().await;
                set_subscriber();
                tokio::task::yield_now().await;
                tracing::info!("after its own");
                Ok(Calls::new(ctx, false))
            }
            #[cfg(feature = "tracing")]
            Some("logs") => {
                tracing::info!("from init");
                Ok(Calls::new(ctx, false))
            }
            Some(blocks) if blocks.starts_with("blocks at ") => {
                act::block_at(&blocks["blocks at ".len()..])
            }
            Some(address) if address.starts_with("127.0.0.1:") => {
                act::wait_at(address).await;
                Ok(Calls::new(ctx, false))
            }
            made => Ok(Calls::new(ctx, made == Some("makes a bomb"))),
        }
    }

    async fn call(
        payload: &[u8],
        ctx: &Context,
        calls: &Calls,
        output: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        calls.count.fetch_add(1, Ordering::Relaxed);
        let event = Event::from_payload(payload)?;
        act::act(event, ctx, &calls.count).await?.write_payload(output)
    }

    async fn pre_stop(calls: &Calls) {
        match calls.pre_stop.as_deref() {
            None => println!("pre_stop after {} calls", calls.count.load(Ordering::Relaxed)),
            Some("silent") => {}
            Some("hangs") => pending().await,
            Some(address) => act::block_at(address),
        }
    }
}

/// Responds with the payload.
struct Echo;

impl Handler for Echo {
    const NAME: &'static str = "echo";
    type State = ();

    async fn init(_: &Context) -> Result<(), Failure> {
        Ok(())
    }

    async fn call(
        payload: &[u8],
        _: &Context,
        (): &(),
        output: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        output.set_bytes(payload.to_vec(), "application/octet-stream");
        Ok(())
    }

    async fn pre_stop((): &()) {}
}

/// Takes HTTP requests, and fails for each of them with an error that callers must not see.
struct Api;

impl Handler for Api {
    const NAME: &'static str = "api";
    const HTTP: bool = true;
    type State = ();

    async fn init(_: &Context) -> Result<(), Failure> {
        Ok(())
    }

    async fn call(
        payload: &[u8],
        _: &Context,
        (): &(),
        _: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        assert!(
            !payload.windows(6).any(|word| word == b"/panic"),
            "cannot connect to postgres://app:hunter2@10.0.0.5"
        );
        Err(Failure::new("DatabaseDown", "cannot connect to postgres://app:hunter2@10.0.0.5"))
    }

    async fn pre_stop((): &()) {}
}

fn main() -> ExitCode {
    let is_set = |name: &str| std::env::var_os(name).is_some();
    #[cfg(feature = "http")]
    if let Ok(by) = std::env::var("PROBE_ROUTER") {
        return router::run(&by);
    }
    #[cfg(feature = "http")]
    if let Some(code) = service::run(is_set) {
        return code;
    }
    #[cfg(feature = "tracing")]
    if is_set("PROBE_SUBSCRIBER") {
        set_subscriber();
        tracing::info!("before the function");
    }
    let function = Function::of::<(Act, Echo, Mirror, Stream, Api)>()
        .report_timeouts(!is_set("PROBE_NO_TIMEOUTS"))
        .json_log(is_set("PROBE_JSON"));
    #[cfg(feature = "http")]
    if is_set("PROBE_LAYERS") {
        return function.layer(Identity::new()).layer(Identity::new()).run();
    }
    let code = if is_set("PROBE_ABANDON") { abandon(function) } else { function.run() };
    if let Ok(address) = std::env::var("PROBE_GOES_ON") {
        act::block_at(&address);
    }
    code
}

/// Sets a subscriber, as a user with other layers does.
#[cfg(feature = "tracing")]
fn set_subscriber() {
    use tracing_subscriber::layer::SubscriberExt;
    let subscriber = tracing_subscriber::registry().with(fg_runtime::TracingLayer::new());
    tracing::subscriber::set_global_default(subscriber).expect("there is none yet");
}

/// Drops the event loop during an invocation, and keeps the process until after its deadline.
fn abandon(function: Function<impl Source>) -> ExitCode {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("it can be started");
    let timeout = Duration::from_secs(1);
    let ended =
        tokio.block_on(async { tokio::time::timeout(timeout / 2, function.run_async()).await });
    assert!(ended.is_err(), "it runs forever");
    std::thread::sleep(timeout);
    ExitCode::SUCCESS
}
