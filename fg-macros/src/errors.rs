//! Collects errors, so that all of them are reported at once.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::spans;

/// The errors found so far.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// Returns the value, or records the error.
    pub(crate) fn record<T>(&mut self, parsed: syn::Result<T>) -> Option<T> {
        parsed.map_err(|error| self.push(error)).ok()
    }

    /// Reports an error at these tokens.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(at(tokens, message));
    }

    /// Reports an error at these tokens, and what to write instead.
    pub(crate) fn with_help(
        &mut self,
        tokens: impl ToTokens,
        message: impl Display,
        help: impl Display,
    ) {
        self.at(tokens, and_help(message, help));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// One `compile_error!` for each error.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.0.map(syn::Error::into_compile_error).unwrap_or_default()
    }
}

/// An error that underlines all of these tokens.
pub(crate) fn at(tokens: impl ToTokens, message: impl Display) -> syn::Error {
    syn::Error::new_spanned(spans::without_invisible_groups(tokens.to_token_stream()), message)
}

/// Adds a help as a second paragraph: procedural macros cannot emit help lines on stable Rust.
pub(crate) fn and_help(message: impl Display, help: impl Display) -> String {
    format!("{message}\n\nhelp: {help}")
}
