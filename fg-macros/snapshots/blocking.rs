// #[fg::handler(name = "shop.greet", blocking)]

fn greet(event: Greeting) -> Result<Reply, fg::Error> {
    Ok(Reply::to(event))
}
#[doc(hidden)]
struct greet {
    _sealed: (),
}
const _: () = {
    use ::fg::contract as __fg;
    #[automatically_derived]
    impl __fg::Handler for greet {
        const NAME: &'static ::core::primitive::str = "shop.greet";
        const BLOCKING: ::core::primitive::bool = true;
        const HTTP: ::core::primitive::bool = {
            use __fg::__private::NotHttp as _;
            __fg::__private::EventKind::<Greeting>::FG_HTTP
        };
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
            async move {
                let __fg_event = <Greeting as __fg::FromPayload<
                    '_,
                >>::from_payload(__fg_payload)?;
                let __fg_returned = __fg::__private::block_in_place(|| greet(
                    __fg_event,
                ));
                __fg::__private::respond(
                    __fg_returned,
                    __fg_response,
                    __fg::HandlerResult::into_result,
                    __fg::IntoPayload::write_payload,
                    __fg::IntoFailure::into_failure,
                    |__fg_error| {
                        use __fg::__private::{
                            AnyError as _, CodedError as _, DerefError as _,
                            OwnError as _, StdError as _, UncodedError as _,
                        };
                        let __fg_probe = __fg::__private::Probe(__fg_error);
                        (&&&__fg_probe).fg_details().with_code((&__fg_probe).fg_code())
                    },
                )
            }
        }
    }
};
