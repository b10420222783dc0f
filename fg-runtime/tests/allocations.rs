//! The number of allocations of a warm invocation: counted on the thread of the event loop, and
//! therefore the same in every run.

use std::time::Duration;

use fg_core::{
    Context, Environment, Failure, FromPayload, Handler, IntoPayload, Raw, ResponseBuffer,
};
use fg_emulator::{Event, RuntimeApi};
use serde::{Deserialize, Serialize};

/// For a typed event with one string and a typed response with another. Two of them are the
/// handler's own.
const MOST_FOR_TYPED_EVENTS: u64 = 2;

/// The copy of the payload that the handler makes.
const MOST_FOR_RAW_EVENTS: u64 = 1;

/// For a handler that borrows from its payload, and writes its response into the buffer.
const MOST_FOR_BORROWED_EVENTS: u64 = 0;

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn a_typed_event_allocates_for_the_handler_only() {
    assert_at_most::<Greet>(MOST_FOR_TYPED_EVENTS);
}

#[test]
fn a_raw_event_allocates_for_the_handler_only() {
    assert_at_most::<Copy>(MOST_FOR_RAW_EVENTS);
}

#[test]
fn a_borrowed_event_does_not_allocate() {
    assert_at_most::<Borrow>(MOST_FOR_BORROWED_EVENTS);
}

#[test]
fn a_large_response_is_written_into_the_buffer_that_is_sent() {
    let name = "world".repeat(100_000);
    assert_at_most_with::<Borrow>(MOST_FOR_BORROWED_EVENTS, &name, (5, 20));
}

fn assert_at_most<H: Handler>(most: u64) {
    assert_at_most_with::<H>(most, "world", (100, 2000));
}

/// Compares a long and a short run, so that start and end do not count.
fn assert_at_most_with<H: Handler>(most: u64, name: &str, (short, counted): (u64, u64)) {
    // Warms up the allocations that are made once per process.
    allocations_of::<H>(1, name);
    let allocations = allocations_of::<H>(short + counted, name) - allocations_of::<H>(short, name);
    println!("{}: {allocations} allocations in {counted} invocations", H::NAME);
    assert!(allocations <= most * counted, "{allocations} allocations in {counted} invocations");
}

/// The number of allocations of a run on the thread of the event loop.
fn allocations_of<H: Handler>(invocations: u64, name: &str) -> u64 {
    let api = RuntimeApi::start().expect("a port is free");
    let address = api.address();
    let variables = [
        ("RUNTIME_API_ADDR", address.as_str()),
        ("RUNTIME_TIMEOUT", "60"),
        ("RUNTIME_MEMORY", "128"),
        ("RUNTIME_CPU", "300"),
        ("RUNTIME_MAX_RESP_BODY_SIZE", "1000000"),
    ];
    let environment = Environment::from_variables(variables);
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("it can be started");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..invocations {
                let answer = api
                    .invoke(Event::new(format!(r#"{{"name":"{name}"}}"#)))
                    .wait(LIMIT)
                    .expect("there is an answer");
                assert!(answer.text().contains(name), "{}", answer.text());
            }
            drop(stop);
        });
        let counted = allocation_counter::measure(|| {
            tokio.block_on(async {
                tokio::select! {
                    code = fg_runtime::Function::of::<H>().environment(environment).run_async() => panic!("it ended: {code:?}"),
                    _ = stopped => {}
                }
            });
        });
        assert_eq!(api.connections(), 1);
        counted.count_total
    })
}

struct Greet;

#[derive(Deserialize)]
struct Greeting {
    name: String,
}

#[derive(Serialize)]
struct Greeted {
    message: String,
}

impl Handler for Greet {
    const NAME: &'static str = "typed";
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
        let event = Greeting::from_payload(payload)?;
        Greeted { message: format!("Hello, {}!", event.name) }.write_payload(reply)
    }

    async fn pre_stop((): &()) {}
}

struct Copy;

impl Handler for Copy {
    const NAME: &'static str = "raw";
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
        reply.set_bytes(Raw::from_payload(payload)?.to_vec(), "application/octet-stream");
        Ok(())
    }

    async fn pre_stop((): &()) {}
}

struct Borrow;

#[derive(Deserialize, Serialize)]
struct Borrowed<'a> {
    name: &'a str,
}

impl Handler for Borrow {
    const NAME: &'static str = "borrowed";
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
        Borrowed::from_payload(payload)?.write_payload(reply)
    }

    async fn pre_stop((): &()) {}
}
