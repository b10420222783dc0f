// derive: a code on a field

#[derive(fg::Failure)]
struct Lost {
    #[failure(code = "Order.Lost")]
    //~ error: `#[failure(..)]` goes on the type or on a variant, not on a field
    //~ under: #[failure(code = "Order.Lost")]
    order: u8,
}

fn main() {}
