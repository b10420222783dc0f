//! Decides what the compiler underlines, and rewrites tokens without losing their spans.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// The position of the user's token with the hygiene of the macro: errors point to the user's code,
/// while lints and local names do not mix with it.
pub(crate) fn mixed(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

/// The spans of the first and the last token of something the user wrote.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) first: Span,
    pub(crate) last: Span,
}

impl Ends {
    pub(crate) fn of(tokens: impl ToTokens) -> Self {
        let mut spans = without_invisible_groups(tokens.to_token_stream())
            .into_iter()
            .map(|token| token.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        Self { first, last: spans.last().unwrap_or(first) }
    }
}

/// Makes the compiler underline everything between `ends` for errors about this path.
///
/// `Span::join` is not stable, but the compiler joins the spans of the tokens of one path.
pub(crate) fn path_at(ends: Ends, path: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = path.into_iter().collect();
    if let Some((last, others)) = tokens.split_last_mut() {
        for token in others {
            token.set_span(mixed(ends.first));
        }
        last.set_span(mixed(ends.last));
    }
    tokens.into_iter().collect()
}

/// The tokens without the invisible groups that `macro_rules!` puts around `$e:ty` and the like.
pub(crate) fn without_invisible_groups(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                without_invisible_groups(group.stream())
            }
            token => token.into(),
        })
        .collect()
}

/// Replaces the function's own lifetime parameters by `'_`: the generated code has no such
/// parameters.
pub(crate) fn without_lifetimes(tokens: TokenStream, own: &[&Ident]) -> TokenStream {
    let mut after_apostrophe = false;
    tokens
        .into_iter()
        .map(|token| {
            let is_lifetime = std::mem::take(&mut after_apostrophe);
            match token {
                TokenTree::Group(group) => {
                    let mut stripped =
                        Group::new(group.delimiter(), without_lifetimes(group.stream(), own));
                    stripped.set_span(group.span());
                    stripped.into()
                }
                TokenTree::Ident(ident) if is_lifetime && own.contains(&&ident) => {
                    Ident::new("_", ident.span()).into()
                }
                TokenTree::Punct(punct) => {
                    after_apostrophe = punct.as_char() == '\'';
                    punct.into()
                }
                token => token,
            }
        })
        .collect()
}

/// The first lifetime that is valid for one call only: one of the function's own parameters, or
/// `'_`; not `'_` in parentheses, which may belong to `Fn(&'_ str)`.
pub(crate) fn lifetime_of_a_call(
    tokens: TokenStream,
    own: &[&Ident],
    in_parentheses: bool,
) -> Option<TokenStream> {
    let mut apostrophe = None;
    without_invisible_groups(tokens).into_iter().find_map(|token| {
        match (apostrophe.take(), token) {
            (Some(sign), TokenTree::Ident(name))
                if own.contains(&&name) || (name == "_" && !in_parentheses) =>
            {
                Some([TokenTree::Punct(sign), name.into()].into_iter().collect())
            }
            (_, TokenTree::Group(group)) => lifetime_of_a_call(group.stream(), own, true),
            (_, TokenTree::Punct(sign)) if sign.as_char() == '\'' => {
                apostrophe = Some(sign);
                None
            }
            _ => None,
        }
    })
}

/// The keyword `impl`, at any depth.
pub(crate) fn impl_keyword(tokens: TokenStream) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if word == "impl" => Some(word),
        TokenTree::Group(group) => impl_keyword(group.stream()),
        _ => None,
    })
}

/// A type or a path in the usual spacing, for messages.
pub(crate) fn spelled(tokens: impl ToTokens) -> String {
    let text = without_invisible_groups(tokens.to_token_stream()).to_string();
    [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        ("< ", "<"),
        (" >", ">"),
        ("& ", "&"),
        (" ,", ","),
    ]
    .into_iter()
    .fold(text, |text, (loose, tight)| text.replace(loose, tight))
}
