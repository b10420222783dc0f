// row 92: no `#[fg::handler]`

async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
    //~ error[E0747]
    //~ under: greet
}
