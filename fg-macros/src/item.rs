//! Splits the annotated item into attributes, visibility, signature and body. The body is one token that nobody looks into.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Signature, Token, Visibility};

use crate::errors::{and_help, at};

/// A function, as far as a handler is concerned.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    /// The braces and what is in them, or the semicolon of a function without a body.
    pub(crate) body: TokenStream,
}

impl Function {
    pub(crate) fn has_body(&self) -> bool {
        self.body.clone().into_iter().any(|token| matches!(token, TokenTree::Group(_)))
    }

    /// The attributes that decide whether the function exists, which then hold for the code beside it too.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"))
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

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for attribute in &self.attributes {
            attribute.to_tokens(tokens);
        }
        self.visibility.to_tokens(tokens);
        self.signature.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}

/// Whether `fn` comes after nothing but words such as `async`, `unsafe` and `extern "C"`.
fn is_function(input: ParseStream<'_>) -> bool {
    const BEFORE_FN: [&str; 6] = ["async", "const", "unsafe", "safe", "extern", "default"];
    while !input.peek(Token![fn]) {
        match input.parse() {
            Ok(TokenTree::Ident(word)) if BEFORE_FN.iter().any(|known| word == known) => {}
            Ok(TokenTree::Literal(_)) => {}
            _ => return false,
        }
    }
    true
}

/// What else an item can be, by its first word.
const ITEMS: [(&str, &str); 12] = [
    ("struct", "a struct"),
    ("enum", "an enum"),
    ("union", "a union"),
    ("impl", "an `impl` block"),
    ("trait", "a trait"),
    ("mod", "a module"),
    ("const", "a constant"),
    ("static", "a static"),
    ("type", "a type alias"),
    ("use", "a `use`"),
    ("extern", "an `extern` block or crate"),
    ("macro_rules", "a macro"),
];

fn not_a_function(input: ParseStream<'_>) -> syn::Error {
    let help = "put it on the function that takes the event";
    let _ = input.parse::<Option<Token![unsafe]>>();
    let Ok(keyword) = input.fork().parse::<TokenTree>() else {
        return input.error(and_help("`#[fg::handler]` goes on an `async fn`", help));
    };
    let word = keyword.to_string();
    let known = ITEMS.iter().find(|(first_word, _)| *first_word == word);
    let what = known.map_or("this", |(_, what)| what);
    at(keyword, and_help(format_args!("`#[fg::handler]` goes on an `async fn`, not on {what}"), help))
}
