// row 53: `unsafe`

#[fg::handler]
async unsafe fn greet(event: String) -> Result<String, fg::Error> {
//~ error: a handler cannot be `unsafe`: the runtime calls it from safe code
//~ under: unsafe
//~ help: put the unsafe operation in a block
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
