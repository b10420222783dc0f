// row 91: an empty name

#[fg::handler(name = "")]
//~ error: the name of a handler is 1 to 128 of the letters a to z and A to Z, digits, `_`, `-` and `.`
//~ under: ""
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
