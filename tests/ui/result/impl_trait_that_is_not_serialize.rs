// row 41: `impl Trait` as a reply that cannot be written

#[fg::handler]
async fn greet(event: String) -> Result<impl std::fmt::Debug, fg::Error> {
//~ error[E0277]: `impl std::fmt::Debug` cannot be the response of a FunctionGraph handler
//~ under: impl std::fmt::Debug
//~ label: cannot be written as the JSON response
//~ note: the `T` of the handler's `Result<T, E>` must implement `serde::Serialize`; for untouched bytes return `fg::RawResponse`
//~ note: for a type of this crate, add `#[derive(serde::Serialize)]` to it
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
