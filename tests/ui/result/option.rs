// row 38: an `Option`

#[fg::handler]
async fn greet(event: String, ctx: &fg::Context) -> Option<String> {
//~ error[E0277]: a FunctionGraph handler must return `Result<T, E>`, not `Option<String>`
//~ under: Option<String>
//~ label: expected a `Result`
//~ note: write `-> Result<Option<String>, fg::Error>` and end the function with `Ok(..)`
    Some(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
