// row 67: `#[tokio::main]` above, which has removed the `async`

#[tokio::main]
#[fg::handler]
async fn greet(event: String) -> Result<String, fg::Error> {
//~ error: a handler must be an `async fn`
//~ under: fn
//~ help: write `async fn`; or `#[fg::handler(blocking)]`, if it waits for files or computes for long. Where the source says `async`, an attribute above, such as `#[tokio::main]`, has already removed it
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
