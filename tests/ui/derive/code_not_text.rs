// derive: a number as code

#[derive(fg::ErrorCode)]
#[fg(code = 3)]
//~ error: `code` takes a string literal, as in `code = "Order.NotFound"`
//~ under: 3
struct Lost;

fn main() {}
