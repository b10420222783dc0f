// row 88: no value

#[fg::handler(name)]
//~ error: `name` needs a value, as in `name = "greet"`
//~ under: name
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
