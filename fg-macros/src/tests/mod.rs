//! The options and the checks, on tokens. The spans of errors are tested with the compiler.

mod properties;
mod snapshots;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::LitStr;

use crate::error_code_derive;
use crate::expand::expand;

/// The messages of all `compile_error!`s.
fn errors_in(tokens: TokenStream) -> Vec<String> {
    let mut errors = Vec::new();
    let mut in_error = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => in_error = ident == "compile_error",
            TokenTree::Group(group) if in_error => {
                errors.push(syn::parse2::<LitStr>(group.stream()).expect("a message").value());
                in_error = false;
            }
            TokenTree::Group(group) => errors.extend(errors_in(group.stream())),
            _ => {}
        }
    }
    errors
}

fn errors(attribute: TokenStream, item: TokenStream) -> Vec<String> {
    errors_in(expand(attribute, item))
}

/// The first lines of the errors of a handler with these options.
fn with_options(attribute: TokenStream) -> Vec<String> {
    first_lines(errors(
        attribute,
        quote! { async fn greet(event: Event) -> Result<Reply, fg::Error> {} },
    ))
}

/// The first lines of the errors of a handler without options.
fn with(item: TokenStream) -> Vec<String> {
    first_lines(errors(quote!(), item))
}

fn first_lines(errors: Vec<String>) -> Vec<String> {
    errors.into_iter().map(|error| error.lines().next().unwrap_or_default().to_owned()).collect()
}

fn help(errors: &[String]) -> Vec<&str> {
    errors.iter().filter_map(|error| error.split_once("\n\nhelp: ")).map(|(_, help)| help).collect()
}

#[test]
fn the_users_tokens_come_first_and_untouched() {
    let item = quote!(
        /// Greets.
        #[cfg(all())]
        pub async fn greet(event: Event, ctx: &fg::Context) -> Result<Reply, fg::Error> {
            this is $ not Rust ~ at all
        }
    );
    let expanded = expand(quote!(), item.clone()).to_string();
    assert!(expanded.starts_with(&item.to_string()));
    assert!(expanded.contains("impl __fg :: Handler for greet"));
    assert_eq!(errors(quote!(), item), [""; 0]);
}

#[test]
fn after_an_error_the_function_and_its_handle_are_still_there() {
    for item in [
        quote! { async fn greet() {} },
        quote! { unsafe fn greet<T>(event: T) -> ! {} },
        quote!(
            #[fg::handler]
            #[tokio::main]
            const fn greet(event: Event) -> Result<Reply, fg::Error> {}
        ),
    ] {
        let expanded = expand(quote!(nmae = "x"), item).to_string();
        assert!(expanded.contains("fn greet"), "{expanded}");
        assert!(expanded.contains("impl __fg :: Handler for greet"), "{expanded}");
        assert!(
            !expanded.contains("# [fg :: handler]") && !expanded.contains("# [tokio :: main]"),
            "{expanded}"
        );
    }
}

#[test]
fn nothing_stands_beside_a_function_with_self_or_without_a_body() {
    for item in [
        quote! { async fn greet(&self) -> Result<(), fg::Error> {} },
        quote! { async fn greet(event: u8) -> Result<u8, fg::Error>; },
    ] {
        let expanded = expand(quote!(), item).to_string();
        assert!(!expanded.contains("struct"), "{expanded}");
    }
}

#[test]
fn a_handler_called_main_leaves_a_main_behind() {
    let item = quote! { async fn main(event: u8) -> Result<u8, fg::Error> {} };
    assert!(expand(quote!(), item.clone()).to_string().contains("fn main () { }"));
    assert_eq!(
        with(item),
        ["a handler cannot be called `main`: that is the program's entry point"]
    );
}

#[test]
fn all_options_are_read() {
    let item = quote! { fn greet(event: Event, db: &Db) -> Result<Reply, fg::Error> {} };
    let attribute = quote!(
        name = "shop.greet",
        blocking,
        init = db::connect::<A, B>,
        pre_stop = <Db as Stop>::stop,
        crate = a::fg,
    );
    let expanded = expand(attribute.clone(), item.clone()).to_string();
    assert_eq!(errors(attribute, item), [""; 0]);
    for part in [
        "\"shop.greet\"",
        "BLOCKING : :: core :: primitive :: bool = true",
        "Argument < Db ,",
        "use a :: fg :: contract as __fg",
    ] {
        assert!(expanded.contains(part), "{part} in {expanded}");
    }
}

#[test]
fn a_wrong_option_is_named_and_the_others_are_still_read() {
    assert_eq!(
        with_options(
            quote!(nmae = "x", timeout = 3, name = 3, init = "connect", crate, blocking = true, "greet", = 3)
        ),
        [
            "unknown option `nmae`",
            "unknown option `timeout`",
            "`name` takes a string literal, as in `name = \"greet\"`",
            "`init` takes the path of a function, as in `init = connect`",
            "`crate` needs a value, as in `crate = fg`",
            "`blocking` takes no value: write `blocking`",
            "expected an option",
            "expected an option",
        ]
    );
    assert_eq!(with_options(quote!(name = "x", name = "y")), ["`name` is given twice"]);
    assert_eq!(
        with_options(quote!(name("x"))),
        ["`name` takes a string literal, as in `name = \"greet\"`"]
    );
    assert_eq!(
        with_options(quote!(name = )),
        ["`name` takes a string literal, as in `name = \"greet\"`"]
    );
    assert_eq!(
        with_options(quote!(name = "x" "y")),
        ["`name` takes a string literal, as in `name = \"greet\"`"]
    );
    assert_eq!(with_options(quote!(crate = "a b")), ["`crate` takes a path, as in `crate = fg`"]);
}

#[test]
fn a_mistyped_option_is_not_reported_as_a_missing_one_too() {
    let blocking =
        errors(quote!(blokcing), quote! { fn greet(event: Event) -> Result<Reply, fg::Error> {} });
    assert_eq!(first_lines(blocking), ["unknown option `blokcing`"]);
    let init = errors(
        quote!(inti = connect),
        quote! { async fn greet(event: Event, db: &Db) -> Result<Reply, fg::Error> {} },
    );
    assert_eq!(first_lines(init), ["unknown option `inti`"]);
}

#[test]
fn the_help_for_an_unknown_option_is_the_nearest_one_or_all() {
    let item = quote! { async fn greet(event: Event) -> Result<Reply, fg::Error> {} };
    let errors = errors(quote!(nmae = "x", prestop = y, timeout = 3, "greet"), item);
    assert_eq!(
        help(&errors),
        [
            "did you mean `name`?",
            "did you mean `pre_stop`?",
            "the options are `name = \"greet\"`, `blocking`, `init = connect`, `pre_stop = drain`, `crate = fg`",
            "write `name = \"greet\"`",
        ]
    );
}

#[test]
fn a_name_is_what_the_platform_can_ask_for() {
    for name in ["greet", "shop.greet-2", "A_b"] {
        assert_eq!(with_options(quote!(name = #name)), [""; 0]);
    }
    for name in ["", "a/b", "gr\u{fc}\u{df}e", "a b"] {
        assert_eq!(with_options(quote!(name = #name)).len(), 1, "{name}");
    }
    let long = "a".repeat(129);
    assert_eq!(
        with_options(quote!(name = #long)),
        [
            "the name of a handler is 1 to 128 of the letters a to z and A to Z, digits, `_`, `-` and `.`"
        ]
    );
}

#[test]
fn a_mistake_is_seen_however_it_is_spelled() {
    let cases = [
        (
            quote! { async fn g(self: Box<Self>) -> R {} },
            "a handler is a free function and cannot take `self`",
        ),
        (
            quote! { #[handler] async fn g(event: Event) -> R {} },
            "`#[fg::handler]` is on this function twice",
        ),
        (
            quote! { #[::fg::handler] async fn g(event: Event) -> R {} },
            "`#[fg::handler]` is on this function twice",
        ),
        (
            quote! { #[actix_web::main] async fn g(event: Event) -> R {} },
            "a handler runs on the runtime that `fg::run` starts",
        ),
        (
            quote! { async fn g(event: Event, ctx: (Context)) -> R {} },
            "the context is borrowed from the runtime",
        ),
        (
            quote! { async fn g(event: Event) -> (impl Copy) {} },
            "a handler must return `Result<T, E>`",
        ),
        (quote! { something!(); }, "`#[fg::handler]` goes on an `async fn`, not on a `something`"),
    ];
    for (item, message) in cases {
        assert_eq!(with(item.clone()), [message], "{item}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let item =
        quote! { const unsafe extern "C" fn g<T>(ctx: &Context, #[cfg(a)] event: impl Copy) {} };
    assert_eq!(with(item).len(), 8);
    assert_eq!(errors(quote!(), quote!()).len(), 1);
}

#[test]
fn the_state_is_the_last_argument_and_a_reference() {
    let state_error = |item| first_lines(errors(quote!(init = connect), item));
    for item in [
        quote! { async fn g(event: Event) -> R {} },
        quote! { async fn g(event: Event, ctx: &Context) -> R {} },
        quote! { async fn g(event: Event, db: &Db) -> R {} },
        quote! { async fn g<'e>(event: &'e str, ctx: &'e Context, db: &'e Db) -> R {} },
        quote! { async fn g(event: Event, ctx: &Context, again: &Context, db: &(Db)) -> R {} },
        quote! { async fn g(event: Event, db: &Box<dyn for<'x> Fn(&'x u8, &'_ u8) -> Db<'static>>) -> R {} },
    ] {
        assert_eq!(state_error(item.clone()), [""; 0], "{item}");
    }
    let cases = [
        (
            quote! { async fn g(event: Event, ctx: &Context, db: Db) -> R {} },
            "the state is made once and lent to every call, so the handler takes a reference to it",
        ),
        (
            quote! { async fn g(event: Event, ctx: &Context, db: &mut Db) -> R {} },
            "the state is shared, so it cannot be borrowed mutably",
        ),
        (
            quote! { async fn g(event: Event, ctx: &mut Context) -> R {} },
            "the context is shared, so it cannot be borrowed mutably",
        ),
        (
            quote! { async fn g(event: Event, ctx: Context) -> R {} },
            "the context is borrowed from the runtime",
        ),
        (
            quote! { async fn g(event: Event, db: &dyn Db) -> R {} },
            "the state needs a type of known size",
        ),
        (
            quote! { async fn g(event: Event, db: &(dyn Db + Send)) -> R {} },
            "the state needs a type of known size",
        ),
        (
            quote! { async fn g(event: Event, db: &[Db]) -> R {} },
            "the state needs a type of known size",
        ),
        (
            quote! { async fn g<'e>(event: &'e str, db: &(Db<'e>, u8)) -> R {} },
            "the state outlives every call, so it cannot borrow from one",
        ),
    ];
    for (item, message) in cases {
        assert_eq!(state_error(item.clone()), [message], "{item}");
    }
}

#[test]
fn the_help_is_written_with_the_users_own_spelling() {
    let help_for = |attribute, item| {
        help(&errors(attribute, item)).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        help_for(quote!(), quote! { async fn g(e: E, ctx: my::fg::Context) -> R {} }),
        ["write `&my::fg::Context`"]
    );
    assert_eq!(
        help_for(quote!(init = i), quote! { async fn g(e: E, c: &C, db: Arc<a::Db>) -> R {} }),
        ["write `&Arc<a::Db>`"]
    );
    assert_eq!(
        help_for(quote!(), quote! { async fn g(cx: &fg::Context) -> R {} }),
        ["write `(_: fg::Ignored, ctx: &fg::Context)` to ignore the payload"]
    );
}

#[test]
fn only_the_functions_own_lifetimes_are_replaced() {
    let item = quote! { async fn g<'e>(event: Event<'e, 'static, dyn for<'x> Fn(&'x (u8, &'e str))>) -> R {} };
    let expanded = expand(quote!(), item).to_string();
    assert!(
        expanded.contains("Event < '_ , 'static , dyn for < 'x > Fn (& 'x (u8 , & '_ str)) > as"),
        "{expanded}"
    );
}

#[test]
fn the_derive_reports_all_mistakes_at_once() {
    let item = quote! {
        #[fg(code = 3)]
        enum E {
            #[fg(code = 4)]
            A,
            #[fg]
            B,
        }
    };
    assert_eq!(errors_in(error_code_derive::expand(item)).len(), 3);
}
