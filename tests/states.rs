//! What a state may be: whatever is written after the `&` compiles, in a handler that awaits, in
//! one that blocks, and in `pre_stop`.

#![allow(clippy::ptr_arg, reason = "the types are as people write them")]

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock};

use fg::Context;
use fg::contract::{Handler, ResponseBuffer};

/// What an application injects, to mock it in tests.
trait Repo: Send + Sync {
    fn price(&self) -> u32;
}

struct Seven;

impl Repo for Seven {
    fn price(&self) -> u32 {
        7
    }
}

struct Shop<T> {
    repo: T,
}

type Shared = Arc<dyn Repo>;
type Boxed<'a> = Box<dyn Fn(&'a str) -> usize + Send + Sync + 'a>;
type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

static SEVEN: Seven = Seven;

/// Runs `init`, one call and `pre_stop` as a task of a runtime with several threads, so that
/// everything must be `Send`.
fn invoke<H: Handler>() -> String {
    let lifetime = async move {
        let ctx = Context::default();
        let state = H::init(&ctx).await.expect("a state");
        let mut reply = ResponseBuffer::new();
        H::call(b"1", &ctx, &state, &mut reply).await.expect("a reply");
        H::pre_stop(&state).await;
        String::from_utf8(reply.into_body()).expect("a string")
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    runtime.block_on(async { tokio::spawn(lifetime).await.expect("no panic") })
}

/// What is known of a future's type when it is written down, and not by way of a type parameter.
fn is_sent(future: impl Future + Send + 'static) {
    drop(future);
}

/// For each state: one handler that awaits while it borrows the state, with a context; and one that
/// blocks, without.
macro_rules! states {
    ($($name:ident: $state:ty = $make:expr, |$lent:ident| $price:expr;)*) => {
        $(
            mod $name {
                #[allow(unused_imports)]
                use super::*;

                async fn make() -> Result<$state, fg::Error> {
                    Ok($make)
                }

                async fn make_with_context(_ctx: &Context) -> Result<$state, fg::Error> {
                    tokio::task::yield_now().await;
                    Ok($make)
                }

                async fn stop($lent: &$state) {
                    tokio::task::yield_now().await;
                    let price: u32 = $price;
                    assert_eq!(price, 7);
                }

                #[fg::handler(init = make, pre_stop = stop)]
                pub(super) async fn awaits(event: u32, ctx: &Context, $lent: &$state) -> Result<u32, fg::Error> {
                    tokio::task::yield_now().await;
                    let price: u32 = $price;
                    assert_eq!(ctx.request_id(), "test-request");
                    Ok(event + price)
                }

                #[fg::handler(blocking, init = make_with_context, pre_stop = stop)]
                pub(super) fn blocks(event: u32, $lent: &$state) -> Result<u32, fg::Error> {
                    let price: u32 = $price;
                    Ok(event + price)
                }
            }
        )*

        #[test]
        fn every_type_that_threads_can_share_is_a_state() {
            $(
                assert_eq!(invoke::<$name::awaits>(), "8", stringify!($name));
                assert_eq!(invoke::<$name::blocks>(), "8", stringify!($name));
            )*
        }

        #[test]
        fn what_runs_a_handler_can_be_sent_whatever_its_state_is() {
            $(
                is_sent(fg::Function::of::<$name::awaits>().run_async());
                is_sent(fg::Function::of::<($name::blocks, $name::awaits)>().run_async());
                is_sent(fg::testing::invoke(fg::Function::of::<$name::awaits>(), b"1"));
                is_sent(fg::testing::invoke(fg::Function::of::<$name::blocks>(), b"1"));
                is_sent(async {
                    let (ctx, mut reply) = (Context::default(), ResponseBuffer::new());
                    let state = $name::awaits::init(&ctx).await.expect("a state");
                    $name::awaits::call(b"1", &ctx, &state, &mut reply).await.expect("a reply");
                    $name::awaits::pre_stop(&state).await;
                });
            )*
        }
    };
}

states! {
    plain: Seven = Seven, |state| state.price();
    arc_dyn: Arc<dyn Repo> = Arc::new(Seven), |state| state.price();
    arc_dyn_bounds: Arc<dyn Repo + Send + Sync> = Arc::new(Seven), |state| state.price();
    arc_dyn_static: Arc<dyn Repo + 'static> = Arc::new(Seven), |state| state.price();
    box_dyn: Box<dyn Repo> = Box::new(Seven), |state| state.price();
    box_fn: Box<dyn Fn(u32) -> u32 + Send + Sync> = Box::new(|price| price + 6), |state| state(1);
    box_fn_borrowing: Box<dyn for<'a> Fn(&'a str) -> &'a str + Send + Sync> = Box::new(|name| name), |state| state("1234567").len() as u32;
    vec_static: Vec<&'static str> = vec!["a"; 7], |state| state.len() as u32;
    vec_dyn: Vec<Box<dyn Repo>> = vec![Box::new(Seven)], |state| state[0].price();
    array_static: [&'static str; 7] = ["a"; 7], |state| state.len() as u32;
    tuple: (Arc<dyn Repo>, &'static str) = (Arc::new(Seven), "a"), |state| state.0.price();
    alias: Shared = Arc::new(Seven), |state| state.price();
    alias_with_lifetime: Boxed<'static> = Box::new(str::len), |state| state("1234567") as u32;
    generic: Shop<Box<dyn Repo>> = Shop { repo: Box::new(Seven) }, |state| state.repo.price();
    generic_static: Shop<&'static str> = Shop { repo: "1234567" }, |state| state.repo.len() as u32;
    option: Option<Arc<dyn Repo>> = Some(Arc::new(Seven)), |state| state.as_ref().map_or(0, |repo| repo.price());
    map: HashMap<&'static str, Box<dyn Repo>> = HashMap::from([("a", Box::new(Seven) as Box<dyn Repo>)]), |state| state["a"].price();
    tree: BTreeMap<String, Arc<dyn Repo>> = BTreeMap::from([(String::new(), Arc::new(Seven) as Shared)]), |state| state[""].price();
    cow: Cow<'static, str> = Cow::Borrowed("1234567"), |state| state.len() as u32;
    mutex: Mutex<Box<dyn Repo>> = Mutex::new(Box::new(Seven)), |state| state.lock().expect("not poisoned").price();
    mutex_send_only: Mutex<Box<dyn FnMut() -> u32 + Send>> = Mutex::new(Box::new(|| 7)), |state| (state.lock().expect("not poisoned"))();
    once: OnceLock<Arc<dyn Repo>> = OnceLock::new(), |state| state.get_or_init(|| Arc::new(Seven)).price();
    reference: &'static Seven = &SEVEN, |state| state.price();
    reference_dyn: &'static dyn Repo = &SEVEN, |state| state.price();
    pointer: fn(u32) -> u32 = |price| price, |state| state(7);
    pointer_borrowing: for<'a> fn(&'a str) -> &'a str = |name| name, |state| state("1234567").len() as u32;
    maker: fn() -> Later<u32> = || Box::pin(async { 7 }), |state| { is_sent(state()); 7 };
    boxed_error: Mutex<Option<Box<dyn std::error::Error + Send>>> = Mutex::new(None), |state| if state.is_poisoned() { 0 } else { 7 };
    marker: std::marker::PhantomData<fn() -> Rc<dyn Repo>> = std::marker::PhantomData, |state| { let _ = state; 7 };
}
