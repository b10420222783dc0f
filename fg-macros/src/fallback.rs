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
use crate::expand::{Methods, handle};
use crate::item::Function;
use crate::options::Options;
use crate::signature::clash;

pub(crate) fn expand(function: Function, options: &Options, errors: Errors) -> TokenStream {
    let ok = quote!(::core::result::Result::Ok(()));
    let methods = Methods { state: quote!(()), http: TokenStream::new(), init: ok.clone(), call: ok, pre_stop: TokenStream::new() };
    // A function with `self` or without a body stands in an `impl` block or a trait, where no type can.
    let can_have_handle = function.signature.receiver().is_none() && function.has_body();
    let handle = can_have_handle.then(|| handle(&function, options, &methods));
    let function = repaired(function);
    let errors = errors.into_compile_errors();
    quote!(#[allow(unused)] #function #handle #errors)
}

/// The user's function, without what the compiler would complain about as well.
fn repaired(function: Function) -> TokenStream {
    let has_body = function.has_body();
    let Function { attributes, visibility, mut signature, body } = function;
    let attributes = attributes.iter().filter(|attribute| clash(attribute).is_none());
    signature.constness = None;
    let main = (signature.ident == "main").then(|| {
        signature.ident = Ident::new("handler_called_main", signature.ident.span());
        quote! { #[allow(dead_code)] fn main() {} }
    });
    let body = if has_body { body } else { quote!({ ::core::unreachable!() }) };
    quote!(#(#attributes)* #visibility #signature #body #main)
}
