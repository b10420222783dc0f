// row 4: the context, but no event

#[fg::handler]
async fn greet(ctx: &fg::Context) -> Result<String, fg::Error> {
//~ error: the first argument of a handler is the event
//~ under: &fg::Context
//~ help: write `(_: fg::Ignored, ctx: &fg::Context)` to ignore the payload
    Ok(ctx.request_id().to_owned())
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
