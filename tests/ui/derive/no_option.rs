// derive: no option

#[derive(fg::ErrorCode)]
#[fg]
//~ error: `#[fg]` needs an option
//~ under: #[fg]
//~ help: write `#[fg(code = "Order.NotFound")]`
struct Lost;

fn main() {}
