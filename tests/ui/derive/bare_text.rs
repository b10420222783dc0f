// derive: a code without its key

#[derive(fg::ErrorCode)]
#[fg("Order.Lost")]
//~ error: expected an option
//~ under: "Order.Lost"
//~ help: write `code = "Order.Lost"`
struct Lost;

fn main() {}
