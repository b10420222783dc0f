// derive: a code twice

#[derive(fg::ErrorCode)]
#[fg(code = "Order.Lost")]
#[fg(code = "Order.Gone")]
//~ error: `code` is given twice
//~ under: code
//~ help: remove one of the two
struct Lost;

fn main() {}
