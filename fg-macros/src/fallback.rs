//! What is left of a handler after an error: everything that keeps the compiler from reporting more than that error.
//!
//! Without the hidden type, each `fg::run::<greet>()` would be an error of its own:
//!
//! ```text
//! error[E0747]: constant provided when a type was expected
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::errors::Errors;
use crate::expand::Handle;
use crate::item::Function;
use crate::options::Options;
use crate::signature::clashes;

pub(crate) fn expand(function: Function, options: &Options, errors: Errors) -> TokenStream {
    let ok = quote!(::core::result::Result::Ok(()));
    // A function with `self` or without a body stands in an `impl` block or a trait, where no type can.
    let can_have_handle = function.signature.receiver().is_none() && function.has_body();
    let handle = can_have_handle.then(|| Handle {
        function: &function,
        options,
        state: quote!(
            type State = ();
        ),
        init: ok.clone(),
        call: ok,
        pre_stop: TokenStream::new(),
    });
    let handle = quote!(#handle);
    let function = repaired(function);
    let errors = errors.into_compile_errors();
    quote!(#[allow(unused)] #function #handle #errors)
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
    quote!(#function #[allow(dead_code)] fn main() {})
}
