// row 66: `#[tokio::main]` below

#[fg::handler]
#[tokio::main]
//~ error: a handler runs on the runtime that `fg::run` starts
//~ under: #[tokio::main]
//~ help: remove this attribute
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
