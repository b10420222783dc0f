// #[fg::handler]

async fn greet(event: Greeting, ctx: fg::Context) -> Result<Reply, fg::Error> {
    let _ = &event;
    let _ = &ctx;
    match () {
        () => Ok(Reply::to(event)),
    }
}
#[doc(hidden)]
struct greet {
    _sealed: (),
}
const _: () = {
    use ::fg::contract as __fg;
    #[automatically_derived]
    impl __fg::Handler for greet {
        const NAME: &'static ::core::primitive::str = "greet";
        const BLOCKING: ::core::primitive::bool = false;
        type State = ();
        fn init(
            __fg_ctx: &__fg::Context,
        ) -> impl ::core::future::Future<
            Output = ::core::result::Result<Self::State, __fg::Failure>,
        > + ::core::marker::Send {
            __fg::__private::no_init()
        }
        fn call<'__fg>(
            __fg_payload: &'__fg [::core::primitive::u8],
            __fg_ctx: &'__fg __fg::Context,
            __fg_state: &'__fg Self::State,
            __fg_response: &'__fg mut __fg::ResponseBuffer,
        ) -> impl ::core::future::Future<
            Output = ::core::result::Result<(), __fg::Failure>,
        > + ::core::marker::Send + '__fg {
            __fg::__private::no_init()
        }
    }
};
::core::compile_error! {
    "the context is borrowed from the runtime\n\nhelp: write `&fg::Context`"
}
