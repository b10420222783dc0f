// row 52: `async` with `blocking`

#[fg::handler(blocking)]
async fn greet(event: String) -> Result<String, fg::Error> {
//~ error: `blocking` is for a handler that is not `async`
//~ under: async
//~ help: remove one of the two
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
