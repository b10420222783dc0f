//! The expansion of a handler with errors: a stub that keeps the compiler from reporting more than
//! those errors.
//!
//! Without the hidden type, for example, each `fg::run::<greet>()` would be an error of its own:
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
    let no_init = quote!(__fg::__private::no_init());
    let methods = Methods {
        state: State::none(Span::call_site()),
        http: TokenStream::new(),
        init: no_init.clone(),
        call: no_init,
        pre_stop: TokenStream::new(),
    };
    // A function with `self` or without a body is in an `impl` block or a trait, where no type can
    // be declared.
    let can_have_handle = function.signature.receiver().is_none() && function.has_body();
    let handle = can_have_handle.then(|| handle(&function, options, &methods));
    let function = repaired(function);
    let errors = errors.into_compile_errors();
    quote!(#function #handle #errors)
}

/// The user's function, without what the compiler would report as well.
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

/// The body in a block that uses every argument. An `#[allow(unused)]` would be an error of its own
/// under `#![forbid(unused)]`.
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
    // An inner attribute is only allowed at the beginning of a function.
    let has_inner_attribute = body.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => {
            group.stream().into_iter().next().is_some_and(|first| first.to_string() == "#")
        }
        _ => false,
    });
    // In the arm of a `match` no lint reports superfluous braces.
    if uses.is_empty() || has_inner_attribute {
        body
    } else {
        quote!({ #uses match () { () => #body } })
    }
}
