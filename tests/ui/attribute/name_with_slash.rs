// row 91: a name that the platform cannot ask for

#[fg::handler(name = "shop/greet")]
//~ error: the name of a handler is 1 to 128 of the letters a to z and A to Z, digits, `_`, `-` and `.`
//~ under: "shop/greet"
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
