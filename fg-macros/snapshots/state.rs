// #[fg::handler(init = shop::connect, pre_stop = disconnect)]

async fn greet(event: Greeting, ctx: &fg::Context, db: &Db) -> Result<Reply, fg::Error> {
    Ok(db.greet(event, ctx))
}
#[doc(hidden)]
struct greet {
    _sealed: (),
}
const _: () = {
    use ::fg as __fg;
    #[automatically_derived]
    impl __fg::Handler for greet {
        const NAME: &'static ::core::primitive::str = "greet";
        const BLOCKING: ::core::primitive::bool = false;
        const HTTP: ::core::primitive::bool = {
            use __fg::__private::NotHttp as _;
            __fg::__private::EventKind::<Greeting>::FG_HTTP
        };
        type State = Db;
        fn init(
            __fg_ctx: &__fg::Context,
        ) -> impl ::core::future::Future<
            Output = ::core::result::Result<Self::State, __fg::Failure>,
        > + ::core::marker::Send {
            async move {
                let __fg_returned = __fg::InitFunction::start(shop::connect, __fg_ctx)
                    .await;
                __fg::__private::initialised::<
                    _,
                    Self::State,
                    _,
                >(
                    __fg_returned,
                    __fg::InitState::into_state,
                    __fg::IntoFailure::into_failure,
                    |__fg_error| {
                        use __fg::__private::{
                            AnyError as _, CodedError as _, DerefError as _,
                            StdError as _, UncodedError as _, WireError as _,
                        };
                        let __fg_probe = __fg::__private::Probe(__fg_error);
                        (&&&__fg_probe).fg_describe().with_code((&__fg_probe).fg_code())
                    },
                )
            }
        }
        fn call<'a>(
            __fg_payload: &'a [::core::primitive::u8],
            __fg_ctx: &'a __fg::Context,
            __fg_state: &'a Self::State,
            __fg_reply: &'a mut __fg::Reply,
        ) -> impl ::core::future::Future<
            Output = ::core::result::Result<(), __fg::Failure>,
        > + ::core::marker::Send + 'a {
            async move {
                let __fg_event = <Greeting as __fg::FromPayload<
                    '_,
                >>::from_payload(__fg_payload)?;
                let __fg_returned = {
                    let __fg_handler = greet;
                    __fg_handler(
                            __fg_event,
                            <fg::Context as __fg::Supplied>::borrow(__fg_ctx),
                            __fg_state,
                        )
                        .await
                };
                __fg::__private::respond(
                    __fg_returned,
                    __fg_reply,
                    __fg::HandlerResult::into_result,
                    __fg::IntoPayload::write_payload,
                    __fg::IntoFailure::into_failure,
                    |__fg_error| {
                        use __fg::__private::{
                            AnyError as _, CodedError as _, DerefError as _,
                            StdError as _, UncodedError as _, WireError as _,
                        };
                        let __fg_probe = __fg::__private::Probe(__fg_error);
                        (&&&__fg_probe).fg_describe().with_code((&__fg_probe).fg_code())
                    },
                )
            }
        }
        fn pre_stop(
            __fg_state: &Self::State,
        ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send {
            async move {
                __fg::PreStopFunction::<Self::State, _, _>::start(disconnect, __fg_state)
                    .await
            }
        }
    }
};
