// row 88: a value not typed yet

#[fg::handler(name = )]
//~ error: `name` takes a string literal, as in `name = "greet"`
//~ under: =
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
