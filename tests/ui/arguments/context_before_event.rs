// row 5: the context before the event

#[fg::handler]
async fn greet(ctx: &fg::Context, event: String) -> Result<String, fg::Error> {
//~ error: the context comes after the event
//~ under: &fg::Context
//~ help: swap the two arguments
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
