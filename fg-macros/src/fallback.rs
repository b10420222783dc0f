//! What is left of a handler after an error: everything that keeps the compiler from reporting more than that error.
//!
//! Without the hidden type, each `fg::run::<greet>()` would be an error of its own:
//!
//! ```text
//! error[E0747]: constant provided when a type was expected
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use crate::errors::Errors;
use crate::expand::{future, handle};
use crate::item::Function;
use crate::options::Options;
use crate::signature::clashes;
use crate::spans::mixed;

pub(crate) fn expand(function: Function, options: &Options, errors: Errors) -> TokenStream {
    let errors = errors.into_compile_errors();
    let handle = can_have_handle(&function).then(|| handle(&function, options, &members(&function)));
    let function = repaired(function);
    quote!(#[allow(unused)] #function #handle #errors)
}

/// A function with `self` or without a body stands in an `impl` block or a trait, where no type can.
fn can_have_handle(function: &Function) -> bool {
    function.signature.receiver().is_none() && function.has_body()
}

/// The user's function, without what the compiler would complain about as well.
fn repaired(mut function: Function) -> TokenStream {
    function.attributes.retain(|attribute| !clashes(attribute));
    function.signature.constness = None;
    if !function.has_body() {
        function.body = quote!({ ::core::unreachable!() });
    }
    if function.signature.ident != "main" {
        return quote!(#function);
    }
    function.signature.ident = Ident::new("handler_called_main", function.signature.ident.span());
    quote! {
        #function
        #[allow(dead_code)]
        fn main() {}
    }
}

fn members(function: &Function) -> TokenStream {
    let at = mixed(function.signature.ident.span());
    let result = |ok: TokenStream| quote_spanned!(at=> ::core::result::Result<#ok, __fg::Failure>);
    let (init, call) = (future(at, &result(quote!(Self::State))), future(at, &result(quote!(()))));
    let pre_stop = future(at, &quote!(()));
    quote_spanned! {at=>
        const NAME: &'static ::core::primitive::str = "";
        type State = ();
        fn init(_: &__fg::Context) -> #init {
            async move { ::core::result::Result::Ok(()) }
        }
        fn call<'a>(
            _: &'a [::core::primitive::u8],
            _: &'a __fg::Context,
            _: &'a Self::State,
            _: &'a mut __fg::Reply,
        ) -> #call + 'a {
            async move { ::core::result::Result::Ok(()) }
        }
        fn pre_stop(_: &Self::State) -> #pre_stop {
            async move {}
        }
    }
}
