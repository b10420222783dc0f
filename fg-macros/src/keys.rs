//! Parses the options of an attribute, `key` and `key = value`, and suggests what to write if one
//! is wrong.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{LitStr, Token};

use crate::errors::{Errors, and_help, at};

/// An option that an attribute accepts.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What the value is, with an article; empty for a key without a value.
    pub(crate) takes: &'static str,
    /// An example.
    pub(crate) form: &'static str,
}

/// Parses all keys and passes each to `take`, which parses its value. After an error parsing goes
/// on behind the next comma.
pub(crate) fn read(
    tokens: TokenStream,
    keys: &[Key],
    errors: &mut Errors,
    mut take: impl FnMut(&Key, Ident, ParseStream<'_>) -> syn::Result<()>,
) {
    let mut seen = Vec::new();
    let read_all = |input: ParseStream<'_>| {
        while !input.is_empty() {
            errors.record(read_one(input, keys, &mut seen, &mut take));
            skip(input)?;
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    };
    let read = read_all.parse2(tokens);
    errors.record(read);
}

fn read_one(
    input: ParseStream<'_>,
    keys: &[Key],
    seen: &mut Vec<Ident>,
    take: &mut impl FnMut(&Key, Ident, ParseStream<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    if !input.peek(Ident::peek_any) {
        return Err(not_a_key(input, keys));
    }
    let ident = input.call(Ident::parse_any)?;
    let Some(key) = keys.iter().find(|key| ident == key.name) else {
        return Err(at(
            &ident,
            and_help(format_args!("unknown option `{ident}`"), suggest(&ident.to_string(), keys)),
        ));
    };
    if seen.contains(&ident) {
        return Err(at(
            &ident,
            and_help(format_args!("`{ident}` is given twice"), "remove one of the two"),
        ));
    }
    seen.push(ident.clone());
    take(key, ident, input)?;
    if at_end(input) { Ok(()) } else { Err(key.wrong_value(input.parse::<TokenTree>()?)) }
}

/// Consumes the tokens up to the next comma.
fn skip(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut skipped = TokenStream::new();
    while !at_end(input) {
        skipped.extend([input.parse::<TokenTree>()?]);
    }
    Ok(skipped)
}

fn at_end(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,])
}

fn not_a_key(input: ParseStream<'_>, keys: &[Key]) -> syn::Error {
    let help = match (input.fork().parse::<LitStr>(), keys.iter().find(|key| key.takes == STRING)) {
        (Ok(text), Some(key)) => {
            format!("write `{} = \"{}\"`", key.name, text.value().escape_debug())
        }
        _ => forms(keys),
    };
    input.error(and_help("expected an option", help))
}

/// The [`Key::takes`] of a string literal.
pub(crate) const STRING: &str = "a string literal";

impl Key {
    /// Reads `= value`.
    pub(crate) fn value<T: Parse>(&self, ident: &Ident, input: ParseStream<'_>) -> syn::Result<T> {
        if at_end(input) {
            return Err(at(
                ident,
                format_args!("`{}` needs a value, as in `{}`", self.name, self.form),
            ));
        }
        // A wrong value is underlined at its first token, wherever in it the parser fails.
        let first: TokenTree = input.fork().parse()?;
        if input.parse::<Option<Token![=]>>()?.is_some() && !at_end(input) {
            let first: TokenTree = input.fork().parse()?;
            return input.parse().map_err(|_| self.wrong_value(first));
        }
        Err(self.wrong_value(first))
    }

    /// Checks that the key has no value.
    pub(crate) fn no_value(&self, ident: Ident, input: ParseStream<'_>) -> syn::Result<Ident> {
        let value = skip(input)?;
        if value.is_empty() {
            return Ok(ident);
        }
        Err(at(
            quote!(#ident #value),
            format_args!("`{}` takes no value: write `{}`", self.name, self.form),
        ))
    }

    fn wrong_value(&self, tokens: impl quote::ToTokens) -> syn::Error {
        at(tokens, format_args!("`{}` takes {}, as in `{}`", self.name, self.takes, self.form))
    }
}

/// A path, or a string literal with a path in it.
pub(crate) struct PathOrString(pub(crate) syn::Path);

impl Parse for PathOrString {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let style = syn::Path::parse_mod_style;
        if input.peek(LitStr) {
            input.parse::<LitStr>()?.parse_with(style)
        } else {
            input.call(style)
        }
        .map(Self)
    }
}

fn suggest(unknown: &str, keys: &[Key]) -> String {
    let nearest = keys.iter().map(|key| (distance(unknown, key.name), key.name)).min();
    match nearest {
        Some((0..=2, name)) => format!("did you mean `{name}`?"),
        _ => forms(keys),
    }
}

fn forms(keys: &[Key]) -> String {
    let forms: Vec<String> = keys.iter().map(|key| format!("`{}`", key.form)).collect();
    format!("the options are {}", forms.join(", "))
}

/// The Levenshtein distance of two words.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}
