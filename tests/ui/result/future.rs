// row 40: a `fn` that returns the future

#[fg::handler]
fn greet(event: String) -> impl Future<Output = Result<String, fg::Error>> {
//~ error: a handler returns `Result<T, E>` from an `async fn`, not `impl Future`
//~ under: impl
//~ help: write `async fn greet(..) -> Result<T, E>`
    async { Ok(event) }
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
