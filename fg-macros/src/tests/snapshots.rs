//! The expansions of the macros, one file for each form of the attribute, in `fg-macros/snapshots`.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p fg-macros` overwrites the files; then read the difference.

use std::path::Path;

use proc_macro2::TokenStream;
use quote::quote;

use crate::spans::spelled;
use crate::{error_code_derive, expand};

/// Compares with the file of this name, which has the attribute, the user's item and the generated
/// code.
fn compare(name: &str, attribute: &str, expanded: TokenStream) {
    let file = syn::parse2(expanded).expect("the expansion is a file of items");
    let text = format!("// {attribute}\n\n{}", prettyplease::unparse(&file));
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(name).with_extension("rs");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, text).expect("the snapshot can be written");
    } else {
        let before = std::fs::read_to_string(&path)
            .expect("the snapshot is there; UPDATE_SNAPSHOTS=1 writes it");
        assert!(
            before == text,
            "{} differs. UPDATE_SNAPSHOTS=1 overwrites it. It is now:\n{text}",
            path.display()
        );
    }
}

fn handler(name: &str, attribute: TokenStream, item: TokenStream) {
    let options =
        if attribute.is_empty() { String::new() } else { format!("({})", spelled(&attribute)) };
    compare(name, &format!("#[fg::handler{options}]"), expand::expand(attribute, item));
}

#[test]
fn the_event_alone() {
    let item = quote! {
        async fn greet(event: Greeting) -> Result<Reply, fg::Error> {
            Ok(Reply::to(event))
        }
    };
    handler("event", quote!(), item);
}

#[test]
fn the_context_documentation_cfg_and_visibility() {
    let item = quote! {
        /// Greets.
        #[cfg(feature = "shop")]
        #[deprecated]
        pub(crate) async fn greet(Greeting { name }: Greeting, ctx: &fg::Context) -> anyhow::Result<Reply> {
            Ok(Reply::to(name, ctx))
        }
    };
    handler("context", quote!(), item);
}

#[test]
fn the_functions_own_lifetimes() {
    let item = quote! {
        async fn greet<'e>(event: Greeting<'e>, ctx: &'e fg::Context) -> Result<Reply<'e>, fg::Error> {
            Ok(Reply::to(event, ctx))
        }
    };
    handler("lifetimes", quote!(), item);
}

#[test]
fn init_and_pre_stop() {
    let item = quote! {
        async fn greet(event: Greeting, ctx: &fg::Context, db: &Db) -> Result<Reply, fg::Error> {
            Ok(db.greet(event, ctx))
        }
    };
    handler("state", quote!(init = shop::connect, pre_stop = disconnect), item);
}

#[test]
fn name_and_blocking() {
    let item = quote! {
        fn greet(event: Greeting) -> Result<Reply, fg::Error> {
            Ok(Reply::to(event))
        }
    };
    handler("blocking", quote!(name = "shop.greet", blocking), item);
}

#[test]
fn another_name_of_the_crate() {
    let item = quote! {
        async fn greet(event: Greeting) -> Result<Reply, faas::Error> {
            Ok(Reply::to(event))
        }
    };
    handler("crate", quote!(crate = faas), item);
}

#[test]
fn after_an_error() {
    let item = quote! {
        async fn greet(event: Greeting, ctx: fg::Context) -> Result<Reply, fg::Error> {
            Ok(Reply::to(event))
        }
    };
    handler("error", quote!(), item);
}

#[test]
fn the_derive() {
    let item = quote! {
        #[fg(code = "Order.Failed")]
        enum OrderError<T> {
            #[fg(code = "Order.NotFound")]
            NotFound(T),
            Closed,
        }
    };
    compare("error_code", "#[derive(fg::ErrorCode)]", error_code_derive::expand(item));
}
