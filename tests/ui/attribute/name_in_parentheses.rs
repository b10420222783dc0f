// row 87: a name in parentheses

#[fg::handler(name("greet"))]
//~ error: `name` takes a string literal, as in `name = "greet"`
//~ under: ("greet")
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
