// row 87: a number as name

#[fg::handler(name = 3)]
//~ error: `name` takes a string literal, as in `name = "greet"`
//~ under: 3
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
