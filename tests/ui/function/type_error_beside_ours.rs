// row 74: an error of ours does not hide one in the body

#[fg::handler]
async fn greet(event: String, ctx: fg::Context) -> Result<String, fg::Error> {
//~ error: the context is borrowed from the runtime
//~ under: fg::Context
//~ help: write `&fg::Context`
    let length: u8 = "a";
    //~ error[E0308]
    //~ under: "a"
    drop((length, ctx));
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
