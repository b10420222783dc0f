// row 78: on an `unsafe impl` block

struct Greet(*const u8);

#[fg::handler]
unsafe impl Send for Greet {}
//~ error: `#[fg::handler]` goes on an `async fn`, not on an `impl`
//~ under: impl
//~ help: put it on the function that takes the event

fn main() {}
