// row 46: an alias that hides the error's type

type Answer<T> = Result<T, Lost>;

struct Lost;

#[fg::handler]
async fn greet(event: String) -> Answer<String> {
//~ error[E0277]: `Lost` cannot be the error of a FunctionGraph handler
//~ under: Answer<String>
//~ label: cannot be turned into an error response
//~ note: the `E` of the handler's `Result<T, E>` must implement `std::fmt::Display`
//~ note: use `fg::Error`, `anyhow::Error`, `Box<dyn std::error::Error>` or a `thiserror` type
    if event.is_empty() { Err(Lost) } else { Ok(event) }
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
