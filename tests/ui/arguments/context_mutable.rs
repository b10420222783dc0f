// row 7: the context borrowed mutably

#[fg::handler]
async fn greet(event: String, ctx: &mut fg::Context) -> Result<String, fg::Error> {
//~ error: the context is shared, so it cannot be borrowed mutably
//~ under: &mut fg::Context
//~ help: write `&fg::Context`
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
