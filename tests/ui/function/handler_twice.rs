// row 65: `#[fg::handler]` twice

#[fg::handler]
#[fg::handler]
//~ error: `#[fg::handler]` is on this function twice
//~ under: #[fg::handler]
//~ help: remove one of the two
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
