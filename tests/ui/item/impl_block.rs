// row 78: on an `impl` block

struct Greet;

#[fg::handler]
impl Greet {}
//~ error: `#[fg::handler]` goes on an `async fn`, not on an `impl`
//~ under: impl
//~ help: put it on the function that takes the event

fn main() {}
