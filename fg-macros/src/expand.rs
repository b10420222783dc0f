//! Writes the code beside the user's function: the hidden type of its name, and how the runtime calls it.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;

use crate::arguments::{self, Argument, Arguments};
use crate::errors::Errors;
use crate::item::Function;
use crate::options::Options;
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
            let errors = errors.into_compile_errors();
            return quote!(#item #errors);
        }
    };
    signature::check(&function, &options, &mut errors);
    let arguments = arguments::check(&function, &options, &mut errors);
    let places = result::check(&function, &mut errors);
    match (arguments, places) {
        (Some(arguments), Some(places)) if errors.is_empty() => {
            let members = Glue { function: &function, options: &options, arguments: &arguments, places }.members();
            let handle = handle(&function, &options, &members);
            quote!(#item #handle)
        }
        _ => fallback::expand(function, &options, errors),
    }
}

/// The hidden type in the type namespace, beside the function of the same name, and its implementation of `Handler`.
pub(crate) fn handle(function: &Function, options: &Options, members: &TokenStream) -> TokenStream {
    let at = mixed(function.signature.ident.span());
    let cfgs: Vec<_> = function.cfgs().collect();
    let visibility = &function.visibility;
    let import = options.krate.import();
    let mut hidden = function.signature.ident.clone();
    hidden.set_span(at);
    // The crate has one name inside the block, so that a wrong path is one error and not one for each item.
    quote_spanned! {at=>
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #visibility struct #hidden { _sealed: () }

        #(#cfgs)*
        const _: () = {
            #import

            #[automatically_derived]
            #[allow(deprecated)]
            impl __fg::Handler for #hidden {
                #members
            }
        };
    }
}

/// `-> impl Future<Output = ..> + Send`, placed where the compiler shall say that the future is not `Send`.
pub(crate) fn future(at: Span, output: &TokenStream) -> TokenStream {
    quote_spanned!(at=> impl ::core::future::Future<Output = #output> + ::core::marker::Send)
}

/// Everything that the members of the implementation are made of.
struct Glue<'a> {
    function: &'a Function,
    options: &'a Options,
    arguments: &'a Arguments,
    places: Places,
}

impl Glue<'_> {
    fn members(&self) -> TokenStream {
        let at = self.at();
        let name = match &self.options.name {
            Some(name) => name.value(),
            None => self.function.signature.ident.unraw().to_string(),
        };
        let blocking = self.options.blocking.as_ref().map(|_| quote_spanned!(at=> const BLOCKING: ::core::primitive::bool = true;));
        let state = self.state();
        let (init, call, pre_stop) = (self.init(), self.call(), self.pre_stop());
        quote_spanned! {at=>
            const NAME: &'static ::core::primitive::str = #name;
            #blocking
            #state
            #init
            #call
            #pre_stop
        }
    }

    fn at(&self) -> Span {
        mixed(self.function.signature.ident.span())
    }

    /// The associated type, underlined where the user wrote it.
    fn state(&self) -> TokenStream {
        let at = self.at();
        let Some(state) = &self.arguments.state else { return quote_spanned!(at=> type State = ();) };
        let ends = Ends::of(state);
        let declared = quote_spanned!(mixed(ends.first())=> type State = #state);
        let end = quote_spanned!(mixed(ends.last())=> ;);
        quote!(#declared #end)
    }

    fn call(&self) -> TokenStream {
        let at = self.at();
        let event = &self.arguments.event;
        let returned = self.returned();
        let Places { whole, success, error } = self.places;
        let into_result = path_at(whole, quote!(__fg::HandlerResult::into_result));
        let write_payload = path_at(success, quote!(__fg::IntoPayload::write_payload));
        let into_failure = path_at(error, quote!(__fg::IntoFailure::into_failure));
        let describe = describe(at);
        let future = future(at, &quote_spanned!(at=> ::core::result::Result<(), __fg::Failure>));
        quote_spanned! {at=>
            fn call<'a>(
                payload: &'a [::core::primitive::u8],
                ctx: &'a __fg::Context,
                state: &'a Self::State,
                reply: &'a mut __fg::Reply,
            ) -> #future + 'a {
                async move {
                    let event = <#event as __fg::FromPayload<'_>>::from_payload(payload)?;
                    let returned = #returned;
                    __fg::__private::respond(returned, reply, #into_result, #write_payload, #into_failure, #describe)
                }
            }
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

    fn init(&self) -> TokenStream {
        let function = self.options.init.as_ref().map(|init| &init.function);
        let at = function.map_or(self.at(), |function| mixed(Ends::of(function).first()));
        let made = match function {
            Some(function) => {
                let ends = Ends::of(function);
                let into_state = path_at(ends, quote!(__fg::InitState::into_state));
                let into_failure = path_at(ends, quote!(__fg::IntoFailure::into_failure));
                let describe = describe(at);
                quote_spanned! {at=>
                    let returned = __fg::InitFunction::start(#function, ctx).await;
                    __fg::__private::initialised::<_, Self::State, _>(returned, #into_state, #into_failure, #describe)
                }
            }
            None => quote_spanned!(at=> let _ = ctx; ::core::result::Result::Ok(())),
        };
        let future = future(at, &quote_spanned!(at=> ::core::result::Result<Self::State, __fg::Failure>));
        quote_spanned! {at=>
            fn init(ctx: &__fg::Context) -> #future {
                async move { #made }
            }
        }
    }

    fn pre_stop(&self) -> TokenStream {
        let function = self.options.pre_stop.as_ref();
        let at = function.map_or(self.at(), |function| mixed(Ends::of(function).first()));
        let stopped = match function {
            Some(function) => quote_spanned!(at=> __fg::PreStopFunction::<Self::State, _, _>::start(#function, state).await),
            None => quote_spanned!(at=> let _ = state;),
        };
        let future = future(at, &quote_spanned!(at=> ()));
        quote_spanned! {at=>
            fn pre_stop(state: &Self::State) -> #future {
                async move { #stopped }
            }
        }
    }
}

/// A closure that finds out what else an error tells than its text. It takes every type, so it is never an error itself.
fn describe(at: Span) -> TokenStream {
    quote_spanned! {at=>
        |error| {
            #[allow(unused_imports)]
            use __fg::__private::{AnyError as _, CodedError as _, DerefError as _, StdError as _, UncodedError as _, WireError as _};
            let probe = __fg::__private::Probe(error);
            (&&&probe).fg_describe().with_code((&probe).fg_code())
        }
    }
}
