// row 81: on a static

#[fg::handler]
static GREET: u8 = 1;
//~ error: `#[fg::handler]` goes on an `async fn`, not on a `static`
//~ under: static
//~ help: put it on the function that takes the event

fn main() {}
