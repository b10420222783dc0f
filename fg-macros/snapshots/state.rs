// #[fg::handler(init = shop::connect, pre_stop = disconnect)]

async fn greet(event: Greeting, ctx: &fg::Context, db: &Db) -> Result<Reply, fg::Error> {
    Ok(db.greet(event, ctx))
}
#[doc(hidden)]
struct greet {
    _sealed: (),
}
const _: () = {
    use ::fg::contract as __fg;
    type __FgLast = __fg::__private::Argument<
        Db,
        {
            use __fg::__private::NotContext as _;
            __fg::__private::ArgumentKind::<Db>::FG_IS_CONTEXT
        },
        <__fg::__private::Argument<
            fg::Context,
            {
                use __fg::__private::NotContext as _;
                __fg::__private::ArgumentKind::<fg::Context>::FG_IS_CONTEXT
            },
            (),
        > as __fg::__private::LentArgument>::State,
    >;
    #[automatically_derived]
    impl __fg::Handler for greet {
        const NAME: &'static ::core::primitive::str = "greet";
        const BLOCKING: ::core::primitive::bool = false;
        const HTTP: ::core::primitive::bool = {
            use __fg::__private::NotHttp as _;
            __fg::__private::EventKind::<Greeting>::FG_HTTP
        };
        type State = <__FgLast as __fg::__private::LentArgument>::State;
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
                            OwnError as _, StdError as _, UncodedError as _,
                        };
                        let __fg_probe = __fg::__private::Probe(__fg_error);
                        (&&&__fg_probe).fg_details().with_code((&__fg_probe).fg_code())
                    },
                )
            }
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
                let __fg_returned = {
                    let __fg_handler = greet;
                    __fg_handler(
                            __fg_event,
                            <fg::Context as __fg::__private::BeforeState>::borrow(
                                __fg_ctx,
                            ),
                            <__FgLast as __fg::__private::LentArgument>::lend(
                                __fg_ctx,
                                __fg_state,
                            ),
                        )
                        .await
                };
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
