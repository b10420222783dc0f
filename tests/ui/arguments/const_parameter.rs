// row 19: a const parameter

#[fg::handler]
async fn greet<const N: usize>(event: [u8; N], ctx: &fg::Context) -> Result<String, fg::Error> {
//~ error: a handler cannot have a const parameter: nothing says what `N` is when the runtime calls it
//~ under: const N: usize
//~ help: write the concrete type in the arguments
    Ok(format!("{event:?} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
