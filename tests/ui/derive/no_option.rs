// derive: no option

#[derive(fg::Failure)]
#[failure]
//~ error: `#[failure]` needs an option
//~ under: #[failure]
//~ help: write `#[failure(code = "Order.NotFound")]`
struct Lost;

fn main() {}
