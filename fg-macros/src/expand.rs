//! Writes the code beside the user's function: the hidden type of its name, and how the runtime calls it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ExprPath;
use syn::ext::IdentExt;

use crate::arguments::{self, Argument, Arguments};
use crate::errors::Errors;
use crate::item::Function;
use crate::options::{Init, Options};
use crate::result::{self, Places};
use crate::spans::{Ends, mixed, path_at};
use crate::{fallback, signature};

/// `#[fg::handler(attribute)] item`
pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::read(attribute, &mut errors);
    let function: Function = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            errors.push(error);
            return [item, errors.into_compile_errors()].into_iter().collect();
        }
    };
    signature::check(&function, &options, &mut errors);
    let arguments = arguments::check(&function, &options, &mut errors);
    let places = result::check(&function, &mut errors);
    match (arguments, places) {
        (Some(arguments), Some(places)) if errors.is_empty() => {
            let glue = Glue { function: &function, options: &options, arguments, places };
            let handle = glue.handle();
            quote!(#item #handle)
        }
        _ => fallback::expand(function, &options, errors),
    }
}

/// What the methods of the implementation do, and what they work with.
pub(crate) struct Handle<'a> {
    pub(crate) function: &'a Function,
    pub(crate) options: &'a Options,
    pub(crate) state: TokenStream,
    pub(crate) init: TokenStream,
    pub(crate) call: TokenStream,
    pub(crate) pre_stop: TokenStream,
}

/// Writes the hidden type, which has the function's name in the namespace of types, and its implementation of `Handler`.
impl ToTokens for Handle<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { function, options, state, init, call, pre_stop } = self;
        let at = mixed(function.signature.ident.span());
        let cfgs: Vec<_> = function.cfgs().collect();
        let visibility = &function.visibility;
        let mut hidden = function.signature.ident.clone();
        hidden.set_span(at);
        let name = options.name.as_ref().map_or_else(|| hidden.unraw().to_string(), syn::LitStr::value);
        let blocking = options.blocking.is_some();
        let import = options.krate.import();
        let result = |ok: &TokenStream| quote_spanned!(at=> ::core::result::Result<#ok, __fg::Failure>);
        let init_future = future(place_of(options.init.as_ref().map(|init| &init.function), at), &result(&quote!(Self::State)));
        let call_future = future(at, &result(&quote!(())));
        let pre_stop_future = future(place_of(options.pre_stop.as_ref(), at), &quote!(()));
        tokens.extend(quote_spanned! {at=>
            #(#cfgs)*
            #[doc(hidden)]
            #[allow(non_camel_case_types)]
            #visibility struct #hidden { _sealed: () }

            #(#cfgs)*
            const _: () = {
                #import

                #[automatically_derived]
                #[allow(deprecated, unused)]
                impl __fg::Handler for #hidden {
                    const NAME: &'static ::core::primitive::str = #name;
                    const BLOCKING: ::core::primitive::bool = #blocking;
                    #state
                    fn init(ctx: &__fg::Context) -> #init_future {
                        async move { #init }
                    }
                    fn call<'a>(
                        payload: &'a [::core::primitive::u8],
                        ctx: &'a __fg::Context,
                        state: &'a Self::State,
                        reply: &'a mut __fg::Reply,
                    ) -> #call_future + 'a {
                        async move { #call }
                    }
                    fn pre_stop(state: &Self::State) -> #pre_stop_future {
                        async move { #pre_stop }
                    }
                }
            };
        });
    }
}

/// The type of a future, where the compiler reports one that is not `Send`.
fn future(at: Span, output: &TokenStream) -> TokenStream {
    quote_spanned!(at=> impl ::core::future::Future<Output = #output> + ::core::marker::Send)
}

/// Where the mistakes of the code around a function are reported: at its path in the attribute.
fn place_of(path: Option<&ExprPath>, otherwise: Span) -> Span {
    path.map_or(otherwise, |path| mixed(Ends::of(path).first))
}

/// The code that calls the user's functions.
struct Glue<'a> {
    function: &'a Function,
    options: &'a Options,
    arguments: Arguments,
    places: Places,
}

impl Glue<'_> {
    fn handle(&self) -> Handle<'_> {
        let Self { function, options, .. } = self;
        Handle { function, options, state: self.state(), init: self.init(), call: self.call(), pre_stop: self.pre_stop() }
    }

    fn at(&self) -> Span {
        mixed(self.function.signature.ident.span())
    }

    /// The associated type, which is reported from end to end of what the user wrote.
    fn state(&self) -> TokenStream {
        let Some(state) = &self.arguments.state else { return quote_spanned!(self.at()=> type State = ();) };
        let ends = Ends::of(state);
        let declared = quote_spanned!(mixed(ends.first)=> type State = #state);
        let end = quote_spanned!(mixed(ends.last)=> ;);
        quote!(#declared #end)
    }

    fn init(&self) -> TokenStream {
        let Some(Init { function, .. }) = &self.options.init else {
            return quote_spanned!(self.at()=> ::core::result::Result::Ok(()));
        };
        let (at, ends) = (place_of(Some(function), self.at()), Ends::of(function));
        let into_state = path_at(ends, quote!(__fg::InitState::into_state));
        let into_failure = path_at(ends, quote!(__fg::IntoFailure::into_failure));
        let describe = describe(at);
        quote_spanned! {at=>
            let returned = __fg::InitFunction::start(#function, ctx).await;
            __fg::__private::initialised::<_, Self::State, _>(returned, #into_state, #into_failure, #describe)
        }
    }

    fn call(&self) -> TokenStream {
        let at = self.at();
        let event = &self.arguments.event;
        let returned = self.returned();
        let into_result = path_at(self.places.whole, quote!(__fg::HandlerResult::into_result));
        let write_payload = path_at(self.places.success, quote!(__fg::IntoPayload::write_payload));
        let into_failure = path_at(self.places.error, quote!(__fg::IntoFailure::into_failure));
        let describe = describe(at);
        quote_spanned! {at=>
            let event = <#event as __fg::FromPayload<'_>>::from_payload(payload)?;
            let returned = #returned;
            __fg::__private::respond(returned, reply, #into_result, #write_payload, #into_failure, #describe)
        }
    }

    /// The call of the user's function.
    fn returned(&self) -> TokenStream {
        let at = self.at();
        // With the hygiene of the user, or a handler called `event` would be taken for the local of that name.
        let mut function = self.function.signature.ident.clone();
        function.set_span(Span::call_site().located_at(at));
        let others = self.arguments.others.iter().map(|argument| match argument {
            Argument::Borrowed(ty) => quote_spanned!(at=> <#ty as __fg::Supplied>::borrow(ctx)),
            Argument::Taken(ty) => quote_spanned!(at=> <#ty as __fg::FromInvocation<'_>>::from_invocation(ctx)),
        });
        let state = self.arguments.state.as_ref().map(|_| quote_spanned!(at=> state));
        let arguments = others.chain(state);
        let call = quote_spanned!(at=> #function(event #(, #arguments)*));
        if self.options.blocking.is_some() {
            quote_spanned!(at=> __fg::__private::block_in_place(|| #call))
        } else {
            quote_spanned!(at=> #call.await)
        }
    }

    fn pre_stop(&self) -> TokenStream {
        let function = self.options.pre_stop.as_ref();
        let start = function.map(|function| {
            let at = place_of(Some(function), self.at());
            quote_spanned!(at=> __fg::PreStopFunction::<Self::State, _, _>::start(#function, state).await)
        });
        start.unwrap_or_default()
    }
}

/// A closure that finds out what else an error tells than its text. It takes every type, so it is never an error itself.
fn describe(at: Span) -> TokenStream {
    quote_spanned! {at=>
        |error| {
            use __fg::__private::{AnyError as _, CodedError as _, DerefError as _, StdError as _, UncodedError as _, WireError as _};
            let probe = __fg::__private::Probe(error);
            (&&&probe).fg_describe().with_code((&probe).fg_code())
        }
    }
}
