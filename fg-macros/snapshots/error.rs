// #[fg::handler]

#[allow(unused)]
async fn greet(event: Greeting, ctx: fg::Context) -> Result<Reply, fg::Error> {
    Ok(Reply::to(event))
}
#[doc(hidden)]
#[allow(non_camel_case_types)]
struct greet {
    _sealed: (),
}
const _: () = {
    use ::fg as __fg;
    #[automatically_derived]
    #[allow(deprecated, trivial_bounds, unused_variables)]
    impl __fg::Handler for greet {
        const NAME: &'static ::core::primitive::str = "greet";
        const BLOCKING: ::core::primitive::bool = false;
        type State = ();
        fn init(
            ctx: &__fg::Context,
        ) -> impl ::core::future::Future<
            Output = ::core::result::Result<Self::State, __fg::Failure>,
        > + ::core::marker::Send {
            async move { ::core::result::Result::Ok(()) }
        }
        fn call<'a>(
            payload: &'a [::core::primitive::u8],
            ctx: &'a __fg::Context,
            state: &'a Self::State,
            reply: &'a mut __fg::Reply,
        ) -> impl ::core::future::Future<
            Output = ::core::result::Result<(), __fg::Failure>,
        > + ::core::marker::Send + 'a {
            async move { ::core::result::Result::Ok(()) }
        }
        fn pre_stop(
            state: &Self::State,
        ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send {
            async move {}
        }
    }
};
::core::compile_error! {
    "the context is borrowed from the runtime\n\nhelp: write `&fg::Context`"
}
