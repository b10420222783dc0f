// derive: a code on a field

#[derive(fg::ErrorCode)]
struct Lost {
    #[fg(code = "Order.Lost")]
    //~ error: `#[fg(..)]` goes on the type or on a variant, not on a field
    //~ under: #[fg(code = "Order.Lost")]
    order: u8,
}

fn main() {}
