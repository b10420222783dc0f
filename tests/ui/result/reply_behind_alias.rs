// row 46: an alias that swaps `T` and `E` is underlined whole

type Swapped<E, T> = Result<T, E>;

struct Reply;

#[fg::handler]
async fn greet(event: String) -> Swapped<fg::Error, Reply> {
//~ error[E0277]: `Reply` cannot be the response of a FunctionGraph handler
//~ under: Swapped<fg::Error, Reply>
//~ label: cannot be written as the JSON response
//~ note: the `T` of the handler's `Result<T, E>` must implement `serde::Serialize`; for untouched bytes return `fg::RawResponse`
//~ note: for a type of this crate, add `#[derive(serde::Serialize)]` to it
    drop(event);
    Ok(Reply)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
