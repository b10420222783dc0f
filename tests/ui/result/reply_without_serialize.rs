// row 42: the reply's type does not implement `Serialize`

struct Reply {
    message: String,
}

#[fg::handler]
async fn greet(event: String, ctx: &fg::Context) -> Result<Reply, fg::Error> {
//~ error[E0277]: `Reply` cannot be the response of a FunctionGraph handler
//~ under: Reply
//~ label: cannot be written as the JSON response
//~ note: the `T` of the handler's `Result<T, E>` must implement `serde::Serialize`; for untouched bytes return `fg::RawResponse`
//~ note: for a type of this crate, add `#[derive(serde::Serialize)]` to it
    Ok(Reply { message: format!("{event} {}", ctx.request_id()) })
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
