//! For any attribute and any item, the macro does not panic and re-emits the item.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use quote::{ToTokens, quote};

use crate::expand::expand;
use crate::item::Function;

const WORDS: [&str; 40] = [
    "async", "await", "blocking", "const", "Context", "crate", "dyn", "enum", "event", "extern",
    "fg", "fn", "for", "greet", "handler", "impl", "init", "main", "mod", "move", "mut", "name",
    "pre_stop", "pub", "Result", "Self", "self", "static", "str", "struct", "super", "T", "tokio",
    "trait", "type", "u8", "unsafe", "use", "where", "_",
];

fn token() -> impl Strategy<Value = TokenTree> {
    let word = select(&WORDS[..]).prop_map(|word| Ident::new(word, Span::call_site()).into());
    let sign = select(&b"!#$&*+,-./:;<=>?@^|~'"[..]).prop_map(|sign| {
        // An apostrophe begins a lifetime, so it is never alone.
        let (sign, spacing) =
            if sign == b'\'' { ('=', Spacing::Joint) } else { (char::from(sign), Spacing::Alone) };
        Punct::new(sign, spacing).into()
    });
    let literal = select(&["a", "", "a b", "\u{fc}", "::fg"][..])
        .prop_map(|text| Literal::string(text).into());
    let number = any::<u8>().prop_map(|number| Literal::u8_suffixed(number).into());
    let leaf = prop_oneof![6 => word, 6 => sign, 1 => literal, 1 => number];
    leaf.prop_recursive(3, 48, 6, |token| {
        let delimiters =
            vec![Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None];
        (select(delimiters), vec(token, 0..6)).prop_map(|(delimiter, tokens)| {
            Group::new(delimiter, tokens.into_iter().collect()).into()
        })
    })
}

fn tokens(most: usize) -> impl Strategy<Value = TokenStream> {
    vec(token(), 0..most).prop_map(|tokens| tokens.into_iter().collect())
}

/// One of these snippets of source.
fn pieces(choices: &'static [&'static str]) -> impl Strategy<Value = TokenStream> {
    select(choices).prop_map(|source| source.parse().expect("it is made of tokens"))
}

/// Something that looks like a function, with random tokens where people make mistakes.
fn nearly_a_function() -> impl Strategy<Value = TokenStream> {
    (
        pieces(&[
            "",
            "#[fg::handler]",
            "#[tokio::main]",
            "/// Greets.\n",
            "pub",
            "#[cfg(test)] pub(crate)",
        ]),
        pieces(&["async", "", "const", "async unsafe", "extern \"C\"", "unsafe extern \"C\""]),
        pieces(&["greet", "main", "r#match"]),
        pieces(&["", "<'e>", "<T: Copy>", "<const N: usize>"]),
        (
            pieces(&[
                "",
                "event: &'e str,",
                "&self,",
                "event: E, ctx: Context,",
                "event: E, db: &Db",
            ]),
            tokens(6),
        ),
        (pieces(&["", "->", "-> Result<T, E>", "-> !", "-> impl Copy"]), tokens(3)),
        (pieces(&["{}", ";", ""]), tokens(8)),
    )
        .prop_map(
            |(
                before,
                qualifiers,
                name,
                generics,
                (arguments, more),
                (output, rest),
                (body, inside),
            )| {
                let body = if body.to_string() == "{}" { quote!({ #inside }) } else { body };
                quote!(#before #qualifiers fn #name #generics(#arguments #more) #output #rest #body)
            },
        )
}

/// A handler without a mistake, and its options.
fn right_handler() -> impl Strategy<Value = (TokenStream, TokenStream)> {
    let options = pieces(&[
        "",
        "name = \"shop.greet\"",
        "crate = faas",
        "crate = \"a::fg\"",
        "pre_stop = a::b::<C>",
        "init = connect,",
    ]);
    let event = pieces(&[
        "event: E",
        "_: fg::Ignored",
        "mut event: Option<E>",
        "E { a, .. }: E<'_, 'static>",
        "(a, b): (&'e str, u8)",
    ]);
    let context =
        pieces(&["", "ctx: &fg::Context", "_: &'e Cx", "#[allow(unused)] ctx: &Context,"]);
    let output = pieces(&[
        "Result<T, E>",
        "anyhow::Result<()>",
        "Answer",
        "Result<Cow<'e, str>, Box<dyn Error>>",
    ]);
    (options, event, context, output, tokens(8)).prop_map(
        |(options, event, context, output, body)| {
            (options, quote!(pub async fn greet<'e>(#event, #context) -> #output { #body }))
        },
    )
}

proptest! {
    #[test]
    fn what_is_no_function_comes_back_as_it_is(attribute in tokens(12), item in tokens(24)) {
        let expanded = expand(attribute, item.clone()).to_string();
        let is_function = syn::parse2::<Function>(item.clone()).is_ok();
        prop_assert!(is_function || expanded.starts_with(&item.to_string()), "{item}\n{expanded}");
    }

    #[test]
    fn a_body_comes_back_whatever_is_wrong_around_it(attribute in tokens(12), item in nearly_a_function()) {
        let expanded = expand(attribute, item.clone()).to_string();
        match syn::parse2::<Function>(item.clone()) {
            Ok(function) if function.has_body() => prop_assert!(expanded.contains(&function.body.to_string()), "{expanded}"),
            Ok(function) => prop_assert!(expanded.contains(&function.signature.inputs.to_token_stream().to_string()), "{expanded}"),
            Err(_) => prop_assert!(expanded.starts_with(&item.to_string()), "{item}\n{expanded}"),
        }
    }

    #[test]
    fn a_handler_without_a_mistake_comes_back_with_code_that_parses((attribute, item) in right_handler()) {
        let expanded = expand(attribute, item.clone()).to_string();
        let beside = expanded.strip_prefix(&item.to_string()).expect("the user's tokens come first");
        let beside: syn::File = syn::parse_str(beside).expect("it parses");
        prop_assert_eq!(beside.items.len(), 2);
        prop_assert!(!expanded.contains("compile_error"), "{}", expanded);
    }
}
