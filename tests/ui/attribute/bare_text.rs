// row 90: a name without its key

#[fg::handler("greet")]
//~ error: expected an option
//~ under: "greet"
//~ help: write `name = "greet"`
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
