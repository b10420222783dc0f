//! Splits the annotated item into attributes, visibility, signature and body. The body is kept as
//! one token tree and is never parsed.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Signature, Token, Visibility};

use crate::errors::{and_help, at};

/// A function, as far as a handler is concerned.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    /// The block, or the semicolon of a function without a body.
    pub(crate) body: TokenStream,
}

impl Function {
    pub(crate) fn has_body(&self) -> bool {
        self.body.clone().into_iter().any(|token| matches!(token, TokenTree::Group(_)))
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        if !is_function(&input.fork()) {
            return Err(not_a_function(input));
        }
        Ok(Self { attributes, visibility, signature: input.parse()?, body: input.parse()? })
    }
}

/// Whether only qualifiers such as `async`, `unsafe` and `extern "C"` come before a `fn`.
fn is_function(input: ParseStream<'_>) -> bool {
    std::iter::from_fn(|| input.parse().ok())
        .take_while(|token| matches!(token, TokenTree::Ident(_) | TokenTree::Literal(_)))
        .any(|token| token.to_string() == "fn")
}

fn not_a_function(input: ParseStream<'_>) -> syn::Error {
    let help = "put it on the function that takes the event";
    let _ = input.parse::<Option<Token![unsafe]>>();
    let Ok(word) = input.fork().parse::<TokenTree>() else {
        return input.error(and_help("`#[fg::handler]` goes on an `async fn`", help));
    };
    let article = if ["enum", "extern", "impl"].contains(&&*word.to_string()) { "an" } else { "a" };
    let message = format!("`#[fg::handler]` goes on an `async fn`, not on {article} `{word}`");
    at(word, and_help(message, help))
}
