//! The options of `#[fg::handler(..)]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{ExprPath, LitStr, Path};

use crate::errors::Errors;
use crate::keys::{self, Key, PathOrString, STRING};
use crate::spans::{Ends, mixed};

const KEYS: &[Key] = &[
    Key { name: "name", takes: STRING, form: "name = \"greet\"" },
    Key { name: "blocking", takes: "", form: "blocking" },
    Key { name: "init", takes: "the path of a function", form: "init = connect" },
    Key { name: "pre_stop", takes: "the path of a function", form: "pre_stop = drain" },
    Key { name: "crate", takes: "a path", form: "crate = fg" },
];

/// The options in the attribute.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    pub(crate) blocking: Option<Ident>,
    pub(crate) init: Option<ExprPath>,
    pub(crate) pre_stop: Option<ExprPath>,
    /// The path of `fg`, if it is not `::fg`.
    pub(crate) krate: Option<Path>,
    /// Whether something could not be parsed, so that a missing option may be a mistyped one.
    pub(crate) misread: bool,
}

/// Imports `fg::contract` as `__fg` for the code that follows, so that a wrong path is one error
/// and not one for each item.
///
/// The error is at the user's path, or else at the attribute.
pub(crate) fn import(krate: Option<&Path>) -> TokenStream {
    match krate {
        Some(path) => quote_spanned!(mixed(Ends::of(path).first)=> use #path::contract as __fg;),
        None => quote_spanned!(mixed(Span::call_site())=> use ::fg::contract as __fg;),
    }
}

impl Options {
    pub(crate) fn read(attribute: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        keys::read(attribute, KEYS, errors, |key, ident, input| {
            match key.name {
                "name" => options.name = Some(key.value(&ident, input)?),
                "init" => options.init = Some(key.value(&ident, input)?),
                "pre_stop" => options.pre_stop = Some(key.value(&ident, input)?),
                "crate" => options.krate = Some(key.value::<PathOrString>(&ident, input)?.0),
                _ => options.blocking = Some(key.no_value(ident, input)?),
            }
            Ok(())
        });
        options.misread = !errors.is_empty();
        if let Some(name) = &options.name {
            check_name(name, errors);
        }
        options
    }
}

fn check_name(name: &LitStr, errors: &mut Errors) {
    let text = name.value();
    let is_plain =
        text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if !is_plain || !(1..=128).contains(&text.len()) {
        errors.at(name, "the name of a handler is 1 to 128 of the letters a to z and A to Z, digits, `_`, `-` and `.`");
    }
}
