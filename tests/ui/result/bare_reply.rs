// row 37: the reply, not in a `Result`

#[fg::handler]
async fn greet(event: String, ctx: &fg::Context) -> String {
//~ error[E0277]: a FunctionGraph handler must return `Result<T, E>`, not `String`
//~ under: String
//~ label: expected a `Result`
//~ note: write `-> Result<String, fg::Error>` and end the function with `Ok(..)`
    format!("{event} {}", ctx.request_id())
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
