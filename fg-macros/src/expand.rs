//! Generates the code next to the user's function: the hidden type of the same name and its
//! implementation of `Handler`.
//!
//! Two things in the user's crate affect this code despite hygiene. A pattern that is a plain
//! identifier matches a constant, static or unit struct of that name instead of binding a variable,
//! so local variables here begin with `__fg_`. And an `#[allow(..)]` is an error under
//! `#![forbid(..)]`, so the code is written so that it needs none.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Attribute, ExprPath, LitStr};

use crate::arguments::{self, Arguments, State};
use crate::errors::Errors;
use crate::item::Function;
use crate::options::{Options, import};
use crate::result::{self, Places};
use crate::spans::{Ends, mixed, path_at};
use crate::{fallback, signature};

/// `#[fg::handler(attribute)] item`
pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::read(attribute, &mut errors);
    let Some(function) = errors.record(syn::parse2::<Function>(item.clone())) else {
        return [item, errors.into_compile_errors()].into_iter().collect();
    };
    signature::check(&function, &options, &mut errors);
    let arguments = arguments::check(&function, &options, &mut errors);
    let places = result::check(&function, &mut errors);
    match (arguments, places) {
        (Some(arguments), Some(places)) if errors.is_empty() => {
            let handle = handle(
                &function,
                &options,
                &Methods::new(&function, &options, &arguments, &places),
            );
            quote!(#item #handle)
        }
        _ => fallback::expand(function, &options, errors),
    }
}

/// The bodies of the methods of `Handler`, and the type of the state.
pub(crate) struct Methods {
    pub(crate) state: State,
    pub(crate) http: TokenStream,
    pub(crate) init: TokenStream,
    pub(crate) call: TokenStream,
    pub(crate) pre_stop: TokenStream,
}

/// The hidden type, named like the function but in the type namespace, and its implementation of
/// `Handler`.
pub(crate) fn handle(function: &Function, options: &Options, methods: &Methods) -> TokenStream {
    let Methods { state, http, init, call, pre_stop } = methods;
    let ident = &function.signature.ident;
    let (visibility, hidden, at) =
        (&function.visibility, spanned(ident, Span::mixed_site()), mixed(ident.span()));
    // If the function is compiled out, so must be the generated code.
    let cfgs: Vec<_> =
        function.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
    let name = options.name.as_ref().map_or_else(|| ident.unraw().to_string(), LitStr::value);
    let allowed = allowed(&function.attributes);
    let blocking = options.blocking.is_some();
    let (import, aliases, state) =
        (import(options.krate.as_ref()), &state.aliases, declare_state(state));
    let result = |ok: TokenStream| quote_spanned!(at=> ::core::result::Result<#ok, __fg::Failure>);
    let init_at = options.init.as_ref().map_or(at, start_of);
    let init_future = future(init_at, &result(quote!(Self::State)));
    let call_future = future(at, &result(quote!(())));
    quote_spanned! {at=>
        #(#cfgs)*
        #[doc(hidden)]
        #visibility struct #hidden { _sealed: () }

        #(#cfgs)*
        const _: () = {
            #import
            #aliases

            #[automatically_derived]
            #allowed
            impl __fg::Handler for #hidden {
                const NAME: &'static ::core::primitive::str = #name;
                const BLOCKING: ::core::primitive::bool = #blocking;
                #http
                #state
                fn init(__fg_ctx: &__fg::Context) -> #init_future {
                    #init
                }
                fn call<'__fg>(
                    __fg_payload: &'__fg [::core::primitive::u8],
                    __fg_ctx: &'__fg __fg::Context,
                    __fg_state: &'__fg Self::State,
                    __fg_response: &'__fg mut __fg::ResponseBuffer,
                ) -> #call_future + '__fg {
                    #call
                }
                #pre_stop
            }
        };
    }
}

/// The lints that the user allows on the function, for the generated code that repeats its types
/// and calls it. Under `#![forbid(..)]` the user's own `#[allow]` is already an error.
fn allowed(attributes: &[Attribute]) -> TokenStream {
    let lists = attributes.iter().filter(|attribute| {
        attribute.path().is_ident("allow") || attribute.path().is_ident("expect")
    });
    let lints =
        lists.filter_map(|attribute| attribute.meta.require_list().ok()).map(|list| &list.tokens);
    // `deprecated` is the only lint that the compiler reports in a macro's code here.
    let is_deprecated = attributes.iter().any(|attribute| {
        let path = attribute.path();
        path.is_ident("deprecated")
            || path.is_ident("cfg_attr")
                && attribute.meta.to_token_stream().to_string().contains("deprecated")
    });
    let deprecated = is_deprecated.then(|| quote!(#[allow(deprecated)]));
    quote!(#(#[allow(#lints)])* #deprecated)
}

/// The type of a future, with the span at which the compiler reports one that is not `Send`.
fn future(at: Span, output: &TokenStream) -> TokenStream {
    quote_spanned!(at=> impl ::core::future::Future<Output = #output> + ::core::marker::Send)
}

/// The span of errors about the function that a path in the attribute names.
fn start_of(function: &ExprPath) -> Span {
    mixed(Ends::of(function).first)
}

/// The user's identifier at its position, with this hygiene.
fn spanned(ident: &Ident, hygiene: Span) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(hygiene.located_at(ident.span()));
    ident
}

impl Methods {
    fn new(function: &Function, options: &Options, arguments: &Arguments, places: &Places) -> Self {
        let at = mixed(function.signature.ident.span());
        Self {
            state: arguments.state.clone().unwrap_or_else(|| State::none(at)),
            http: declare_http(at, &arguments.event),
            init: options
                .init
                .as_ref()
                .map_or_else(|| quote_spanned!(at=> __fg::__private::no_init()), call_init),
            call: call(at, &call_handler(function, options, arguments), &arguments.event, places),
            pre_stop: options.pre_stop.as_ref().map(declare_pre_stop).unwrap_or_default(),
        }
    }
}

/// The associated type `State`; errors about it underline the whole type that the user wrote.
fn declare_state(state: &State) -> TokenStream {
    let State { ty, ends, .. } = state;
    let (declared, ty) =
        (quote_spanned!(mixed(ends.first)=> type State =), path_at(*ends, ty.clone()));
    let end = quote_spanned!(mixed(ends.last)=> ;);
    quote!(#declared #ty #end)
}

/// The constant `HTTP`: whether the event is an HTTP request; see `fg_core::HttpEvent`.
fn declare_http(at: Span, event: &TokenStream) -> TokenStream {
    quote_spanned! {at=>
        const HTTP: ::core::primitive::bool = {
            use __fg::__private::NotHttp as _;
            __fg::__private::EventKind::<#event>::FG_HTTP
        };
    }
}

fn call_init(function: &ExprPath) -> TokenStream {
    let (ends, at) = (Ends::of(function), start_of(function));
    let into_state = path_at(ends, quote!(__fg::InitState::into_state));
    let into_failure = path_at(ends, quote!(__fg::IntoFailure::into_failure));
    let details_of = details_of(at);
    quote_spanned! {at=>
        async move {
            let __fg_returned = __fg::InitFunction::start(#function, __fg_ctx).await;
            __fg::__private::initialised::<_, Self::State, _>(__fg_returned, #into_state, #into_failure, #details_of)
        }
    }
}

/// The method `pre_stop`, in place of that of `Handler`, which does nothing.
fn declare_pre_stop(function: &ExprPath) -> TokenStream {
    let at = start_of(function);
    let future = future(at, &quote!(()));
    quote_spanned! {at=>
        fn pre_stop(__fg_state: &Self::State) -> #future {
            async move {
                __fg::PreStopFunction::<Self::State, _, _>::start(#function, __fg_state).await
            }
        }
    }
}

/// The body of `call`: from the payload to the response, around the call of the user's function.
fn call(at: Span, call_handler: &TokenStream, event: &TokenStream, places: &Places) -> TokenStream {
    let into_result = path_at(places.whole, quote!(__fg::HandlerResult::into_result));
    let write_payload = path_at(places.success, quote!(__fg::IntoPayload::write_payload));
    let into_failure = path_at(places.error, quote!(__fg::IntoFailure::into_failure));
    let details_of = details_of(at);
    quote_spanned! {at=>
        async move {
            let __fg_event = <#event as __fg::FromPayload<'_>>::from_payload(__fg_payload)?;
            let __fg_returned = #call_handler;
            __fg::__private::respond(__fg_returned, __fg_response, #into_result, #write_payload, #into_failure, #details_of)
        }
    }
}

fn call_handler(function: &Function, options: &Options, arguments: &Arguments) -> TokenStream {
    let ident = &function.signature.ident;
    // With call-site hygiene, so that the name resolves to the user's function and not to a local
    // variable here.
    let (handler, at) = (spanned(ident, Span::call_site()), mixed(ident.span()));
    let others = &arguments.others;
    let arguments = quote_spanned!(at=> (__fg_event #(, #others)*));
    if options.blocking.is_some() {
        quote_spanned!(at=> __fg::__private::block_in_place(|| #handler #arguments))
    } else {
        // Through a variable: clippy's `unused_async` ignores a function that is used as a value.
        quote_spanned!(at=> { let __fg_handler = #handler; __fg_handler #arguments.await })
    }
}

/// A closure that finds the details of an error; see `fg-core/src/error_details.rs`. It compiles
/// for every type.
fn details_of(at: Span) -> TokenStream {
    quote_spanned! {at=>
        |__fg_error| {
            use __fg::__private::{AnyError as _, CodedError as _, DerefError as _, OwnError as _, StdError as _, UncodedError as _};
            let __fg_probe = __fg::__private::Probe(__fg_error);
            (&&&__fg_probe).fg_details().with_code((&__fg_probe).fg_code())
        }
    }
}
