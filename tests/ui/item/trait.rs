// row 79: on a trait

#[fg::handler]
pub(crate) trait Greet {}
//~ error: `#[fg::handler]` goes on an `async fn`, not on a `trait`
//~ under: trait
//~ help: put it on the function that takes the event

fn main() {}
