//! An event and a response that borrow from the payload: no string is copied.
//!
//! `echo '{"customer":"Ada","note":"a \"small\" one"}' | cargo run -q --example borrowed_event`
//!
//! The fields are `Cow`, not `&str`: a string with an escape sequence, such as the note above, has
//! to be unescaped into a new string. A `Cow` copies only such strings; a plain `&str` would fail
//! on them at run time.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Order<'a> {
    #[serde(borrow)]
    customer: Cow<'a, str>,
    #[serde(borrow)]
    note: Cow<'a, str>,
}

#[derive(Serialize)]
struct Receipt<'a> {
    customer: Cow<'a, str>,
    note_was_copied: bool,
}

#[fg::handler]
async fn accept(order: Order<'_>) -> Result<Receipt<'_>, fg::Error> {
    Ok(Receipt { customer: order.customer, note_was_copied: matches!(order.note, Cow::Owned(_)) })
}

fn main() -> std::process::ExitCode {
    fg::run::<accept>()
}
