// row 82: on a `macro_rules!`

#[fg::handler]
macro_rules! greet {
//~ error: `#[fg::handler]` goes on an `async fn`, not on a `macro_rules`
//~ under: macro_rules
//~ help: put it on the function that takes the event
//~ warning[unused_macros]
//~ under: greet
    () => {};
}

fn main() {}
