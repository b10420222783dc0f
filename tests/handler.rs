//! What `#[fg::handler]` accepts, driven through the bytes as the runtime does. The rows are those
//! of `tests/ui/README.md`.

use std::borrow::Cow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use fg::contract::{Handler, ResponseBuffer};
use fg::{Context, Failure, Ignored, Raw, RawResponse};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
struct Greeting {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Borrowed<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Answer<'a> {
    message: Cow<'a, str>,
}

/// Runs `init`, one call and `pre_stop` as tasks of a runtime with several threads, so that
/// everything must be `Send`.
fn invoke<H: Handler>(payload: &str) -> Result<String, Failure> {
    let payload = payload.as_bytes().to_vec();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let lifetime = async move {
        let ctx = Context::builder().request_id("r-1").build();
        let state = H::init(&ctx).await?;
        let mut reply = ResponseBuffer::new();
        let called = H::call(&payload, &ctx, &state, &mut reply).await;
        H::pre_stop(&state).await;
        called.map(|()| String::from_utf8(reply.into_body()).expect("text"))
    };
    runtime.block_on(async { tokio::spawn(lifetime).await.expect("no panic") })
}

fn ok<H: Handler>(payload: &str) -> String {
    invoke::<H>(payload).expect("a reply")
}

// row 1
/// Greets.
#[fg::handler]
async fn greet(event: Greeting, ctx: &Context) -> Result<Answer<'static>, fg::Error> {
    tokio::task::yield_now().await;
    Ok(Answer { message: format!("Hello, {}! ({})", event.name, ctx.request_id()).into() })
}

#[test]
fn an_event_goes_in_and_a_reply_comes_out() {
    assert_eq!(greet::NAME, "greet");
    const { assert!(!greet::BLOCKING) };
    assert_eq!(ok::<greet>(r#"{"name":"Ada"}"#), r#"{"message":"Hello, Ada! (r-1)"}"#);
    assert_eq!(invoke::<greet>("{}").expect_err("no name").error_type(), Failure::INVALID_PAYLOAD);
}

#[tokio::test]
async fn the_function_is_still_the_users_own() {
    let answer =
        greet(Greeting { name: "Ada".to_owned() }, &Context::default()).await.expect("an answer");
    assert!(answer.message.starts_with("Hello, Ada!"));
}

mod signatures {
    use super::*;
    use fg::Context as Cx;

    // row 2
    #[fg::handler]
    async fn no_context(event: Greeting) -> Result<String, fg::Error> {
        Ok(event.name)
    }

    // row 14
    #[fg::handler]
    async fn patterns(Greeting { name }: Greeting, _: &Context) -> Result<String, fg::Error> {
        Ok(name)
    }

    // row 15
    #[fg::handler]
    async fn attributes(
        #[allow(unused_mut)] mut event: Greeting,
        #[allow(unused)] ctx: &Context,
    ) -> Result<String, fg::Error> {
        Ok(event.name)
    }

    // row 13
    #[fg::handler]
    async fn context_twice(event: Greeting, ctx: &Cx, again: &Context) -> Result<bool, fg::Error> {
        let _ = event;
        Ok(ctx.request_id() == again.request_id())
    }

    // row 20
    #[fg::handler]
    async fn bounds(event: Greeting) -> Result<String, fg::Error>
    where
        Greeting: Sized,
    {
        Ok(event.name)
    }

    #[fg::handler]
    async fn optional(event: Option<Greeting>) -> Result<Option<String>, fg::Error> {
        Ok(event.map(|event| event.name))
    }

    #[fg::handler]
    async fn ignored(_: Ignored) -> Result<(), fg::Error> {
        Ok(())
    }

    #[test]
    fn arguments_may_be_left_out_taken_apart_and_repeated() {
        for reply in
            [ok::<no_context>, ok::<patterns>, ok::<attributes>, ok::<bounds>, ok::<optional>]
        {
            assert_eq!(reply(r#"{"name":"Ada"}"#), r#""Ada""#);
        }
        assert_eq!(ok::<context_twice>(r#"{"name":"Ada"}"#), "true");
        assert_eq!(ok::<optional>(""), "null");
        assert_eq!(ok::<ignored>("not JSON"), "");
    }
}

mod borrowing {
    use super::*;

    // row 27
    #[fg::handler]
    async fn elided(event: Borrowed<'_>, ctx: &Context) -> Result<String, fg::Error> {
        tokio::task::yield_now().await;
        assert!(matches!(event.name, Cow::Borrowed(_)));
        Ok(format!("{} {}", event.name, ctx.request_id()))
    }

    #[fg::handler]
    async fn named<'e>(event: Borrowed<'e>, _ctx: &'e Context) -> Result<Answer<'e>, fg::Error> {
        Ok(Answer { message: event.name })
    }

    // row 26
    #[fg::handler]
    async fn text<'e>(event: &'e str, _ctx: &Context) -> Result<&'e str, fg::Error> {
        Ok(event)
    }

    #[fg::handler]
    async fn two<'e, 'c>(
        event: &'e str,
        ctx: &'c Context,
    ) -> Result<(&'e str, &'c str), fg::Error> {
        tokio::task::yield_now().await;
        Ok((event, ctx.request_id()))
    }

    // row 29
    #[fg::handler]
    async fn owned(event: Cow<'static, str>) -> Result<Cow<'static, str>, fg::Error> {
        Ok(event)
    }

    // row 30
    #[fg::handler]
    async fn size(event: Raw<'_>) -> Result<usize, fg::Error> {
        Ok(event.len())
    }

    // row 49
    #[fg::handler]
    async fn bytes(event: Raw<'_>) -> Result<RawResponse, fg::Error> {
        Ok(RawResponse::new(event.bytes()))
    }

    #[test]
    fn an_event_and_a_reply_may_borrow_from_the_payload() {
        assert_eq!(ok::<elided>(r#"{"name":"Ada"}"#), r#""Ada r-1""#);
        assert_eq!(ok::<named>(r#"{"name":"Ada"}"#), r#"{"message":"Ada"}"#);
        assert_eq!(ok::<text>(r#""Ada""#), r#""Ada""#);
        assert_eq!(ok::<two>(r#""Ada""#), r#"["Ada","r-1"]"#);
        assert_eq!(ok::<owned>(r#""Ada""#), r#""Ada""#);
    }

    // row 32: an array of numbers; the bytes themselves are `Raw`
    #[fg::handler]
    async fn numbers(event: Vec<u8>) -> Result<usize, fg::Error> {
        Ok(event.len())
    }

    #[test]
    fn bytes_pass_untouched() {
        assert_eq!(ok::<numbers>("[1,2,3]"), "3");
        assert_eq!(ok::<size>("not JSON"), "8");
        assert_eq!(ok::<bytes>("not JSON"), "not JSON");
    }
}

mod results {
    use super::*;

    type Swapped<E, T> = Result<T, E>;
    type Short<T> = Result<T, Lost>;

    #[derive(Debug, thiserror::Error, fg::ErrorCode)]
    #[error("the order is lost")]
    #[fg(code = "Order.Lost")]
    struct Lost;

    #[derive(Debug, thiserror::Error)]
    #[error("the shelf is empty")]
    struct Empty(#[source] Lost);

    #[fg::handler]
    async fn swapped(event: u8) -> Swapped<Lost, u8> {
        if event == 0 { Err(Lost) } else { Ok(event) }
    }

    // row 45
    #[fg::handler]
    async fn short(_: Ignored) -> Short<()> {
        Err(Lost)
    }

    #[fg::handler]
    async fn with_anyhow(event: String) -> anyhow::Result<u8> {
        Ok(event.parse()?)
    }

    // row 47
    #[fg::handler]
    async fn boxed(event: String) -> Result<u8, Box<dyn std::error::Error>> {
        tokio::task::yield_now().await;
        Ok(event.parse()?)
    }

    // row 48
    #[fg::handler]
    async fn text(_: Ignored) -> Result<(), &'static str> {
        Err("no")
    }

    // row 48
    #[fg::handler]
    async fn never(_: Ignored) -> Result<u8, std::convert::Infallible> {
        Ok(7)
    }

    #[fg::handler]
    async fn plain(_: Ignored) -> Result<(), Empty> {
        Err(Empty(Lost))
    }

    #[fg::handler]
    async fn kept(_: Ignored) -> Result<(), fg::Error> {
        Err(Empty(Lost))?
    }

    // row 41
    #[fg::handler]
    async fn opaque(event: Borrowed<'_>) -> Result<impl Serialize, impl std::fmt::Display> {
        if event.name.is_empty() { Err(Lost) } else { Ok(Answer { message: event.name }) }
    }

    #[fg::handler(blocking)]
    fn opaque_parts(event: Vec<u8>) -> anyhow::Result<Option<Vec<impl Serialize>>> {
        anyhow::ensure!(!event.is_empty(), "nothing");
        Ok(Some(event))
    }

    #[fg::handler]
    async fn opaque_payload(event: Raw<'_>) -> Result<impl fg::contract::IntoPayload, fg::Error> {
        Ok(RawResponse::new(event.bytes()))
    }

    #[test]
    fn the_reply_and_the_error_may_be_opaque() {
        assert_eq!(ok::<opaque>(r#"{"name":"Ada"}"#), r#"{"message":"Ada"}"#);
        assert_eq!(failed::<opaque>(r#"{"name":""}"#).1, "the order is lost");
        assert_eq!(ok::<opaque_parts>("[1,2]"), "[1,2]");
        assert_eq!(failed::<opaque_parts>("[]").1, "nothing");
        assert_eq!(ok::<opaque_payload>("not JSON"), "not JSON");
    }

    fn failed<H: Handler>(payload: &str) -> (String, String, Vec<String>) {
        let failure = invoke::<H>(payload).expect_err("a failure");
        (failure.error_type().to_owned(), failure.message().to_owned(), failure.cause().to_vec())
    }

    #[test]
    fn an_alias_of_result_is_a_result() {
        assert_eq!(ok::<swapped>("3"), "3");
        assert_eq!(ok::<never>(""), "7");
        assert_eq!(
            failed::<swapped>("0"),
            ("Order.Lost".to_owned(), "the order is lost".to_owned(), vec![])
        );
        assert_eq!(failed::<short>("").0, "Order.Lost");
        assert_eq!(ok::<with_anyhow>(r#""7""#), "7");
        assert_eq!(failed::<with_anyhow>(r#""x""#).1, "invalid digit found in string");
        assert_eq!(failed::<boxed>(r#""x""#).1, "invalid digit found in string");
    }

    #[test]
    fn an_error_keeps_its_type_and_its_causes() {
        assert_eq!(failed::<text>(""), ("FunctionReturnError".to_owned(), "no".to_owned(), vec![]));
        for failed in [failed::<plain>(""), failed::<kept>("")] {
            assert_eq!(
                failed,
                (
                    "Empty".to_owned(),
                    "the shelf is empty".to_owned(),
                    vec!["the order is lost".to_owned()]
                )
            );
        }
    }
}

mod state {
    use super::*;

    static STOPPED: AtomicU32 = AtomicU32::new(0);

    struct Counter(Mutex<u32>);

    async fn connect(ctx: &Context) -> Result<Counter, fg::Error> {
        tokio::task::yield_now().await;
        assert_eq!(ctx.request_id(), "r-1");
        Ok(Counter(Mutex::new(40)))
    }

    async fn refuse() -> Result<Counter, std::io::Error> {
        Err(std::io::Error::other("no route"))
    }

    async fn drain(counter: &Counter) {
        tokio::task::yield_now().await;
        STOPPED.store(*counter.0.lock().expect("not poisoned"), Ordering::SeqCst);
    }

    // row 11
    #[fg::handler(init = connect, pre_stop = drain)]
    async fn count(event: u32, _ctx: &Context, counter: &Counter) -> Result<u32, fg::Error> {
        let mut count = counter.0.lock().map_err(|_| "poisoned")?;
        *count += event;
        Ok(*count)
    }

    #[fg::handler(init = refuse)]
    async fn without_context<'e>(
        event: &'e str,
        _counter: &'e Counter,
    ) -> Result<&'e str, fg::Error> {
        Ok(event)
    }

    #[test]
    fn the_state_is_made_by_init_lent_to_the_call_and_to_pre_stop() {
        assert_eq!(ok::<count>("2"), "42");
        assert_eq!(STOPPED.load(Ordering::SeqCst), 42);
    }

    #[test]
    fn a_failed_init_is_a_failure_with_its_own_message() {
        let failure = invoke::<without_context>(r#""x""#).expect_err("no state");
        assert_eq!(failure.message(), "no route");
    }

    static FLUSHED: AtomicU32 = AtomicU32::new(0);

    async fn flush() {
        FLUSHED.fetch_add(1, Ordering::SeqCst);
    }

    #[fg::handler(pre_stop = flush)]
    async fn stateless(event: u32) -> Result<u32, fg::Error> {
        Ok(event)
    }

    #[test]
    fn pre_stop_needs_no_state() {
        assert_eq!(ok::<stateless>("1"), "1");
        assert_eq!(FLUSHED.load(Ordering::SeqCst), 1);
    }

    static PREPARED: AtomicU32 = AtomicU32::new(0);

    async fn prepare() -> Result<(), fg::Error> {
        PREPARED.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    #[fg::handler(init = prepare)]
    async fn prepared(event: u32, _ctx: &Context) -> Result<u32, fg::Error> {
        Ok(event)
    }

    #[test]
    fn init_may_prepare_something_and_leave_no_state() {
        assert_eq!(ok::<prepared>("1"), "1");
        assert!(PREPARED.load(Ordering::SeqCst) > 0);
    }

    /// The application's own.
    mod app {
        pub(super) struct Context(pub(super) u32);

        pub(super) async fn open() -> Result<Context, String> {
            Ok(Context(40))
        }

        pub(super) async fn close(context: &Context) {
            assert_eq!(context.0, 40);
        }
    }

    mod under_another_name {
        use super::app::{Context, close, open};
        use super::prepare;
        use fg::Context as FgContext;

        type Cx = FgContext;

        macro_rules! cx {
            () => {
                FgContext
            };
        }

        #[fg::handler(init = open, pre_stop = close)]
        pub(super) async fn named_context(event: u32, ctx: &Context) -> Result<u32, fg::Error> {
            Ok(event + ctx.0)
        }

        #[fg::handler(init = open)]
        pub(super) async fn both(
            event: u32,
            cx: &FgContext,
            ctx: &Context,
        ) -> Result<String, fg::Error> {
            Ok(format!("{} {}", cx.request_id(), event + ctx.0))
        }

        #[fg::handler(blocking, init = open)]
        pub(super) fn twice(
            event: u32,
            cx: &Cx,
            again: &cx!(),
            ctx: &Context,
        ) -> Result<u32, fg::Error> {
            assert_eq!(cx.request_id(), again.request_id());
            Ok(event + ctx.0)
        }

        #[fg::handler(init = prepare)]
        pub(super) async fn alias(_: fg::Ignored, cx: &FgContext) -> Result<String, fg::Error> {
            Ok(cx.request_id().to_owned())
        }

        #[fg::handler(init = prepare)]
        pub(super) async fn aliases(
            _: fg::Ignored,
            cx: &Cx,
            again: &cx!(),
        ) -> Result<String, fg::Error> {
            assert_eq!(cx.request_id(), again.request_id());
            Ok(cx.request_id().to_owned())
        }
    }

    #[test]
    fn the_context_and_the_state_are_known_by_their_types_and_not_by_their_names() {
        use under_another_name::{alias, aliases, both, named_context, twice};
        assert_eq!(ok::<named_context>("2"), "42");
        assert_eq!(ok::<both>("2"), r#""r-1 42""#);
        assert_eq!(ok::<twice>("2"), "42");
        assert_eq!(ok::<alias>("2"), r#""r-1""#);
        assert_eq!(ok::<aliases>("2"), r#""r-1""#);
    }
}

// row 51
#[fg::handler(blocking)]
fn resize<'e>(event: Borrowed<'e>, _ctx: &Context) -> Result<Answer<'e>, fg::Error> {
    std::thread::yield_now();
    Ok(Answer { message: event.name })
}

#[test]
fn a_blocking_handler_is_not_async_and_may_borrow() {
    const { assert!(resize::BLOCKING) };
    assert_eq!(ok::<resize>(r#"{"name":"Ada"}"#), r#"{"message":"Ada"}"#);
}

#[fg::handler(name = "shop.greet-2")]
async fn renamed(_: Ignored) -> Result<(), fg::Error> {
    Ok(())
}

#[fg::handler]
async fn r#match(_: Ignored) -> Result<(), fg::Error> {
    Ok(())
}

#[test]
fn the_name_is_the_functions_own_or_the_one_given() {
    assert_eq!(renamed::NAME, "shop.greet-2");
    assert_eq!(r#match::NAME, "match");
}

// row 56
#[allow(unreachable_pub)]
mod visibility {
    pub(super) mod shop {
        #[fg::handler]
        pub async fn public(event: u8) -> Result<u8, fg::Error> {
            Ok(event)
        }

        #[fg::handler]
        pub(in super::super) async fn restricted(event: u8) -> Result<u8, fg::Error> {
            Ok(event)
        }
    }
}

#[test]
fn a_handler_is_as_visible_as_its_function() {
    assert_eq!(ok::<visibility::shop::public>("7"), "7");
    assert_eq!(ok::<visibility::shop::restricted>("7"), "7");
}

// row 61
#[test]
fn a_program_may_have_several_handlers() {
    assert_eq!(
        <(greet, renamed, r#match) as fg::contract::Handlers>::NAMES,
        ["greet", "shop.greet-2", "match"]
    );
}

mod attributes {
    use super::*;

    // row 69
    #[fg::handler]
    #[cfg(any())]
    async fn gone(event: NoSuchType) -> Result<(), fg::Error> {
        Ok(())
    }

    #[cfg(any())]
    #[fg::handler]
    async fn gone_too(event: NoSuchType) -> Result<(), fg::Error> {
        Ok(())
    }

    #[fg::handler]
    #[cfg(test)]
    async fn here(event: u8) -> Result<u8, fg::Error> {
        Ok(event)
    }

    // row 68
    #[fg::handler]
    #[tracing::instrument(skip_all)]
    async fn traced_below(event: u8) -> Result<u8, fg::Error> {
        tokio::task::yield_now().await;
        Ok(event)
    }

    #[tracing::instrument(skip_all)]
    #[fg::handler]
    async fn traced_above(event: u8) -> Result<u8, fg::Error> {
        tokio::task::yield_now().await;
        Ok(event)
    }

    // row 70
    #[deprecated]
    #[inline]
    #[must_use = "it is a handler"]
    #[fg::handler]
    async fn adorned(event: u8) -> Result<u8, fg::Error> {
        Ok(event)
    }

    #[test]
    fn other_attributes_keep_working() {
        for reply in [ok::<here>, ok::<traced_below>, ok::<traced_above>, ok::<adorned>] {
            assert_eq!(reply("7"), "7");
        }
    }
}

mod hygiene {
    use super::*;

    // rows 34, 59 and 71
    macro_rules! handlers {
        ($($name:ident: $event:ty => $returned:ty;)*) => {
            $(
                #[fg::handler]
                async fn $name(event: $event, ctx: &Context) -> $returned {
                    let _ = ctx;
                    Ok(event)
                }
            )*
        };
    }

    // Every name that the generated code uses itself.
    handlers! {
        event: u8 => Result<u8, fg::Error>;
        ctx: u8 => Result<u8, fg::Error>;
        payload: u8 => Result<u8, fg::Error>;
        state: u8 => Result<u8, fg::Error>;
        reply: u8 => Result<u8, fg::Error>;
        returned: u8 => Result<u8, fg::Error>;
        error: u8 => Result<u8, fg::Error>;
        probe: u8 => Result<u8, fg::Error>;
        call: u8 => Result<u8, fg::Error>;
        init: u8 => Result<u8, fg::Error>;
    }

    // Would be found before the methods of `fg`, if they had these names.
    trait Everything {
        fn describe(&self) {}
        fn code(&self) {}
        fn start(&self) {}
        fn borrow(&self) {}
    }
    impl<T> Everything for T {}

    #[test]
    fn a_handler_may_have_any_name_and_be_made_by_a_macro() {
        ().describe();
        ().code();
        ().start();
        Everything::borrow(&());
        for reply in
            [ok::<event>, ok::<ctx>, ok::<payload>, ok::<state>, ok::<reply>, ok::<returned>]
        {
            assert_eq!(reply("7"), "7");
        }
        for reply in [ok::<error>, ok::<probe>, ok::<call>, ok::<init>] {
            assert_eq!(reply("7"), "7");
        }
    }

    pub(crate) mod renamed {
        pub(crate) use fg as faas;
    }

    // row 95
    #[fg::handler(crate = renamed::faas)]
    async fn by_path(event: u8) -> Result<u8, fg::Error> {
        Ok(event)
    }

    #[fg::handler(crate = "crate::hygiene::renamed::faas")]
    async fn by_text(event: u8) -> Result<u8, fg::Error> {
        Ok(event)
    }

    #[test]
    fn the_crate_may_have_another_name() {
        assert_eq!(ok::<by_path>("7"), "7");
        assert_eq!(ok::<by_text>("7"), "7");
    }

    // row 63
    #[test]
    fn a_handler_may_stand_in_a_function() {
        #[fg::handler]
        async fn inner(event: u8) -> Result<u8, fg::Error> {
            Ok(event)
        }
        assert_eq!(ok::<inner>("7"), "7");
    }
}
