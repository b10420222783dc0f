// rows 42 and 44 at once

struct Reply;
struct Lost;

#[fg::handler]
async fn greet(event: String) -> Result<Reply, Lost> {
//~ error[E0277]: `Reply` cannot be the response of a FunctionGraph handler
//~ under: Reply
//~ label: cannot be written as the JSON response
//~ note: the `T` of the handler's `Result<T, E>` must implement `serde::Serialize`; for untouched bytes return `fg::RawResponse`
//~ note: for a type of this crate, add `#[derive(serde::Serialize)]` to it
//~ error[E0277]: `Lost` cannot be the error of a FunctionGraph handler
//~ under: Lost
//~ label: cannot be turned into an error response
//~ note: the `E` of the handler's `Result<T, E>` must implement `std::fmt::Display`
//~ note: use `fg::Error`, `anyhow::Error`, `Box<dyn std::error::Error>` or a `thiserror` type
    if event.is_empty() { Err(Lost) } else { Ok(Reply) }
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
