// row 77: on an enum, with documentation

/// Greets.
#[fg::handler]
enum Greet {}
//~ error: `#[fg::handler]` goes on an `async fn`, not on an `enum`
//~ under: enum
//~ help: put it on the function that takes the event

fn main() {}
