//! What is left of a handler after an error: everything that keeps the compiler from reporting more
//! than that error.
//!
//! Without the hidden type, each `fg::run::<greet>()` would be an error of its own:
//!
//! ```text
//! error[E0747]: constant provided when a type was expected
//! ```

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{FnArg, Pat, Signature};

use crate::arguments::State;
use crate::errors::Errors;
use crate::expand::{Methods, handle};
use crate::item::Function;
use crate::options::Options;
use crate::signature::clash;
use crate::spans::mixed;

pub(crate) fn expand(function: Function, options: &Options, errors: Errors) -> TokenStream {
    let ok = quote!(::core::result::Result::Ok(()));
    let methods = Methods {
        state: State::none(Span::call_site()),
        http: TokenStream::new(),
        init: ok.clone(),
        call: ok,
        pre_stop: TokenStream::new(),
    };
    // A function with `self` or without a body stands in an `impl` block or a trait, where no type
    // can.
    let can_have_handle = function.signature.receiver().is_none() && function.has_body();
    let handle = can_have_handle.then(|| handle(&function, options, &methods));
    let function = repaired(function);
    let errors = errors.into_compile_errors();
    quote!(#function #handle #errors)
}

/// The user's function, without what the compiler would complain about as well.
fn repaired(function: Function) -> TokenStream {
    let has_body = function.has_body();
    let Function { attributes, visibility, mut signature, body } = function;
    let attributes = attributes.iter().filter(|attribute| clash(attribute).is_none());
    signature.constness = None;
    let main = (signature.ident == "main").then(|| {
        signature.ident = Ident::new("handler_called_main", signature.ident.span());
        quote! { fn main() {} }
    });
    let body = if has_body { body } else { quote!({ ::core::unreachable!() }) };
    let body = with_arguments_used(body, &signature);
    quote!(#(#attributes)* #visibility #signature #body #main)
}

/// The body in a block in which no argument is unused. An `#[allow(unused)]` would be an error of
/// its own where the crate forbids it.
fn with_arguments_used(body: TokenStream, signature: &Signature) -> TokenStream {
    let names = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => match &*argument.pat {
            Pat::Ident(pattern) => Some(&pattern.ident),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    });
    let uses: TokenStream =
        names.map(|name| quote_spanned!(mixed(name.span())=> let _ = &#name;)).collect();
    // `#![..]` can only stand at the beginning of a function.
    let has_inner_attribute = body.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => {
            group.stream().into_iter().next().is_some_and(|first| first.to_string() == "#")
        }
        _ => false,
    });
    // The arm of a `match` is a place where nothing is said about the braces.
    if uses.is_empty() || has_inner_attribute {
        body
    } else {
        quote!({ #uses match () { () => #body } })
    }
}
