// row 81: on a constant whose type has the word `fn` in it

#[fg::handler]
pub const GREET: fn() = main;
//~ error: `#[fg::handler]` goes on an `async fn`, not on a `const`
//~ under: const
//~ help: put it on the function that takes the event

fn main() {}
