//! Collects mistakes, so that all of them are reported at once.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::spans;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// What could be read; what could not is a mistake.
    pub(crate) fn record<T>(&mut self, read: syn::Result<T>) -> Option<T> {
        read.map_err(|error| self.push(error)).ok()
    }

    /// Reports a mistake at these tokens.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(at(tokens, message));
    }

    /// Reports a mistake at these tokens, and what to write instead.
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

    /// One `compile_error!` for each mistake.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.0.map(syn::Error::into_compile_error).unwrap_or_default()
    }
}

/// An error that underlines all of these tokens.
pub(crate) fn at(tokens: impl ToTokens, message: impl Display) -> syn::Error {
    syn::Error::new_spanned(spans::without_invisible_groups(tokens.to_token_stream()), message)
}

/// A stable macro cannot add a help line to an error, so the help is a second paragraph.
pub(crate) fn and_help(message: impl Display, help: impl Display) -> String {
    format!("{message}\n\nhelp: {help}")
}
