// row 18: a type parameter

#[fg::handler]
async fn greet<T: serde::de::DeserializeOwned>(event: T, ctx: &fg::Context) -> Result<String, fg::Error> {
//~ error: a handler cannot be generic: nothing says what `T` is when the runtime calls it
//~ under: T: serde::de::DeserializeOwned
//~ help: write the concrete type in the arguments
    drop(event);
    Ok(ctx.request_id().to_owned())
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
