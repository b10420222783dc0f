// row 77: on a struct

#[fg::handler]
struct Greet;
//~ error: `#[fg::handler]` goes on an `async fn`, not on a `struct`
//~ under: struct
//~ help: put it on the function that takes the event

fn main() {}
