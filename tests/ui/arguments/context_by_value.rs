// row 6: the context by value

#[fg::handler]
async fn greet(event: String, ctx: fg::Context) -> Result<String, fg::Error> {
//~ error: the context is borrowed from the runtime
//~ under: fg::Context
//~ help: write `&fg::Context`
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
