// row 74: wrong types in the body are the compiler's own errors, untouched

struct Reply {
    count: u32,
}

#[fg::handler]
async fn greet(event: String, ctx: &fg::Context) -> Result<u32, fg::Error> {
    let length: u8 = "a";
    //~ error[E0308]
    //~ under: "a"
    drop((length, ctx));
    Ok(Reply { count: event }.count)
    //~ error[E0308]
    //~ under: event
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
