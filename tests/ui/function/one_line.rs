// row 6: nothing is said about the braces of a function in one line

#[fg::handler]
async fn greet(event: String, ctx: fg::Context) -> Result<String, fg::Error> { Ok(event) }
//~ error: the context is borrowed from the runtime
//~ under: fg::Context
//~ help: write `&fg::Context`

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
