//! Performs the action of an event.

use std::collections::BTreeMap;
use std::future::pending;
use std::panic::{catch_unwind, panic_any, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fg_core::{Context, Failure, Logger};
use tokio::net::TcpStream;

use crate::event::{After, Answer, Bomb, Event, Panic, PanicsInSerialize};

pub(crate) async fn act(event: Event, ctx: &Context, calls: &AtomicU64) -> Result<Answer, Failure> {
    let text = |text: &str| Ok(Answer::Text(text.to_owned()));
    match event {
        Event::Echo(message) => text(&message),
        Event::Count => Ok(Answer::Number(calls.load(Ordering::Relaxed))),
        Event::Order { items } => {
            Ok(Answer::Number(items.iter().map(|item| u64::from(item.price)).sum()))
        }
        Event::Fail => Err(Failure::new("OrderNotFound", "there is no order 17")
            .with_cause(["no such row".to_owned()])),
        Event::FailWith(message) => {
            Err(Failure::new("OrderNotFound", message.clone()).with_cause([message]))
        }
        Event::PanicWith(message) => panic!("{message}"),
        Event::Panic(how) => Ok(Answer::Text(panic(how, ctx).await)),
        Event::PanicInDeserialize(_) => text("not reached"),
        Event::PanicInSerialize => Ok(Answer::PanicsInSerialize(PanicsInSerialize)),
        Event::Unserialisable => Ok(Answer::Unserialisable(BTreeMap::from([((1, 2), 3)]))),
        Event::Large(size) => Ok(Answer::Text("x".repeat(size))),
        Event::WaitAt(address) => {
            wait_at(&address).await;
            text("waited")
        }
        Event::GiveUpInTime => {
            ctx.cancelled().await;
            text("gave up in time")
        }
        Event::Hang => {
            let _dropped = LogOnDrop(ctx.logger().clone());
            ctx.cancelled().await;
            ctx.logger().info("cancelled");
            pending().await
        }
        Event::Block => {
            std::thread::sleep(Duration::MAX);
            text("not reached")
        }
        Event::BlockForMilliseconds(time) => {
            std::thread::sleep(Duration::from_millis(time));
            text("blocked")
        }
        Event::BlockAt(address) => block_at(&address),
        Event::Print(message) => {
            println!("{message}");
            text("printed")
        }
        Event::PrintPart(message) => {
            print!("{message}");
            text("printed")
        }
        Event::PrintError(message) => {
            eprintln!("{message}");
            text("printed")
        }
        Event::LeaveTask(address) => {
            let bomb = BlockOnDrop(address);
            tokio::spawn(async move {
                let _bomb = bomb;
                pending::<()>().await;
            });
            text("left")
        }
        Event::Spin => loop {
            std::hint::spin_loop();
        },
        Event::LeaveThread => {
            tokio::task::spawn_blocking(|| std::thread::sleep(Duration::MAX));
            text("left")
        }
        Event::After(after) => {
            let logger = ctx.logger().clone();
            ctx.spawn_after(do_after(after, logger));
            text("more to come")
        }
        Event::LargeAndAfter(size, after) => {
            ctx.spawn_after(do_after(after, ctx.logger().clone()));
            Ok(Answer::Text("x".repeat(size)))
        }
        Event::Log(message) => {
            let logger = ctx.logger();
            logger.debug(&message);
            logger.info(&message);
            logger.warn(&message);
            logger.error(&message);
            text("logged")
        }
        Event::LogEverywhere(message) => {
            ctx.logger().info(&message);
            #[cfg(feature = "log")]
            log::info!("{message}");
            #[cfg(feature = "tracing")]
            tracing::info!("{message}");
            text("logged")
        }
        Event::LogFields => {
            #[cfg(feature = "tracing")]
            tracing::info_span!("order", id = 7).in_scope(|| {
                tracing::warn!(count = 3, "few left");
                tracing::debug!("not always written");
            });
            text("logged")
        }
        Event::Context => Ok(Answer::Json(context_json(ctx))),
        Event::Leak => {
            println!(
                "{ctx:?} {ctx:#?} {:?} {:?} {:?}",
                ctx.credentials(),
                ctx.token(),
                ctx.stream_token()
            );
            eprintln!("{:?} {:?}", ctx.environment(), ctx.logger());
            if let (Some(credentials), Some(token)) = (ctx.credentials(), ctx.token()) {
                ctx.logger().info(format_args!("{} {token}", credentials.security_secret_key()));
            }
            Err(Failure::new("Leak", format!("{ctx:?} {:?}", ctx.credentials())))
        }
    }
}

fn context_json(ctx: &Context) -> serde_json::Value {
    serde_json::json!({
        "request_id": ctx.request_id(),
        "trace_id": ctx.trace_id(),
        "function_name": ctx.function_name(),
        "version": ctx.version(),
        "package": ctx.package(),
        "project_id": ctx.project_id(),
        "memory_size": ctx.memory_size(),
        "timeout": ctx.timeout().as_secs(),
        "x-client": ctx.header("x-client"),
        "has_credentials": ctx.credentials().is_some(),
        "has_token": ctx.token().is_some(),
    })
}

async fn panic(how: Panic, ctx: &Context) -> String {
    match how {
        Panic::Plain => out_of_stock(17),
        Panic::WithNumber => panic_any(17),
        Panic::WithBomb => panic_any(Bomb),
        Panic::InDrop => drop(Bomb),
        Panic::InDropOfFuture => {
            let _bomb = Bomb;
            ctx.logger().info("cannot end");
            pending::<()>().await;
        }
        Panic::InDropWhileUnwinding => {
            let _bomb = Bomb;
            panic!("the first panic");
        }
        Panic::Caught => {
            let _ = catch_unwind(|| panic!("caught by the handler"));
        }
        Panic::Resumed => {
            let failed: Result<(), _> = tokio::spawn(async { panic!("in a task") }).await;
            resume_unwind(failed.expect_err("it panics").into_panic());
        }
    }
    "survived".to_owned()
}

#[inline(never)]
fn out_of_stock(article: u32) {
    panic!("article {article} is out of stock");
}

async fn do_after(after: After, logger: Logger) {
    match after {
        After::Log(message) => logger.info(message),
        After::Panic => panic!("after the response"),
        After::Hang => pending().await,
        After::WaitAt(address) => {
            wait_at(&address).await;
            logger.info("waited");
        }
        After::BlockAt(address) => block_at(&address),
    }
}

/// Connects to the test's gate, and waits until the test closes the connection.
pub(crate) async fn wait_at(address: &str) {
    let stream = TcpStream::connect(address).await.expect("the test listens");
    stream.readable().await.expect("the test closes in good order");
}

/// Connects to the test's gate, and blocks the thread.
pub(crate) fn block_at(address: &str) -> ! {
    let _stream = std::net::TcpStream::connect(address).expect("the test listens");
    loop {
        std::thread::park();
    }
}

struct BlockOnDrop(String);

impl Drop for BlockOnDrop {
    fn drop(&mut self) {
        block_at(&self.0);
    }
}

pub(crate) struct LogOnDrop(pub(crate) Logger);

impl Drop for LogOnDrop {
    fn drop(&mut self) {
        self.0.info("dropped");
    }
}
