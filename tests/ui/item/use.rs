// row 82: on a `use`

#[fg::handler]
use std::fmt;
//~ error: `#[fg::handler]` goes on an `async fn`, not on a `use`
//~ under: use
//~ help: put it on the function that takes the event
//~ warning[unused_imports]
//~ under: std::fmt

fn main() {}
