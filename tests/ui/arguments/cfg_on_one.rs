// row 16: `#[cfg]` on one argument

#[fg::handler]
async fn greet(event: String, #[cfg(not(test))] ctx: &fg::Context) -> Result<String, fg::Error> {
//~ error: `#[cfg]` is not supported on one argument of a handler
//~ under: #[cfg(not(test))]
//~ help: put it on the whole function
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
