// #[fg::handler(name = "shop.greet", blocking)]

fn greet(event: Greeting) -> Result<Reply, fg::Error> {
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
        const NAME: &'static ::core::primitive::str = "shop.greet";
        const BLOCKING: ::core::primitive::bool = true;
        const HTTP: ::core::primitive::bool = {
            #[allow(unused_imports)]
            use __fg::__private::NotHttp as _;
            __fg::__private::EventKind::<Greeting>::HTTP
        };
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
            async move {
                let event = <Greeting as __fg::FromPayload<'_>>::from_payload(payload)?;
                let returned = __fg::__private::block_in_place(|| greet(event));
                __fg::__private::respond(
                    returned,
                    reply,
                    __fg::HandlerResult::into_result,
                    __fg::IntoPayload::write_payload,
                    __fg::IntoFailure::into_failure,
                    |error| {
                        use __fg::__private::{
                            AnyError as _, CodedError as _, DerefError as _,
                            StdError as _, UncodedError as _, WireError as _,
                        };
                        let probe = __fg::__private::Probe(error);
                        (&&&probe).fg_describe().with_code((&probe).fg_code())
                    },
                )
            }
        }
        fn pre_stop(
            state: &Self::State,
        ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send {
            async move {}
        }
    }
};
