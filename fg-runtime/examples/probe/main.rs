//! The function under test of `tests/protocol`: it does what its event tells it to, or what its
//! variables tell it at the start.
//!
//! It implements `Handler` by hand, so that these tests need nothing but the runtime.

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

/// Does what the event says.
struct Act;

/// Counts the calls; as a bomb it panics when it is dropped.
struct Calls {
    count: AtomicU64,
    is_bomb: bool,
    /// What there is to do at the end.
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
        reply: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        calls.count.fetch_add(1, Ordering::Relaxed);
        let event = Event::from_payload(payload)?;
        act::act(event, ctx, &calls.count).await?.write_payload(reply)
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

/// Sends the payload back untouched.
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
        reply: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        reply.set_bytes(payload.to_vec(), "application/octet-stream");
        Ok(())
    }

    async fn pre_stop((): &()) {}
}

/// Takes HTTP requests, and fails at each of them with something that callers must not see.
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

/// As a user does who has other layers as well.
#[cfg(feature = "tracing")]
fn set_subscriber() {
    use tracing_subscriber::layer::SubscriberExt;
    let subscriber = tracing_subscriber::registry().with(fg_runtime::TracingLayer::new());
    tracing::subscriber::set_global_default(subscriber).expect("there is none yet");
}

/// Drops the loop in the middle of an invocation, and stays until after its deadline.
fn abandon(function: Function<impl Source>) -> ExitCode {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("it can be started");
    let timeout = Duration::from_secs(1);
    let ended =
        tokio.block_on(async { tokio::time::timeout(timeout / 2, function.run_async()).await });
    assert!(ended.is_err(), "it runs for ever");
    std::thread::sleep(timeout);
    ExitCode::SUCCESS
}
