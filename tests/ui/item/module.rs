// row 80: on a module

#[fg::handler]
mod greet {}
//~ error: `#[fg::handler]` goes on an `async fn`, not on a `mod`
//~ under: mod
//~ help: put it on the function that takes the event

fn main() {}
