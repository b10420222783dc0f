// derive: an option that does not exist

#[derive(fg::ErrorCode)]
#[fg(cod = "Order.Lost")]
//~ error: unknown option `cod`
//~ under: cod
//~ help: did you mean `code`?
struct Lost;

fn main() {}
