// row 82: on a type alias

#[fg::handler]
type Greet = u8;
//~ error: `#[fg::handler]` goes on an `async fn`, not on a `type`
//~ under: type
//~ help: put it on the function that takes the event

fn main() {}
