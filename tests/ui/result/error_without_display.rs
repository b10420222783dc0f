// row 44: the error's type does not implement `Display`

struct Lost;

#[fg::handler]
async fn greet(event: String, ctx: &fg::Context) -> Result<String, Lost> {
//~ error[E0277]: `Lost` cannot be the error of a FunctionGraph handler
//~ under: Lost
//~ label: cannot be turned into an error response
//~ note: the `E` of the handler's `Result<T, E>` must implement `std::fmt::Display`
//~ note: use `fg::Error`, `anyhow::Error`, `Box<dyn std::error::Error>` or a `thiserror` type
    drop((event, ctx));
    Err(Lost)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
