// derive: a code twice

#[derive(fg::Failure)]
#[failure(code = "Order.Lost")]
#[failure(code = "Order.Gone")]
//~ error: `code` is given twice
//~ under: code
//~ help: remove one of the two
struct Lost;

fn main() {}
