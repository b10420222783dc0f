// row 82: on an `extern` block

#[fg::handler]
unsafe extern "C" {}
//~ error: `#[fg::handler]` goes on an `async fn`, not on an `extern`
//~ under: extern
//~ help: put it on the function that takes the event

fn main() {}
